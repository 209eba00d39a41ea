//! Mean, standard deviation and confidence interval of a few accuracies.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::fmt;

/// Of accuracies, which are fractions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of the sample (n - 1); `None` for one alone.
    pub deviation: Option<f64>,
    /// The interval that holds the mean of all seeds with 95 % confidence, by Student's t; `None` for one alone.
    pub interval: Option<(f64, f64)>,
}

impl Statistics {
    /// Statistics of `values`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "statistics of nothing");
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if values.len() == 1 {
            return Self { mean, deviation: None, interval: None };
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0)).sqrt();
        let reach = t_95(count - 1.0) * deviation / count.sqrt();
        Self { mean, deviation: Some(deviation), interval: Some((mean - reach, mean + reach)) }
    }
}

/// The two-sided 95 % quantile of Student's t distribution with so many degrees of freedom, 1 or more.
fn t_95(freedom: f64) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom).expect("a degree of freedom");
    t.inverse_cdf(0.975)
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mean {:.3} %", 100.0 * self.mean)?;
        if let (Some(deviation), Some((low, high))) = (self.deviation, self.interval) {
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
        let (low, high) = statistics.interval.unwrap();
        assert!((statistics.mean - 0.993).abs() < 1e-12);
        assert!((statistics.deviation.unwrap() - deviation).abs() < 1e-12);
        assert!((low - (0.993 - reach)).abs() < 1e-11 && (high - (0.993 + reach)).abs() < 1e-11);
        let expected = "mean 99.300 %, standard deviation 0.158 %, 95 % interval 99.104 to 99.496 %";
        assert_eq!(statistics.to_string(), expected);
    }

    #[test]
    fn a_single_value_has_no_spread() {
        let statistics = Statistics::of(&[0.99]);
        assert_eq!((statistics.deviation, statistics.interval), (None, None));
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
        let Statistics { deviation, interval, .. } = Statistics::of(&values);
        let reach = 2.039_513 * deviation.unwrap() / 32_f64.sqrt();
        assert!((interval.unwrap().1 - 0.5 - reach).abs() < 1e-6);
    }
}
