//! Numbers and classes as people read them, progress, and errors.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use lenet_infer::Metadata;
use lenet_infer::host::evaluation::CONFIDENCE_STEPS;

/// What failed when the output cannot be written.
pub(crate) const STDOUT: &str = "cannot write to the standard output: is the disk full?";

/// Prints the error and its causes on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    // Nothing is left to tell it to if the standard error is closed.
    let _ = writeln!(io::stderr(), "error: {error:#}");
}

/// A bar that counts images, on the standard error, and only if that is a terminal.
pub(crate) fn progress_bar(images: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} images")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64).with_style(style)
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A fraction, 0 to 1, in percent.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

/// A confidence as the odds of a class against the runner-up.
pub(crate) fn odds(confidence: u16) -> String {
    let odds = (f64::from(confidence) / CONFIDENCE_STEPS).exp();
    if odds < 10.0 {
        format!("{odds:.1} to 1")
    } else if odds < 1e6 {
        format!("{} to 1", thousands(odds.round() as u64))
    } else {
        "over a million to 1".to_owned()
    }
}

/// The name that the model has for a class, else its number.
pub(crate) fn class_name(metadata: &Metadata<'_>, class: usize) -> String {
    metadata.class_name(class as u8).map_or_else(|| class.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (45_926, "45,926"), (1_234_567, "1,234,567")];
        for (number, expected) in cases {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn a_fraction_is_shown_in_percent() {
        assert_eq!(percent(0.9931), "99.31 %");
    }

    #[test]
    fn confidence_is_told_in_odds() {
        assert_eq!([0, 768, 1_768].map(odds), ["1.0 to 1", "20 to 1", "998 to 1"]);
        assert_eq!(odds(u16::MAX), "over a million to 1");
    }
}
