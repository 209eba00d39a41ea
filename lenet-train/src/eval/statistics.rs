//! Mean, standard deviation and confidence intervals: of a few runs, and of the images that they were tested on.
//!
//! An accuracy has two confidence intervals. That of Student's t over several seeds is for the mean of more seeds on the same
//! test images. The score interval of the binomial distribution (Wilson, 1927,
//! <https://doi.org/10.1080/01621459.1927.10502953>) is for the accuracy on other images of the same kind, because the test
//! images are a sample too.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use std::fmt;

/// The probability below the upper end of a two-sided 95 % interval.
const UPPER_END: f64 = 0.975;

/// Mean and spread of a few numbers, such as the accuracies of several runs. They are displayed in %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the sample, with n - 1 in the denominator. `None` for a single number.
    pub deviation: Option<f64>,
    /// The 95 % confidence interval of the mean, by Student's t distribution. `None` for a single number.
    pub student_t_interval_95: Option<(f64, f64)>,
}

impl Statistics {
    /// Computes the statistics of `values`.
    ///
    /// # Panics
    ///
    /// Panics if there are no values.
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "statistics of nothing");
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if values.len() == 1 {
            return Self { mean, deviation: None, student_t_interval_95: None };
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        let reach = t_95(count - 1.0) * deviation / count.sqrt();
        let interval = (mean - reach, mean + reach);
        Self { mean, deviation: Some(deviation), student_t_interval_95: Some(interval) }
    }
}

/// Returns the two-sided 95 % quantile of Student's t distribution with `freedom` degrees of freedom, 1 or more.
fn t_95(freedom: f64) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom).expect("a degree of freedom");
    t.inverse_cdf(UPPER_END)
}

/// Returns Wilson's 95 % score interval of a probability, 0 to 1, of which `fraction` was found in `count` trials.
///
/// # Panics
///
/// Panics if `count` is 0.
pub fn wilson_interval_95(fraction: f64, count: usize) -> (f64, f64) {
    assert!(count > 0, "an interval of no trials");
    let z = Normal::new(0.0, 1.0).expect("a standard normal distribution").inverse_cdf(UPPER_END);
    let count = count as f64;
    let share = z * z / count;
    let center = (fraction + share / 2.0) / (1.0 + share);
    let reach = z * ((fraction * (1.0 - fraction) + share / 4.0) / count).sqrt() / (1.0 + share);
    ((center - reach).max(0.0), (center + reach).min(1.0))
}

/// Explains the two intervals of an accuracy on `images` test images.
pub fn explain_intervals(images: usize) -> String {
    format!(
        "95 % interval (Student's t over the seeds): where the mean of further seeds lies on these very test images\n\
         Wilson (95 % too): how far accuracy on other images of the same kind may be from that on these {images}"
    )
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mean {:.3} %", 100.0 * self.mean)?;
        if let (Some(deviation), Some((low, high))) = (self.deviation, self.student_t_interval_95) {
            let [deviation, low, high] = [deviation, low, high].map(|value| 100.0 * value);
            write!(f, ", standard deviation {deviation:.3} %, 95 % interval {low:.3} to {high:.3} %")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_values_have_their_mean_deviation_and_interval() {
        let statistics = Statistics::of(&[0.991, 0.992, 0.993, 0.994, 0.995]);
        let deviation = 0.001 * 2.5_f64.sqrt();
        let reach = 2.776_445_105 * deviation / 5_f64.sqrt();
        let (low, high) = statistics.student_t_interval_95.unwrap();
        assert!((statistics.mean - 0.993).abs() < 1e-12);
        assert!((statistics.deviation.unwrap() - deviation).abs() < 1e-12);
        assert!((low - (0.993 - reach)).abs() < 1e-11 && (high - (0.993 + reach)).abs() < 1e-11);
        let expected = "mean 99.300 %, standard deviation 0.158 %, 95 % interval 99.104 to 99.496 %";
        assert_eq!(statistics.to_string(), expected);
    }

    #[test]
    fn a_single_value_has_no_spread() {
        let statistics = Statistics::of(&[0.99]);
        assert_eq!((statistics.deviation, statistics.student_t_interval_95), (None, None));
        assert_eq!(statistics.to_string(), "mean 99.000 %");
    }

    #[test]
    fn quantiles_of_students_t_are_those_of_the_tables() {
        for (freedom, tabulated) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (10, 2.228),
            (30, 2.042),
            (31, 2.040),
            (40, 2.021),
            (50, 2.009),
            (60, 2.000),
            (80, 1.990),
            (100, 1.984),
            (120, 1.980),
            (1_000, 1.962),
            (65_534, 1.960),
        ] {
            let t = t_95(f64::from(freedom));
            assert!((t - tabulated).abs() <= 0.000_501, "{freedom}: {t} {tabulated}");
        }
    }

    #[test]
    fn more_values_than_tables_list_still_use_students_t() {
        let values: Vec<f64> = (0..32).map(|index| f64::from(index % 2)).collect();
        let Statistics { deviation, student_t_interval_95: interval, .. } = Statistics::of(&values);
        let reach = 2.039_513 * deviation.unwrap() / 32_f64.sqrt();
        assert!((interval.unwrap().1 - 0.5 - reach).abs() < 1e-6);
    }

    #[test]
    fn wilson_intervals_are_those_that_newcombe_published() {
        // Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
        for (successes, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson_interval_95(f64::from(successes) / f64::from(trials), trials as usize);
            assert!((found.0 - low).abs() <= 0.000_05, "{successes} of {trials}: {found:?}");
            assert!((found.1 - high).abs() <= 0.000_05, "{successes} of {trials}: {found:?}");
        }
    }

    #[test]
    fn a_wilson_interval_is_mirrored_and_stays_within_0_to_1() {
        for (fraction, count) in [(0.0, 1), (0.25, 7), (0.993, 10_000), (0.5, 60_000)] {
            let (low, high) = wilson_interval_95(fraction, count);
            let (mirrored_low, mirrored_high) = wilson_interval_95(1.0 - fraction, count);
            assert!((low + mirrored_high - 1.0).abs() < 1e-12 && (high + mirrored_low - 1.0).abs() < 1e-12);
            assert!(0.0 <= low && low <= fraction && fraction <= high && high <= 1.0);
        }
        assert_eq!(wilson_interval_95(1.0, 50).1, 1.0);
    }
}
