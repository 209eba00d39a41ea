//! Loss and accuracy over the epochs.

use maud::{Markup, html};

use crate::data::HeldOut;
use crate::eval::score::Score;
use crate::report::axis::{Axis, accuracy_position, loss_position};
use crate::report::chart::{ACCENT, Chart, HELD_OUT, Mark, TRAIN};
use crate::report::{ReportError, markup, text};
use crate::run::metrics::Metrics;
use crate::run::selection::best_epoch;
use crate::train::EpochMetrics;
use crate::train::recipe::Settings;

/// One of the two charts: which figure of a score it shows, and how.
struct Curve {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    value: fn(&Score) -> f64,
    position: fn(f64) -> f64,
    axis: fn(&[f64]) -> Axis,
    /// The result on the test split, unless the held-out split is the test split.
    test: Option<f64>,
}

/// The section with both curves, the best epoch and the table of the figures.
pub(super) fn section(metrics: &Metrics) -> Result<Markup, ReportError> {
    let epochs = metrics.epochs.as_slice();
    let (id, heading) = ("curves", "Learning curves");
    let lead = "A training score is the mean over the epoch’s batches, each scored before the update that it causes.";
    let Some(last) = epochs.last() else {
        return Ok(markup::section(id, heading, lead, html! { p { "No epoch was run." } }));
    };
    let held_out = held_out_name(metrics.run.held_out());
    let best = best_finite(&metrics.run.training, epochs);
    let marks_test = metrics.run.held_out() == HeldOut::Validation;
    let curves = [
        Curve {
            name: "loss curve",
            title: "Loss",
            unit: "mean cross-entropy in nats, log scale",
            value: |score| score.loss,
            position: loss_position,
            axis: Axis::losses,
            test: marks_test.then_some(metrics.result.f32_loss),
        },
        Curve {
            name: "accuracy curve",
            title: "Accuracy",
            unit: "in %, error on a log scale",
            value: |score| score.accuracy,
            position: accuracy_position,
            axis: Axis::accuracies,
            test: marks_test.then_some(metrics.result.f32_accuracy()),
        },
    ];
    let body = html! {
        div.pair { @for curve in &curves { (figure(curve, epochs, best, held_out)?) } }
        (best_and_last(best, last, held_out))
        (table(epochs, held_out))
    };
    Ok(markup::section(id, heading, lead, body))
}

/// The name of the images that are scored after each epoch.
pub(super) fn held_out_name(split: HeldOut) -> &'static str {
    match split {
        HeldOut::Validation => "validation",
        HeldOut::Test => "test",
    }
}

/// The run's best epoch. None where its loss is no number.
fn best_finite<'a>(settings: &Settings, epochs: &'a [EpochMetrics]) -> Option<&'a EpochMetrics> {
    best_epoch(settings, epochs).filter(|best| best.held_out.loss.is_finite())
}

fn best_and_last(best: Option<&EpochMetrics>, last: &EpochMetrics, held_out: &str) -> Markup {
    let figures = |epoch: &EpochMetrics| {
        let Score { loss, accuracy } = epoch.held_out;
        format!("{held_out} loss {}, accuracy {}", text::number(loss), text::percent(accuracy, 2))
    };
    html! {
        @if let Some(best) = best {
            p.best {
                "Best epoch by " (held_out) " loss: " b { "epoch " (best.epoch) } ", " (figures(best)) "."
                @if best.epoch == last.epoch { " It is the last epoch." }
            }
            @if best.epoch != last.epoch {
                p.best { "Last epoch: " b { "epoch " (last.epoch) } ", " (figures(last)) "." }
            }
        }
    }
}

fn figure(
    curve: &Curve,
    epochs: &[EpochMetrics],
    best: Option<&EpochMetrics>,
    held_out: &str,
) -> Result<Markup, ReportError> {
    let last = epochs.iter().map(|epoch| epoch.epoch).max().unwrap_or(1);
    let points = |score: fn(&EpochMetrics) -> &Score| {
        let values = epochs.iter().map(|epoch| (f64::from(epoch.epoch), (curve.value)(score(epoch))));
        values.filter(|(_, value)| value.is_finite()).collect::<Vec<_>>()
    };
    let (train, held_out_points) = (points(|epoch| &epoch.train), points(|epoch| &epoch.held_out));
    let test = curve.test.filter(|value| value.is_finite());
    let values: Vec<f64> = train.iter().chain(&held_out_points).map(|point| point.1).chain(test).collect();
    let place = |points: Vec<(f64, f64)>| points.into_iter().map(|(x, y)| (x, (curve.position)(y))).collect();
    let mut marks = vec![
        Mark::Line { points: place(train), color: TRAIN },
        Mark::Line { points: place(held_out_points), color: HELD_OUT },
    ];
    let at = |epoch: u32, value| (f64::from(epoch), (curve.position)(value));
    marks.extend(test.map(|test| Mark::Diamond { at: at(last, test), color: ACCENT }));
    let best = best.map(|best| (best.epoch, (curve.value)(&best.held_out)));
    let best = best.filter(|(_, value)| value.is_finite());
    marks.extend(best.map(|(epoch, value)| Mark::Ring { at: at(epoch, value), color: HELD_OUT }));
    let chart = Chart {
        size: (440, 270),
        x: Axis::epochs(last),
        y: (curve.axis)(&values),
        x_title: "epoch",
        y_title: "",
        legend: vec![],
        marks,
    };
    let drawing = markup::drawing(&chart, curve.name)?;
    Ok(html! {
        figure {
            h3 { (curve.title) " " span { (curve.unit) } }
            p.legend {
                span.key.train { "training" }
                span.key.held-out { (held_out) }
                @if best.is_some() { span.key.ring { "lowest " (held_out) " loss" } }
                @if test.is_some() { span.key.result { "test, f32 network, after the last epoch" } }
            }
            (drawing)
        }
    })
}

fn table(epochs: &[EpochMetrics], held_out: &str) -> Markup {
    let cells = |epoch: &EpochMetrics| {
        [
            text::number(epoch.train.loss),
            text::percent(epoch.train.accuracy, 2),
            text::number(epoch.held_out.loss),
            text::percent(epoch.held_out.accuracy, 2),
            format!("{:.2e}", epoch.learning_rate),
            text::duration(epoch.seconds),
            text::count(epoch.images_per_second as u64),
        ]
    };
    let columns = [
        "epoch",
        "training loss",
        "training accuracy",
        &format!("{held_out} loss"),
        &format!("{held_out} accuracy"),
        "learning rate",
        "time",
        "images/s",
    ];
    let body = html! { tbody { @for epoch in epochs { (markup::row(epoch.epoch, &cells(epoch))) } } };
    html! { details { summary { "Every epoch in figures" } (markup::table(&columns, body)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::recipe::Recipe;

    fn epochs(losses: &[f64]) -> Vec<EpochMetrics> {
        let score = |loss| Score { loss, accuracy: 1.0 - loss / 10.0 };
        let epoch = |(epoch, &loss)| EpochMetrics {
            epoch,
            seconds: 1.0,
            images_per_second: 1.0,
            learning_rate: 1.0,
            train: score(loss),
            held_out: score(loss),
        };
        (1..).zip(losses).map(epoch).collect()
    }

    fn best(epochs: &[EpochMetrics]) -> Option<&EpochMetrics> {
        best_finite(&Recipe::Default.settings(), epochs)
    }

    fn words(losses: &[f64]) -> String {
        let epochs = epochs(losses);
        best_and_last(best(&epochs), &epochs[epochs.len() - 1], "validation").into_string()
    }

    #[test]
    fn the_best_epoch_is_named_with_its_figures_beside_the_last() {
        let words = words(&[0.5, 0.2, 0.3]);
        assert!(words.contains("<b>epoch 2</b>, validation loss 0.2000, accuracy 98.00 %"), "{words}");
        assert!(words.contains("<b>epoch 3</b>, validation loss 0.3000, accuracy 97.00 %"), "{words}");
    }

    #[test]
    fn the_last_epoch_may_be_the_best() {
        let words = words(&[0.5, 0.2]);
        assert!(
            words.contains("<b>epoch 2</b>, validation loss 0.2000, accuracy 98.00 %. It is the last epoch.")
        );
    }

    #[test]
    fn the_first_of_equally_good_epochs_is_the_best_and_a_loss_that_is_no_number_never_is() {
        let best = |losses: &[f64]| best(&epochs(losses)).map(|epoch| epoch.epoch);
        assert_eq!(best(&[f64::NAN, 0.2, 0.2, f64::NAN]), Some(2));
        assert_eq!(best(&[f64::NAN, f64::INFINITY]), None);
        assert_eq!(words(&[f64::NAN]), "");
    }
}
