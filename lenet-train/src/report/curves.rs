//! Loss and accuracy over the epochs.

use super::ReportError;
use super::axis::{Axis, accuracy_position, loss_position};
use super::chart::{ACCENT, Chart, HELD_OUT, Mark, TRAIN};
use super::text;
use crate::data::HeldOut;
use crate::eval::score::Score;
use crate::run::metrics::Metrics;
use crate::train::EpochMetrics;

/// One of the two charts: which figure of a score it shows, and how.
struct Curve {
    name: &'static str,
    title: &'static str,
    value: fn(&Score) -> f64,
    position: fn(f64) -> f64,
    axis: fn(&[f64]) -> Axis,
    /// The result on the test split, unless the held-out split is the test split.
    test: Option<f64>,
}

/// The section with both curves and the table of their figures.
pub(super) fn section(metrics: &Metrics) -> Result<String, ReportError> {
    let epochs = metrics.epochs.as_slice();
    let held_out = held_out_name(metrics.run.held_out());
    let lead = "Training scores are means over an epoch’s batches, each scored before its own update.";
    if epochs.is_empty() {
        return Ok(text::section("curves", "Learning curves", lead, "<p>No epoch was run.</p>\n"));
    }
    let marks_test = metrics.run.held_out() == HeldOut::Validation;
    let curves = [
        Curve {
            name: "loss curve",
            title: "Loss <span>mean cross-entropy in nats, log scale</span>",
            value: |score| score.loss,
            position: loss_position,
            axis: Axis::losses,
            test: marks_test.then_some(metrics.result.f32_loss),
        },
        Curve {
            name: "accuracy curve",
            title: "Accuracy <span>error on a log scale</span>",
            value: |score| score.accuracy,
            position: accuracy_position,
            axis: Axis::accuracies,
            test: marks_test.then_some(metrics.result.f32_accuracy()),
        },
    ];
    let mut body = String::from("<div class=\"pair\">\n");
    for curve in curves {
        body += &figure(&curve, epochs, held_out)?;
    }
    body += "</div>\n";
    body += &table(epochs, held_out);
    Ok(text::section("curves", "Learning curves", lead, &body))
}

pub(super) fn held_out_name(split: HeldOut) -> &'static str {
    match split {
        HeldOut::Validation => "validation",
        HeldOut::Test => "test",
    }
}

fn figure(curve: &Curve, epochs: &[EpochMetrics], held_out: &str) -> Result<String, ReportError> {
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
    let mut legend =
        format!("<span class=\"key train\">training</span><span class=\"key held-out\">{held_out}</span>");
    if let Some(test) = test {
        marks.push(Mark::Diamond { at: (f64::from(last), (curve.position)(test)), color: ACCENT });
        legend += "<span class=\"key result\">test, f32 network, after the last epoch</span>";
    }
    let chart =
        Chart { size: (440, 270), x: Axis::epochs(last), y: (curve.axis)(&values), x_title: "epoch", marks };
    let Curve { name, title, .. } = curve;
    let svg = chart.svg(name)?;
    Ok(format!(
        "<figure><h3>{title}</h3>\n<p class=\"legend\">{legend}</p>\n\
         <div role=\"img\" aria-label=\"{name}\">{svg}</div></figure>\n"
    ))
}

fn table(epochs: &[EpochMetrics], held_out: &str) -> String {
    let rows: String = epochs
        .iter()
        .map(|epoch| {
            let cells = [
                text::number(epoch.train.loss),
                text::percent(epoch.train.accuracy, 2),
                text::number(epoch.held_out.loss),
                text::percent(epoch.held_out.accuracy, 2),
                format!("{:.2e}", epoch.learning_rate),
                text::duration(epoch.seconds),
                text::count(epoch.images_per_second as u64),
            ];
            text::row(epoch.epoch, &cells)
        })
        .collect();
    let head = text::head_row(&[
        "epoch",
        "training loss",
        "training accuracy",
        &format!("{held_out} loss"),
        &format!("{held_out} accuracy"),
        "learning rate",
        "time",
        "images/s",
    ]);
    format!(
        "<details><summary>Every epoch in figures</summary>\n<div class=\"scroll\"><table class=\"figures\">\n\
         {head}<tbody>\n{rows}</tbody></table></div></details>\n"
    )
}
