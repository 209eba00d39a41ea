//! Which finished runs may teach another.

use crate::checkpoint::{self, CheckpointError, RunIdentity};
use crate::metrics::HeldOut;
use crate::weights::FloatWeights;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a finished run may not teach.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TeacherError {
    /// It has no checkpoint to read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
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

/// The weights of the finished run in `folder`, to teach `pupil`.
///
/// # Errors
///
/// [`TeacherError`].
pub fn load(folder: &Path, pupil: &RunIdentity) -> Result<FloatWeights, TeacherError> {
    let (teacher, weights) = checkpoint::load_delivered(folder)?;
    let path = folder.to_owned();
    let (expected, found) = (pupil.classes, teacher.classes);
    if found != expected {
        return Err(TeacherError::Classes { path, expected, found });
    }
    if may_have_seen_held_out(&teacher, pupil) {
        return Err(TeacherError::SawHeldOut { path });
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
