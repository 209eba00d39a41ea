//! Words and numbers as the page shows them.

/// Stands for a figure that does not exist, such as the recall of a class without images.
pub(super) const NONE: &str = "–";

/// Whether a class has a name longer than a digit, which needs more room.
pub(super) fn has_long_names(classes: &[String]) -> bool {
    classes.iter().any(|name| name.chars().nth(1).is_some())
}

/// The data set's name as a heading spells it.
pub(super) fn dataset_title(dataset: &str) -> &str {
    match dataset {
        "mnist" => "MNIST",
        "fashion-mnist" => "Fashion-MNIST",
        other => other,
    }
}

/// A count with its thousands set apart: `60,000`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// As [`count`], for lengths.
pub(super) fn size(value: usize) -> String {
    count(value as u64)
}

/// A fraction from 0 to 1 as a percentage with `decimals` decimals.
pub(super) fn percent(fraction: f64, decimals: usize) -> String {
    if fraction.is_finite() { format!("{:.decimals$} %", fraction * 100.0) } else { NONE.into() }
}

/// A small fraction as a percentage with two significant digits, so that rare events do not read as never.
pub(super) fn rare_percent(fraction: f64) -> String {
    let percentage = fraction * 100.0;
    if !percentage.is_finite() {
        NONE.into()
    } else if percentage <= 0.0 {
        "0 %".into()
    } else if percentage < 0.0001 {
        "less than 0.0001 %".into()
    } else {
        let decimals = (1.0 - percentage.log10().floor()).clamp(0.0, 5.0) as usize;
        format!("{percentage:.decimals$} %")
    }
}

/// Four decimals, or [`NONE`] when there is no such number.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.4}") } else { NONE.into() }
}

/// A duration in the two largest units that matter.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NONE.into();
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Two decimals and always a sign, which is a true minus sign; [`NONE`] when there is no such number.
pub(super) fn signed(value: f64) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let magnitude = format!("{:.2}", value.abs());
    match magnitude.as_str() {
        "0.00" => "0.00".into(),
        _ if value < 0.0 => format!("−{magnitude}"),
        _ => format!("+{magnitude}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_carries_its_sign() {
        let shown = [-0.03, -0.001, 0.0, 0.02, f64::NAN].map(signed);
        assert_eq!(shown, ["−0.03", "0.00", "0.00", "+0.02", NONE]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 999, 1_000, 60_000, 1_234_567].map(count),
            ["0", "999", "1,000", "60,000", "1,234,567"]
        );
    }

    #[test]
    fn rare_events_keep_two_significant_digits() {
        let shown = [0.0, 1e-7, 0.000_012, 0.001_34, 0.25, 1.0, f64::NAN].map(rare_percent);
        assert_eq!(shown, ["0 %", "less than 0.0001 %", "0.0012 %", "0.13 %", "25 %", "100 %", NONE]);
    }

    #[test]
    fn durations_use_the_two_largest_units() {
        let shown = [3.25, 59.99, 402.4, 3_725.0].map(duration);
        assert_eq!(shown, ["3.2 s", "1 min 0 s", "6 min 42 s", "1 h 2 min"]);
    }
}
