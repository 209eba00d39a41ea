//! The command `score-card`: scores a finished run's model on images that are worn, of other hands, seen by a camera, and no
//! digits.

use super::error::CommandError;
use super::prepare::{load_data_of, with_threads};
use super::results::Results;
use super::session::Session;
use crate::eval::score_card::{ImageTally, ScoreCard};
use crate::run::export::{REPORT_FILE, SCORE_CARD_FILE, SCORE_CARD_PICTURE};
use crate::run::folder::RunFolder;
use crate::run::trained::Trained;
use std::path::Path;

/// Scores the model of the run in `folder`, prints the score card, and writes it as JSON, as a picture, and
/// into the report. `data` is the folder
/// of the data set, if it was moved.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run, its model file or its data set cannot be used, if its classes are not the ten digits,
/// or if a file cannot be written.
pub fn run(folder: &Path, data: Option<&Path>, session: &Session) -> Result<ScoreCard, CommandError> {
    let folder = RunFolder::open(folder)?;
    let mut trained = Trained::load(folder.path())?;
    with_threads(session, || {
        let dataset = load_data_of(&mut trained, data, &session.console)?;
        if !trained.run.data.is_of_digits() {
            return Err(CommandError::NoDigits);
        }
        let card = Results::new(&trained, &dataset, folder.path(), &session.console).score_card()?;
        session.console.print(&describe(&card));
        let place = folder.path().display();
        let written = format!(
            "wrote {place}/{SCORE_CARD_FILE}, {place}/{SCORE_CARD_PICTURE} and {place}/{REPORT_FILE}"
        );
        session.console.print(&written);
        Ok(card)
    })
}

/// Formats the score card as the command prints it.
fn describe(card: &ScoreCard) -> String {
    let mut text = format!("{:<20}{:>12}{:>12}\n", "test images", "as they are", "prepared");
    for line in &card.corruptions {
        let (name, plain, prepared) = (line.corruption.name(), line.as_they_are, line.prepared);
        text += &format!("{name:<20}{:>10.2} %{:>10.2} %\n", plain.accuracy(), prepared.accuracy());
    }
    text += &format!("{:<20}{:>12}{:>12}\n", "seen by a camera", "", accuracy(card.camera));
    for digit in 0..10 {
        let name = format!("{digit}, other hands");
        text += &format!("{name:<20}{:>12}{:>12}\n", "", accuracy(card.hands_of(Some(digit))));
    }
    text += &format!("{:<20}{:>12}{:>12}\n", "all, other hands", "", accuracy(card.hands_of(None)));
    text += "\nconfident about what is no digit\n";
    for line in &card.non_digits {
        text += &format!("{:<20}{:>10.2} %\n", line.kind.name(), line.score.confident_share());
    }
    let clean = card.corruptions.first().map_or(ImageTally::NONE, |line| line.as_they_are);
    text += &format!(
        "\nconfident about {:.2} % of the test images, {} of {} wrong\n\
         calibration error {:.2} %, coverage at 99.9 % correct {:.2} %",
        clean.confident_share(),
        clean.confident_wrong,
        clean.images,
        100.0 * card.calibration_error,
        100.0 * card.coverage
    );
    text
}

fn accuracy(score: ImageTally) -> String {
    format!("{:.2} %", score.accuracy())
}
