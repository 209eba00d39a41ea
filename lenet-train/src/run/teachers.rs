//! Loading and checking the teachers of a run.

use super::checkpoint;
use super::config::{RunConfig, TeacherConfig};
use super::trained::{Trained, TrainedError};
use crate::data::HeldOut;
use crate::model::weights::FloatWeights;
use std::path::PathBuf;
use thiserror::Error;

/// The error when a run cannot be a teacher.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TeacherError {
    /// The folder does not contain a finished run.
    #[error("--teacher {}", folder.display())]
    NoRun {
        /// The teacher's folder.
        folder: PathBuf,
        /// The reason.
        source: TrainedError,
    },
    /// The teacher has another number of classes.
    #[error(
        "{}: expected a teacher of {expected} classes, as in the data set, found one of {found}: choose another with \
         --teacher", folder.display()
    )]
    Classes {
        /// The teacher's folder.
        folder: PathBuf,
        /// The number of classes of the data set.
        expected: usize,
        /// The number of classes of the teacher.
        found: usize,
    },
    /// The teacher was trained on validation images of the student, whose validation accuracy would then be too high.
    #[error(
        "{}: expected a teacher that held out the same validation images, found one that was trained on some of them: \
         choose another with --teacher", folder.display()
    )]
    SawHeldOut {
        /// The teacher's folder.
        folder: PathBuf,
    },
    /// The teacher's weights have changed since the run started.
    #[error(
        "{}: expected the teacher that the run started with, whose weights have SHA-256 {expected}, found {found}: give its \
         folder to --teacher", folder.display()
    )]
    Changed {
        /// The teacher's folder.
        folder: PathBuf,
        /// The SHA-256 that the run expects.
        expected: String,
        /// The SHA-256 of the teacher's weights.
        found: String,
    },
}

/// Loads the weights of a teacher for the run `student`, whose data set is described already. Fills in the teacher's
/// SHA-256.
///
/// # Errors
///
/// Returns a [`TeacherError`] if the folder does not contain a finished run, or if that run cannot be a teacher of
/// `student`.
pub fn load(teacher: &mut TeacherConfig, student: &RunConfig) -> Result<FloatWeights, TeacherError> {
    let folder = teacher.folder.clone();
    let trained = match Trained::load(&folder) {
        Ok(trained) => trained,
        Err(source) => return Err(TeacherError::NoRun { folder, source }),
    };
    let weights = trained.weights();
    let (expected, found) = (student.data.classes.len(), weights.classes());
    if found != expected {
        return Err(TeacherError::Classes { folder, expected, found });
    }
    if may_have_seen_held_out(&trained.run, student) {
        return Err(TeacherError::SawHeldOut { folder });
    }
    let found = checkpoint::fingerprint(weights);
    match &teacher.sha256 {
        Some(expected) if *expected != found => {
            let expected = expected.clone();
            Err(TeacherError::Changed { folder, expected, found })
        }
        _ => {
            teacher.sha256 = Some(found);
            Ok(weights.clone())
        }
    }
}

/// Whether the teacher may have been trained on validation images of the student.
fn may_have_seen_held_out(teacher: &RunConfig, student: &RunConfig) -> bool {
    let split = |run: &RunConfig| (run.held_out(), run.data.fold, run.data.train_images);
    // Nothing is known of the images that imported weights were trained on, nor how two sets of one's own overlap.
    let unknown = teacher.imported.is_some() || teacher.data.sha256 != student.data.sha256;
    let same_set =
        teacher.data.sha256 == student.data.sha256 || teacher.data.contents == student.data.contents;
    student.held_out() == HeldOut::Validation && same_set && (unknown || split(teacher) != split(student))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Network;
    use crate::train::optimizer::OptimizerState;
    use crate::train::recipe::Recipe;
    use crate::train::{EpochMetrics, LearnerState, Snapshot};
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
    fn a_teacher_must_hold_out_the_same_images_or_come_from_another_data_set() {
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
    fn a_student_without_validation_images_can_have_any_teacher() {
        let student = changed(|run| run.training.recipe = Recipe::Reference);
        assert!(!may_have_seen_held_out(&run(), &student));
    }

    /// Saves a run of three epochs, of which `done` are finished.
    fn save_teacher(folder: &Path, weights: &FloatWeights, done: u32) {
        let [first_moment, second_moment] = [weights.clone(), weights.clone()];
        let snapshot = Snapshot {
            history: (1..=done).map(|epoch| EpochMetrics::example(epoch, 0.5)).collect(),
            partial: None,
            state: LearnerState {
                weights: weights.clone(),
                optimizer: OptimizerState { steps: 1, first_moment, second_moment },
                average: None,
            },
            quantization: None,
        };
        let run = changed(|run| run.training.epochs = 3);
        checkpoint::save(&folder.join(checkpoint::FILE_NAME), &run, &snapshot).unwrap();
    }

    #[test]
    fn the_error_for_an_unfinished_teacher_says_how_to_finish_it() {
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
    fn a_teacher_whose_weights_have_changed_is_refused() {
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
