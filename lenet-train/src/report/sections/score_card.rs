//! How the model does on worn digits, other hands, and what is no digit.

use maud::{Markup, html};

use crate::eval::score_card::{Examples, ScoreCard};
use crate::report::{ReportError, markup, score_card};

/// The section with the picture of the score card; nothing for a run without one.
pub(super) fn section(card: Option<(&ScoreCard, &Examples)>) -> Result<Markup, ReportError> {
    let Some((card, examples)) = card else { return Ok(Markup::default()) };
    let lead = "The exported model on test images that are worn, on generated digits of other hands, and on what is no digit.";
    let picture = score_card::svg(card, examples, "Score card")?;
    Ok(markup::section("score-card", "Score card", lead, html! { (picture) }))
}
