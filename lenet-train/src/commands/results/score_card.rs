//! The score card among the results of a run.

use super::Results;
use super::error::ResultsError;
use crate::data::Split;
use crate::eval::score_card::{Examples, ScoreCard};
use crate::report;
use crate::run::export::{self, ExportError, SCORE_CARD_FILE, SCORE_CARD_PICTURE};
use lenet_infer::host::files;
use std::fs;
use std::io::ErrorKind;

/// The size limit of a score card, which is far smaller.
const MAX_BYTES: u64 = 1 << 20;

impl Results<'_> {
    /// Scores the model file on the images of the score card, made from the test images, and writes the card, its picture, and
    /// the report with it.
    ///
    /// # Errors
    ///
    /// Returns a [`ResultsError`] if the model file cannot be used or a file cannot be written.
    pub(in crate::commands) fn score_card(&self) -> Result<ScoreCard, ResultsError> {
        let bytes = export::read_model(self.folder)?;
        let test = self.test_images();
        let card = ScoreCard::new(&self.decode(&bytes)?.model, test);
        report::write_json(&self.folder.join(SCORE_CARD_FILE), &card)?;
        let run = &self.trained.run.training;
        let title = format!("Score card: {}, {} bits, seed {}", run.title(), run.bits, run.seed);
        report::write_score_card(&self.folder.join(SCORE_CARD_PICTURE), &card, &Examples::of(test), &title)?;
        self.report()?;
        Ok(card)
    }

    /// Reads the score card of the run, if it has one.
    pub(super) fn read_score_card(&self) -> Result<Option<(ScoreCard, Examples)>, ResultsError> {
        let path = self.folder.join(SCORE_CARD_FILE);
        let bytes = match files::read_at_most(&path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ExportError { path, action: "read", source }.into()),
        };
        let card =
            serde_json::from_slice(&bytes).map_err(|source| ResultsError::ScoreCard { path, source })?;
        Ok(Some((card, Examples::of(self.test_images()))))
    }

    /// Removes the score card of the model that a new one replaces.
    pub(super) fn remove_score_card(&self) -> Result<(), ResultsError> {
        for name in [SCORE_CARD_FILE, SCORE_CARD_PICTURE] {
            let path = self.folder.join(name);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(ExportError { path, action: "written", source }.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn test_images(&self) -> Split<'_> {
        Split::new(&self.dataset.test, self.dataset.classes)
    }
}
