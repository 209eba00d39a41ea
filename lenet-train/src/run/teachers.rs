//! Which finished runs may teach another.

use super::checkpoint;
use super::config::{RunConfig, TeacherConfig};
use super::trained::{Trained, TrainedError};
use crate::data::HeldOut;
use crate::model::weights::FloatWeights;
use std::path::PathBuf;
use thiserror::Error;

/// Why a run may not teach.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TeacherError {
    /// It is no finished run.
    #[error("--teacher {}", folder.display())]
    NoRun {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        source: TrainedError,
    },
    /// It has other classes.
    #[error(
        "{}: expected a teacher of {expected} classes, as the data set has, found one of {found}: name another by \
         --teacher", folder.display()
    )]
    Classes {
        /// The teacher's folder.
        folder: PathBuf,
        /// Classes of the data set.
        expected: usize,
        /// Classes of the teacher.
        found: usize,
    },
    /// It was trained on images that its pupil is validated on, which would look better than it is.
    #[error(
        "{}: expected a teacher that held out the same images of the same set, found one that was trained on some of \
         them: name another by --teacher", folder.display()
    )]
    SawHeldOut {
        /// The teacher's folder.
        folder: PathBuf,
    },
    /// Its weights are not those that the run began with.
    #[error(
        "{}: expected the teacher that the run began with, whose weights have SHA-256 {expected}, found {found}: name its \
         folder by --teacher", folder.display()
    )]
    Changed {
        /// The teacher's folder.
        folder: PathBuf,
        /// SHA-256 that the run expects.
        expected: String,
        /// SHA-256 of the weights there.
        found: String,
    },
}

/// The weights of the finished run that `teacher` names, to teach `pupil`, whose data are described. Fills in the teacher's
/// SHA-256.
///
/// # Errors
///
/// [`TeacherError`].
pub fn load(teacher: &mut TeacherConfig, pupil: &RunConfig) -> Result<FloatWeights, TeacherError> {
    let folder = teacher.folder.clone();
    let Trained { run, weights, .. } = match Trained::load(&folder) {
        Ok(trained) => trained,
        Err(source) => return Err(TeacherError::NoRun { folder, source }),
    };
    let (expected, found) = (pupil.data.classes.len(), weights.classes());
    if found != expected {
        return Err(TeacherError::Classes { folder, expected, found });
    }
    if may_have_seen_held_out(&run, pupil) {
        return Err(TeacherError::SawHeldOut { folder });
    }
    let found = checkpoint::fingerprint(&weights);
    match &teacher.sha256 {
        Some(expected) if *expected != found => {
            let expected = expected.clone();
            Err(TeacherError::Changed { folder, expected, found })
        }
        _ => {
            teacher.sha256 = Some(found);
            Ok(weights)
        }
    }
}

/// Whether the teacher may have been trained on images that the pupil is validated on.
fn may_have_seen_held_out(teacher: &RunConfig, pupil: &RunConfig) -> bool {
    let split = |run: &RunConfig| (run.held_out(), run.data.fold, run.data.train_images);
    let same_set = teacher.data.sha256 == pupil.data.sha256 || teacher.data.contents == pupil.data.contents;
    pupil.held_out() == HeldOut::Validation && same_set && split(teacher) != split(pupil)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::score::Score;
    use crate::model::network::Network;
    use crate::train::optimizer::OptimizerState;
    use crate::train::recipe::Recipe;
    use crate::train::{EpochMetrics, Snapshot};
    use dfdx::prelude::Cpu;
    use std::path::Path;
    use tempfile::tempdir;

    fn run() -> RunConfig {
        let mut run = RunConfig::new(Recipe::Default.settings());
        run.data.contents = "mnist".to_owned();
        run.data.sha256 = Some("of MNIST".to_owned());
        run.data.classes = (0..10).map(|class| class.to_string()).collect();
        (run.data.fold, run.data.train_images, run.data.validation_images) = (1, 55_000, 5_000);
        run
    }

    fn changed(change: impl FnOnce(&mut RunConfig)) -> RunConfig {
        let mut run = run();
        change(&mut run);
        run
    }

    #[test]
    fn a_teacher_held_out_what_its_pupil_holds_out_or_was_trained_on_another_set() {
        assert!(!may_have_seen_held_out(&run(), &run()));
        let other_set = changed(|run| {
            (run.data.contents, run.data.sha256) = ("fashion-mnist".to_owned(), None);
            run.data.fold = 0;
        });
        assert!(!may_have_seen_held_out(&other_set, &run()));
        for teacher in [
            changed(|run| run.data.fold = 0),
            changed(|run| {
                run.training.recipe = Recipe::Reference;
                run.data.train_images = 60_000;
            }),
            changed(|run| run.data.train_images = 54_000),
        ] {
            assert!(may_have_seen_held_out(&teacher, &run()), "{teacher:?}");
        }
    }

    #[test]
    fn a_pupil_that_is_scored_on_the_test_images_may_learn_from_any_teacher() {
        let pupil = changed(|run| run.training.recipe = Recipe::Reference);
        assert!(!may_have_seen_held_out(&run(), &pupil));
    }

    /// Saves a run of three epochs of which so many are done.
    fn save_teacher(folder: &Path, weights: &FloatWeights, done: u32) {
        let score = Score { loss: 0.5, accuracy: 0.9 };
        let epoch = |epoch| EpochMetrics {
            epoch,
            seconds: 1.0,
            images_per_second: 1.0,
            learning_rate: 1e-3,
            train: score,
            held_out: score,
        };
        let [first_moment, second_moment] = [weights.clone(), weights.clone()];
        let snapshot = Snapshot {
            history: (1..=done).map(epoch).collect(),
            partial: None,
            weights: weights.clone(),
            optimizer: OptimizerState { steps: 1, first_moment, second_moment },
            average: None,
            quantization: None,
        };
        let run = changed(|run| run.training.epochs = 3);
        checkpoint::save(&folder.join(checkpoint::FILE_NAME), &run, &snapshot).unwrap();
    }

    #[test]
    fn a_teacher_that_has_epochs_to_go_is_refused_with_how_to_finish_it() {
        let weights = Network::new(Cpu::seed_from_u64(1), 10).unwrap().weights();
        let folder = tempdir().unwrap();
        let teacher = || TeacherConfig { folder: folder.path().to_owned(), sha256: None };
        save_teacher(folder.path(), &weights, 2);
        let error = anyhow::Error::from(load(&mut teacher(), &run()).unwrap_err());
        let (message, path) = (format!("{error:#}"), folder.path().display());
        for part in [&format!("--teacher {path}"), "2 of 3 epochs", &format!("--resume --out {path}")] {
            assert!(message.contains(part), "expected {part:?} in {message}");
        }
        save_teacher(folder.path(), &weights, 3);
        assert_eq!(load(&mut teacher(), &run()).unwrap(), weights);
    }

    #[test]
    fn a_teacher_that_was_trained_again_is_refused() {
        let [before, after] =
            [1, 2].map(|seed| Network::new(Cpu::seed_from_u64(seed), 10).unwrap().weights());
        let folder = tempdir().unwrap();
        let mut teacher = TeacherConfig { folder: folder.path().to_owned(), sha256: None };
        save_teacher(folder.path(), &before, 3);
        load(&mut teacher, &run()).unwrap();
        assert_eq!(load(&mut teacher, &run()).unwrap(), before);
        save_teacher(folder.path(), &after, 3);
        assert!(matches!(load(&mut teacher, &run()), Err(TeacherError::Changed { .. })));
    }
}
