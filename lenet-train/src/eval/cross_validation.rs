//! Results of a cross-validation, and the comparison of two of them fold by fold.
//!
//! Some folds are harder than others, which spreads the scores of each recipe. The differences between two recipes on the
//! same folds are free of it, so the mean difference is known far more precisely than either mean.

use crate::data::Dataset;
use crate::eval::statistics::Statistics;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};
use thiserror::Error;

/// The name of the file with the results in the folder of a cross-validation.
pub const RESULTS_FILE: &str = "cross-validation.json";

/// The score of the integer model on one fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// The fold, counted from the end of the training images. The seed of its run is the first seed plus this number.
    pub fold: usize,
    /// Fraction of the fold's images that are classified correctly, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy on these images, in nats.
    pub loss: f64,
}

/// The images that the folds consist of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldedImages {
    /// The name of the data set.
    pub dataset: String,
    /// SHA-256 of the data set, in hexadecimal.
    pub sha256: String,
    /// Number of images held out in each fold.
    pub images_per_fold: usize,
}

/// The scores of a cross-validation, which are a part of its [`RESULTS_FILE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldScores {
    /// The images.
    #[serde(flatten)]
    pub images: FoldedImages,
    /// The result of each fold.
    pub folds: Vec<FoldResult>,
}

/// The error when two cross-validations cannot be compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The file with the results cannot be read.
    #[error("{}: cannot be read: expected the folder of a finished cross-validation after --compare", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file does not contain the results of a cross-validation.
    #[error(
        "{}: expected the results of cross-validate: run it again with the same flags and --out, which trains no fold again",
        path.display()
    )]
    NoResults {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },
    /// The folds consist of other images.
    #[error(
        "--compare: expected folds of the same images, {expected}, found {found}: name the same --data and --dataset"
    )]
    Images {
        /// The images of this cross-validation.
        expected: FoldedImages,
        /// The images of the other one.
        found: FoldedImages,
    },
    /// The other cross-validation has other folds.
    #[error(
        "--compare: expected results of the folds {expected:?}, found {found:?}: give both the same --folds"
    )]
    Folds {
        /// The folds of this cross-validation.
        expected: Vec<usize>,
        /// The folds of the other one.
        found: Vec<usize>,
    },
}

/// Mean differences between two cross-validations on the same folds, the second minus the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedDifference {
    /// Difference of the accuracies, in percentage points. Above 0, the second is better.
    pub accuracy_points: Statistics,
    /// Difference of the losses, in nats. Below 0, the second is better.
    pub loss_nats: Statistics,
}

impl FoldedImages {
    /// Describes the folds of a data set.
    pub fn of(dataset: &Dataset) -> Self {
        Self {
            dataset: dataset.name.clone(),
            sha256: dataset.sha256.clone(),
            images_per_fold: dataset.validation_images,
        }
    }
}

impl fmt::Display for FoldedImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dataset, sha256, images_per_fold } = self;
        let digest = sha256.get(..12).unwrap_or(sha256);
        write!(f, "{images_per_fold} of {dataset} ({digest})")
    }
}

impl FoldScores {
    /// Reads the scores of the finished cross-validation in `folder`.
    ///
    /// # Errors
    ///
    /// Returns [`CompareError::Read`] if the file cannot be read, and [`CompareError::NoResults`] if it has other contents.
    pub fn read(folder: &Path) -> Result<Self, CompareError> {
        let path = folder.join(RESULTS_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(CompareError::Read { path, source }),
        };
        serde_json::from_slice(&bytes).map_err(|source| CompareError::NoResults { path, source })
    }

    /// Checks that these are the scores of the given images and folds.
    ///
    /// # Errors
    ///
    /// Returns [`CompareError::Images`] or [`CompareError::Folds`] if they are not.
    pub fn expect(&self, images: &FoldedImages, folds: &[usize]) -> Result<(), CompareError> {
        if self.images != *images {
            return Err(CompareError::Images { expected: images.clone(), found: self.images.clone() });
        }
        let found: Vec<usize> = self.folds.iter().map(|result| result.fold).collect();
        if found.is_empty() || found != folds {
            return Err(CompareError::Folds { expected: folds.to_vec(), found });
        }
        Ok(())
    }

    /// Returns the mean differences between these scores and `earlier` ones, paired by fold.
    ///
    /// # Errors
    ///
    /// Returns [`CompareError::Images`] or [`CompareError::Folds`] if the scores are of other images or folds.
    pub fn minus(&self, earlier: &Self) -> Result<PairedDifference, CompareError> {
        let folds: Vec<usize> = self.folds.iter().map(|result| result.fold).collect();
        earlier.expect(&self.images, &folds)?;
        let differences = |of: fn(&FoldResult) -> f64| {
            let pairs = self.folds.iter().zip(&earlier.folds);
            Statistics::of(&pairs.map(|(this, earlier)| of(this) - of(earlier)).collect::<Vec<_>>())
        };
        Ok(PairedDifference {
            accuracy_points: differences(|result| 100.0 * result.accuracy),
            loss_nats: differences(|result| result.loss),
        })
    }
}

impl fmt::Display for PairedDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "accuracy {}", describe(&self.accuracy_points, 3, "points"))?;
        write!(f, "loss     {}", describe(&self.loss_nats, 5, "nats"))
    }
}

fn describe(difference: &Statistics, decimals: usize, unit: &str) -> String {
    let mut text = format!("mean difference {:+.decimals$} {unit}", difference.mean);
    if let (Some(deviation), Some((low, high))) = (difference.deviation, difference.student_t_interval_95) {
        text += &format!(
            ", standard deviation {deviation:.decimals$}, 95 % interval {low:+.decimals$} to {high:+.decimals$}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> FoldedImages {
        FoldedImages {
            dataset: "mnist".to_owned(),
            sha256: "0123456789abcdef".to_owned(),
            images_per_fold: 5_000,
        }
    }

    fn scores(folds: &[(f64, f64)]) -> FoldScores {
        let results = folds.iter().enumerate();
        let folds = results.map(|(fold, &(accuracy, loss))| FoldResult { fold, accuracy, loss }).collect();
        FoldScores { images: images(), folds }
    }

    #[test]
    fn differences_are_taken_fold_by_fold() {
        let earlier = scores(&[(0.990, 0.030), (0.980, 0.050), (0.970, 0.070)]);
        let later = scores(&[(0.991, 0.028), (0.982, 0.047), (0.973, 0.066)]);
        let PairedDifference { accuracy_points, loss_nats } = later.minus(&earlier).unwrap();
        // 0.1, 0.2 and 0.3 points: mean 0.2, deviation 0.1, and t of 2 degrees of freedom is 4.302653.
        let reach = 4.302_652_730 * 0.1 / 3_f64.sqrt();
        let (low, high) = accuracy_points.student_t_interval_95.unwrap();
        assert!((accuracy_points.mean - 0.2).abs() < 1e-9, "{accuracy_points:?}");
        assert!((accuracy_points.deviation.unwrap() - 0.1).abs() < 1e-9, "{accuracy_points:?}");
        assert!((low - (0.2 - reach)).abs() < 1e-8 && (high - (0.2 + reach)).abs() < 1e-8);
        assert!((loss_nats.mean + 0.003).abs() < 1e-12, "{loss_nats:?}");
        assert_eq!(
            later.minus(&earlier).unwrap().to_string(),
            "accuracy mean difference +0.200 points, standard deviation 0.100, 95 % interval -0.048 to +0.448\n\
             loss     mean difference -0.00300 nats, standard deviation 0.00100, 95 % interval -0.00548 to -0.00052"
        );
    }

    #[test]
    fn one_fold_has_a_difference_but_no_interval() {
        let text = scores(&[(0.99, 0.03)]).minus(&scores(&[(0.98, 0.03)])).unwrap().to_string();
        assert_eq!(text, "accuracy mean difference +1.000 points\nloss     mean difference +0.00000 nats");
    }

    #[test]
    fn other_images_or_folds_are_refused_and_named() {
        let this = scores(&[(0.99, 0.03), (0.98, 0.04)]);
        let mut other = this.clone();
        other.images.sha256 = "fedcba9876543210".to_owned();
        let error = this.minus(&other).unwrap_err().to_string();
        assert!(
            error.contains("5000 of mnist (0123456789ab), found 5000 of mnist (fedcba987654)"),
            "{error}"
        );
        let error = this.minus(&scores(&[(0.99, 0.03)])).unwrap_err().to_string();
        assert!(error.contains("expected results of the folds [0, 1], found [0]"), "{error}");
        let mut swapped = this.clone();
        swapped.folds.swap(0, 1);
        assert!(matches!(this.minus(&swapped), Err(CompareError::Folds { .. })));
        assert!(matches!(scores(&[]).minus(&scores(&[])), Err(CompareError::Folds { .. })));
    }

    #[test]
    fn scores_are_read_from_among_the_other_results() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RESULTS_FILE);
        let error = FoldScores::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(RESULTS_FILE) && error.contains("--compare"), "{error}");

        let written = scores(&[(0.991, 0.1 + 0.2)]);
        let mut results = serde_json::to_value(&written).unwrap();
        results["settings"] = "any".into();
        fs::write(&path, results.to_string()).unwrap();
        assert_eq!(FoldScores::read(folder.path()).unwrap(), written);

        results.as_object_mut().unwrap().remove("sha256");
        fs::write(&path, results.to_string()).unwrap();
        let error = FoldScores::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains("run it again"), "{error}");
    }
}
