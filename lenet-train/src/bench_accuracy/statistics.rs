//! Mean, standard deviation and confidence interval of a few accuracies.

use serde::Serialize;
use std::fmt;

/// Two-sided 95 % quantiles of Student's t distribution for 1 to 30 degrees of freedom.
const T_95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The quantile of the normal distribution, which t approaches.
const NORMAL_95: f64 = 1.960;

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
        let t = T_95.get(values.len() - 2).copied().unwrap_or(NORMAL_95);
        let reach = t * deviation / count.sqrt();
        Self { mean, deviation: Some(deviation), interval: Some((mean - reach, mean + reach)) }
    }
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
        let reach = 2.776 * deviation / 5_f64.sqrt();
        let (low, high) = statistics.interval.unwrap();
        assert!((statistics.mean - 0.993).abs() < 1e-12);
        assert!((statistics.deviation.unwrap() - deviation).abs() < 1e-12);
        assert!((low - (0.993 - reach)).abs() < 1e-12 && (high - (0.993 + reach)).abs() < 1e-12);
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
    fn many_values_use_the_normal_distribution() {
        let values: Vec<f64> = (0..50).map(|index| f64::from(index % 2)).collect();
        let Statistics { deviation, interval, .. } = Statistics::of(&values);
        let reach = 1.960 * deviation.unwrap() / 50_f64.sqrt();
        assert!((interval.unwrap().1 - 0.5 - reach).abs() < 1e-12);
    }
}
