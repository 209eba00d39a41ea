//! The sections of the page, one module per subject.

mod augmented;
mod confidence;
mod confusion;
mod curves;
mod dead_units;
mod generated;
mod histograms;
mod kernels;
mod misclassified;
mod pytorch;
mod score_card;
mod settings;
mod tables;

use maud::{Markup, html};

use super::{ReportError, ReportInputs};

/// The whole content of the page, from the heading to the settings.
///
/// # Errors
///
/// [`ReportError::Draw`] when a picture cannot be drawn.
pub(super) fn all(inputs: &ReportInputs<'_>) -> Result<Markup, ReportError> {
    let metrics = inputs.metrics;
    let classes = &metrics.run.data.classes;
    Ok(html! {
        (tables::header(metrics))
        (curves::section(metrics)?)
        (pytorch::section(metrics))
        (confusion::section(&metrics.result, classes))
        (confidence::section(&metrics.confidence)?)
        (score_card::section(inputs.score_card)?)
        (misclassified::section(inputs.misclassified, classes)?)
        (augmented::section(inputs.augmented)?)
        (generated::section(inputs.generated)?)
        (kernels::section(&inputs.weights.conv1))
        (histograms::weights_section(inputs.weights, inputs.weight_clips)?)
        (histograms::activations_section(inputs.activations)?)
        (dead_units::section(inputs.dead_units))
        (tables::sizes_section(inputs.sizes, &metrics.result))
        (settings::section(metrics))
    })
}
