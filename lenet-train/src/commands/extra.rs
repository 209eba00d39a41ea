//! Extra data sets: more images of the same classes, to train on besides the data set of a run.

use super::error::CommandError;
use crate::data::{Dataset, DatasetName, Preparation};
use crate::run::config::ExtraConfig;
use crate::run::console::Console;
use lenet_infer::host::idx::LabeledImages;

/// Loads the training images of an extra data set, those that a run of its own would hold out for validation included, and
/// checks that they are those that the run started with and of the classes of `dataset`.
pub(super) fn load(
    extra: &mut ExtraConfig,
    dataset: &Dataset,
    console: &Console,
) -> Result<LabeledImages, CommandError> {
    let path = &extra.path;
    let loaded = Dataset::load(DatasetName::Mnist, Some(path), Preparation::Prepared, console.is_quiet())?;
    if loaded.class_titles() != dataset.class_titles() {
        let titles = |dataset: &Dataset| dataset.class_titles().join(", ");
        let (path, expected, found) = (path.clone(), titles(dataset), titles(&loaded));
        return Err(CommandError::ExtraClasses { path, expected, found });
    }
    match &extra.sha256 {
        Some(expected) if *expected != loaded.sha256 => {
            let (path, expected) = (path.clone(), expected.clone());
            Err(CommandError::OtherExtra { path, expected, found: loaded.sha256 })
        }
        _ => {
            extra.sha256 = Some(loaded.sha256);
            Ok(loaded.train)
        }
    }
}
