//! What is gained by leaving out predictions that are not confident: accuracy against coverage.

use lenet_infer::host::evaluation::CONFIDENCE_STEPS;
use maud::{Markup, html};

use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::report::axis::{Axis, accuracy_position};
use crate::report::chart::{ACCENT, Chart, HELD_OUT, Mark};
use crate::report::{ReportError, markup, text};
use crate::run::metrics::Confidence;

/// The columns of both tables.
const COLUMNS: [&str; 5] = ["split", "least confidence", "coverage", "accuracy", "wrong"];

/// The section with the reject curves of both splits and their figures.
pub(super) fn section(confidence: &Confidence) -> Result<Markup, ReportError> {
    let Confidence { threshold, validation, test } = confidence;
    let splits: Vec<(&str, &RejectCurve)> =
        validation.iter().map(|curve| ("validation", curve)).chain([("test", test)]).collect();
    let body = html! {
        div.pair {
            (figure(validation.as_ref(), test)?)
            div {
                h3 { @if validation.is_some() { "At the threshold" } @else { "All predictions" } }
                (table(splits.iter().map(|(split, curve)| (*split, &curve.confident))))
                details {
                    summary { "The curves in figures" }
                    (table(splits.iter().flat_map(|(split, curve)| curve.points.iter().map(|point| (*split, point)))))
                }
            }
        }
    };
    Ok(markup::section("confidence", "Confidence", lead(*threshold), body))
}

fn lead(threshold: u16) -> String {
    let what = "The coverage is the share of the images whose prediction is confident enough, the accuracy that of these \
                predictions.";
    if threshold == 0 {
        return format!(
            "{what} The model has no threshold, because no images were held out to choose one: every prediction counts as \
             confident."
        );
    }
    let nats = f64::from(threshold) / CONFIDENCE_STEPS;
    format!(
        "{what} The model’s threshold is {threshold}, which is {nats:.2} nats. It was chosen on the validation images, \
         distorted as the training images are, so that at most 1 image in 1,000 is classified both confidently and wrongly."
    )
}

fn figure(validation: Option<&RejectCurve>, test: &RejectCurve) -> Result<Markup, ReportError> {
    let curves: Vec<(&RejectCurve, _)> =
        validation.map(|curve| (curve, HELD_OUT)).into_iter().chain([(test, ACCENT)]).collect();
    let points = || curves.iter().flat_map(|(curve, _)| curve.points.iter().chain(confident(curve)));
    let accuracies: Vec<f64> = points().map(|point| point.accuracy).collect();
    let least = points().map(|point| point.coverage).fold(0.99, f64::min);
    let lines = curves.iter().map(|&(curve, color)| Mark::Line { points: line(curve), color });
    // Without validation images there is no threshold to mark.
    let marked = curves.iter().filter(|_| validation.is_some());
    let diamonds =
        marked.filter_map(|&(curve, color)| Some(Mark::Diamond { at: place(confident(curve)?), color }));
    let chart = Chart {
        size: (440, 270),
        x: Axis::linear(100.0 * least, 100.0),
        y: Axis::accuracies(&accuracies),
        x_title: "coverage (% of the images)",
        y_title: "",
        legend: vec![],
        marks: lines.chain(diamonds).collect(),
    };
    let drawing = markup::drawing(&chart, "accuracy against coverage")?;
    Ok(html! {
        figure {
            h3 { "Accuracy against coverage" " " span { "in %, error on a log scale" } }
            p.legend {
                @if validation.is_some() { span.key.held-out { "validation" } }
                span.key { "test" }
                @if validation.is_some() { span { "diamonds: at the threshold" } }
            }
            (drawing)
        }
    })
}

/// The predictions that reach the threshold, if any does: none has no accuracy to draw.
fn confident(curve: &RejectCurve) -> Option<&RejectPoint> {
    Some(&curve.confident).filter(|point| point.coverage > 0.0)
}

fn place(point: &RejectPoint) -> (f64, f64) {
    (100.0 * point.coverage, accuracy_position(point.accuracy))
}

fn line(curve: &RejectCurve) -> Vec<(f64, f64)> {
    curve.points.iter().map(place).collect()
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a RejectPoint)>) -> Markup {
    let body = html! { tbody { @for (split, point) in rows { (markup::row(split, &cells(point))) } } };
    markup::table(&COLUMNS, body)
}

fn cells(point: &RejectPoint) -> [String; 4] {
    let RejectPoint { threshold, coverage, wrong, accuracy } = *point;
    let accuracy = if coverage > 0.0 { text::percent(accuracy, 2) } else { text::NONE.to_owned() };
    [threshold.to_string(), text::percent(coverage, 2), accuracy, text::size(wrong)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_prediction_is_confident_there_is_no_accuracy_to_show() {
        let point = |threshold, coverage| RejectPoint { threshold, coverage, wrong: 0, accuracy: 1.0 };
        let [none, all] = [point(900, 0.0), point(3, 1.0)];
        assert_eq!(cells(&none), ["900", "0.00 %", text::NONE, "0"]);
        assert_eq!(cells(&all), ["3", "100.00 %", "100.00 %", "0"]);
        let curve = |confident| RejectCurve { confident, points: vec![all] };
        assert_eq!(confident(&curve(none)), None);
        assert_eq!(confident(&curve(all)), Some(&all));
        let confidence = Confidence { threshold: 900, validation: Some(curve(none)), test: curve(none) };
        let row = markup::row("test", &cells(&none)).into_string();
        assert!(section(&confidence).unwrap().into_string().contains(&row));
    }
}
