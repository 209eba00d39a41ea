//! Axes with round ticks.

/// One axis of a chart. A position is a value after the axis's scale, such as its logarithm; a tick's label is the value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// Position of the axis's start.
    pub(super) from: f64,
    /// Position of the axis's end; larger than `from`.
    pub(super) to: f64,
    /// Position and label of each tick, in order.
    pub(super) ticks: Vec<(f64, String)>,
}

/// Losses below this are drawn at it.
const LEAST_LOSS: f64 = 1e-6;

/// Accuracies that an axis may end on, in percent. They are about evenly spaced when the error is drawn on a log scale.
const ACCURACIES: [f64; 14] =
    [0.0, 50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99, 99.995];

impl Axis {
    /// Epochs 1 to `last`, with half an epoch of room at both ends.
    pub(super) fn epochs(last: u32) -> Self {
        let step = round_step(f64::from(last) / 10.0).max(1.0) as u32;
        let first = if step > 2 { vec![1] } else { vec![] };
        let ticks = first.into_iter().chain((step..=last).step_by(step as usize));
        Self {
            from: 0.5,
            to: f64::from(last) + 0.5,
            ticks: ticks.map(|epoch| (f64::from(epoch), epoch.to_string())).collect(),
        }
    }

    /// The ticks of a log scale that enclose `losses`; see [`loss_position`].
    pub(super) fn losses(losses: &[f64]) -> Self {
        let candidates: Vec<f64> =
            (-6..9).flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(decade))).collect();
        let mut axis = Self::enclosing(losses, &candidates, loss_position, |tick| format!("{tick}"));
        if axis.ticks.len() > 10 {
            axis.ticks.retain(|(position, _)| position.fract().abs() < 1e-9);
        }
        axis
    }

    /// Round accuracies, labeled in percent, that enclose `accuracies`, which are fractions; see [`accuracy_position`].
    pub(super) fn accuracies(accuracies: &[f64]) -> Self {
        let candidates = ACCURACIES.map(|percentage| percentage / 100.0);
        // Two more decimals than a candidate has hide the division's rounding.
        let label = |accuracy: f64| format!("{}", (accuracy * 1e7).round() / 1e5);
        Self::enclosing(accuracies, &candidates, accuracy_position, label)
    }

    /// 0 to at least `max` in round steps.
    pub(super) fn counts(max: u64) -> Self {
        let step = round_step(max as f64 / 4.0).max(1.0);
        let steps = (max as f64 / step).ceil().max(1.0) as u64;
        let ticks = (0..=steps).map(|index| index * step as u64);
        Self {
            from: 0.0,
            to: (steps * step as u64) as f64,
            ticks: ticks.map(|count| (count as f64, short_count(count))).collect(),
        }
    }

    /// Powers of ten up to at least `max`; see [`log_count_position`].
    pub(super) fn log_counts(max: u64) -> Self {
        let decades = (max as f64).log10().ceil().max(1.0) as u32;
        let step = decades.div_ceil(5) as usize;
        let ticks = (0..=decades).step_by(step);
        Self {
            from: log_count_position(0),
            to: f64::from(decades),
            ticks: ticks.map(|decade| (f64::from(decade), short_count(10u64.pow(decade)))).collect(),
        }
    }

    /// `from` to `to` as they are, with round ticks between.
    pub(super) fn linear(from: f64, to: f64) -> Self {
        let step = round_step((to - from) / 6.0);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let ticks =
            ((from / step).ceil() as i64..=(to / step).floor() as i64).map(|index| index as f64 * step);
        Self {
            from,
            to,
            ticks: ticks.map(|tick| (tick, format!("{tick:.decimals$}").replace('-', "−"))).collect(),
        }
    }

    /// The label of the tick at exactly `position`, or nothing.
    pub(super) fn label(&self, position: f64) -> &str {
        self.ticks.iter().find(|tick| tick.0 == position).map_or("", |(_, label)| label)
    }

    /// The shortest run of at least two `candidates`, which rise, that encloses every finite value.
    fn enclosing(
        values: &[f64],
        candidates: &[f64],
        position: impl Fn(f64) -> f64,
        label: impl Fn(f64) -> String,
    ) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (least, most) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
        let end = candidates.iter().position(|&tick| tick >= most).unwrap_or(candidates.len() - 1).max(1);
        let start = candidates.iter().rposition(|&tick| tick <= least).unwrap_or(0).min(end - 1);
        let ticks: Vec<_> =
            candidates[start..=end].iter().map(|&tick| (position(tick), label(tick))).collect();
        Self { from: position(candidates[start]), to: position(candidates[end]), ticks }
    }
}

/// Log scale, as the loss falls by orders of magnitude.
pub(super) fn loss_position(loss: f64) -> f64 {
    loss.max(LEAST_LOSS).log10()
}

/// Log scale of the error: 97 to 99.5 % gets as much room as the climb out of chance.
pub(super) fn accuracy_position(accuracy: f64) -> f64 {
    let least_error = 1.0 - ACCURACIES[ACCURACIES.len() - 1] / 100.0;
    -(1.0 - accuracy).max(least_error).log10()
}

/// Log scale with 0 half a decade below 1, so that a single occurrence shows.
pub(super) fn log_count_position(count: u64) -> f64 {
    if count == 0 { -0.5 } else { (count as f64).log10() }
}

/// The smallest of 1, 2, 5, 10, 20, ... (or 0.5, 0.2, ...) that is `least` or more.
fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let decade = 10f64.powf(least.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * decade >= least * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * decade
}

fn short_count(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{} k", count as f64 / 1e3),
        _ => format!("{} M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn every_epoch_count_gets_readable_ticks() {
        assert_eq!(labels(&Axis::epochs(1)), ["1"]);
        assert_eq!(labels(&Axis::epochs(21)), ["1", "5", "10", "15", "20"]);
        assert_eq!(labels(&Axis::epochs(12)), ["2", "4", "6", "8", "10", "12"]);
    }

    #[test]
    fn the_accuracy_axis_ends_on_round_accuracies() {
        let axis = Axis::accuracies(&[0.971, 0.9931, 0.9968]);
        assert_eq!(labels(&axis), ["95", "98", "99", "99.5", "99.8"]);
        assert_eq!(labels(&Axis::accuracies(&[1.0])), ["99.99", "99.995"]);
        assert_eq!(labels(&Axis::accuracies(&[0.0])), ["0", "50"]);
    }

    #[test]
    fn the_loss_axis_encloses_the_losses_it_can_draw() {
        assert_eq!(labels(&Axis::losses(&[0.3, f64::NAN, 0.04])), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(&Axis::losses(&[2.3, 0.0004])), ["0.001", "0.01", "0.1", "1"]);
        assert!(Axis::losses(&[]).from < Axis::losses(&[]).to);
    }

    #[test]
    fn counts_start_at_nothing() {
        assert_eq!(labels(&Axis::counts(37)), ["0", "10", "20", "30", "40"]);
        assert_eq!(labels(&Axis::counts(0)), ["0", "1"]);
        assert_eq!(labels(&Axis::log_counts(3_000_000)), ["1", "100", "10 k", "1 M"]);
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&Axis::linear(-0.42, 0.42)), ["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
    }
}
