//! Which finished runs may teach another.

use crate::data::HeldOut;
use crate::model::weights::FloatWeights;
use crate::run::checkpoint::{self, CheckpointError, RunIdentity};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a finished run may not teach.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TeacherError {
    /// It has no checkpoint.
    #[error(
        "{}: expected the checkpoint of a finished run, found no file: name that run's folder by --teacher",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Its checkpoint is not whole, or of another version.
    #[error(
        "{}: expected a whole checkpoint of this version, found {problem}: name another by --teacher", path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Its checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// It has other classes.
    #[error(
        "{}: expected a teacher of {expected} classes, as the data set has, found one of {found}: name another by \
         --teacher", path.display()
    )]
    Classes {
        /// The teacher's folder.
        path: PathBuf,
        /// Classes of the data set.
        expected: usize,
        /// Classes of the teacher.
        found: usize,
    },
    /// It has epochs to go.
    #[error(
        "{}: expected a finished run, found one with {done} of {planned} epochs done: finish it with --resume, --out {} \
         and the other flags it began with, or name another by --teacher", path.display(), path.display()
    )]
    Unfinished {
        /// The teacher's folder.
        path: PathBuf,
        /// Its epochs done.
        done: u32,
        /// Its epochs planned.
        planned: u32,
    },
    /// It was trained on images that its pupil is validated on, which would look better than it is.
    #[error(
        "{}: expected a teacher that held out the same images of the same set, found one that was trained on some of \
         them: name another by --teacher", path.display()
    )]
    SawHeldOut {
        /// The teacher's folder.
        path: PathBuf,
    },
}

/// What would mend a run that is resumed is no help with a teacher.
impl From<CheckpointError> for TeacherError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Missing { path } => Self::Missing { path },
            CheckpointError::Unusable { path, problem } => Self::Unusable { path, problem },
            other => Self::Checkpoint(other),
        }
    }
}

/// The weights of the finished run in `folder`, to teach `pupil`.
///
/// # Errors
///
/// [`TeacherError`].
pub fn load(folder: &Path, pupil: &RunIdentity) -> Result<FloatWeights, TeacherError> {
    let (teacher, done, weights) = checkpoint::load_delivered(folder)?;
    let path = folder.to_owned();
    let (expected, found) = (pupil.classes, teacher.classes);
    if found != expected {
        return Err(TeacherError::Classes { path, expected, found });
    }
    if may_have_seen_held_out(&teacher, pupil) {
        return Err(TeacherError::SawHeldOut { path });
    }
    let planned = teacher.settings.epochs;
    if done < planned {
        return Err(TeacherError::Unfinished { path, done, planned });
    }
    Ok(weights)
}

/// Whether the teacher may have been trained on images that the pupil is validated on.
fn may_have_seen_held_out(teacher: &RunIdentity, pupil: &RunIdentity) -> bool {
    let split = |run: &RunIdentity| (run.held_out, run.fold, run.train_images);
    pupil.held_out == HeldOut::Validation
        && teacher.dataset == pupil.dataset
        && split(teacher) != split(pupil)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::score::Score;
    use crate::model::network::Network;
    use crate::train::EpochMetrics;
    use crate::train::Snapshot;
    use crate::train::optimizer::OptimizerState;
    use crate::train::recipe::{Recipe, Settings};
    use dfdx::prelude::Cpu;
    use tempfile::tempdir;

    fn run() -> RunIdentity {
        RunIdentity {
            settings: Recipe::Default.settings(),
            dataset: "mnist".to_owned(),
            classes: 10,
            device: "cpu".to_owned(),
            held_out: HeldOut::Validation,
            fold: 1,
            train_images: 55_000,
            held_out_images: 5_000,
            teachers: Vec::new(),
        }
    }

    #[test]
    fn a_teacher_held_out_what_its_pupil_holds_out_or_was_trained_on_another_set() {
        assert!(!may_have_seen_held_out(&run(), &run()));
        let other_set = RunIdentity { dataset: "fashion-mnist".to_owned(), fold: 0, ..run() };
        assert!(!may_have_seen_held_out(&other_set, &run()));
        for teacher in [
            RunIdentity { fold: 0, ..run() },
            RunIdentity { held_out: HeldOut::Test, train_images: 60_000, ..run() },
            RunIdentity { train_images: 54_000, ..run() },
        ] {
            assert!(may_have_seen_held_out(&teacher, &run()), "{teacher:?}");
        }
    }

    #[test]
    fn a_teacher_that_has_epochs_to_go_is_refused_with_how_to_finish_it() {
        let weights = Network::new(Cpu::seed_from_u64(1), 10).unwrap().weights();
        let score = Score { loss: 0.5, accuracy: 0.9 };
        let epoch = |epoch| EpochMetrics {
            epoch,
            seconds: 1.0,
            images_per_second: 1.0,
            learning_rate: 1e-3,
            train: score,
            held_out: score,
        };
        let folder = tempdir().unwrap();
        let teacher = RunIdentity { settings: Settings { epochs: 3, ..Recipe::Default.settings() }, ..run() };
        let load_after = |done| {
            let [first_moment, second_moment] = [weights.clone(), weights.clone()];
            let snapshot = Snapshot {
                history: (1..=done).map(epoch).collect(),
                weights: weights.clone(),
                optimizer: OptimizerState { steps: 1, first_moment, second_moment },
                average: None,
                grid: None,
            };
            checkpoint::save(folder.path(), &teacher, &snapshot).unwrap();
            load(folder.path(), &run())
        };
        let message = load_after(2).unwrap_err().to_string();
        let path = folder.path().display().to_string();
        for part in [&path, "2 of 3 epochs", &format!("--resume, --out {path}"), "--teacher"] {
            assert!(message.contains(part), "expected {part:?} in {message}");
        }
        assert_eq!(load_after(3).unwrap(), weights);
    }

    #[test]
    fn a_pupil_that_is_scored_on_the_test_images_may_learn_from_any_teacher() {
        let pupil = RunIdentity { held_out: HeldOut::Test, train_images: 60_000, ..run() };
        assert!(!may_have_seen_held_out(&run(), &pupil));
    }
}
