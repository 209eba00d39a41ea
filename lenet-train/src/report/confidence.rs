//! What is gained by leaving out predictions that are not confident: accuracy against coverage.

use super::ReportError;
use super::axis::{Axis, accuracy_position};
use super::chart::{ACCENT, Chart, HELD_OUT, Mark};
use super::text;
use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::run::metrics::Confidence;
use lenet_infer::host::evaluation::CONFIDENCE_STEPS;

/// The section with the reject curves of both splits and their figures.
pub(super) fn section(confidence: &Confidence) -> Result<String, ReportError> {
    let Confidence { threshold, validation, test } = confidence;
    let curves: Vec<&RejectCurve> = validation.iter().chain([test]).collect();
    let points = || curves.iter().flat_map(|curve| curve.points.iter().chain(confident(curve)));
    let accuracies: Vec<f64> = points().map(|point| point.accuracy).collect();
    let least = points().map(|point| point.coverage).fold(0.99, f64::min);
    let mut marks = vec![Mark::Line { points: line(test), color: ACCENT }];
    if let Some(validation) = validation {
        marks.insert(0, Mark::Line { points: line(validation), color: HELD_OUT });
        marks.extend(
            curves
                .iter()
                .zip([HELD_OUT, ACCENT])
                .filter_map(|(curve, color)| Some(Mark::Diamond { at: place(confident(curve)?), color })),
        );
    }
    let chart = Chart {
        size: (440, 270),
        x: Axis::linear(100.0 * least, 100.0),
        y: Axis::accuracies(&accuracies),
        x_title: "coverage: % of the images that are confident enough",
        marks,
    };
    let legend = match validation {
        Some(_) => {
            "<span class=\"key held-out\">validation</span><span class=\"key result\">test</span> \
             <span>diamonds: at the threshold</span>"
        }
        None => "<span class=\"key result\">test</span>",
    };
    let figure = format!(
        "<figure><h3>Accuracy of the confident predictions <span>error on a log scale</span></h3>\n\
         <p class=\"legend\">{legend}</p>\n<div role=\"img\" aria-label=\"reject curve\">{}</div></figure>\n",
        chart.svg("reject curve")?
    );
    let table = table(validation.as_ref(), test);
    Ok(text::section(
        "confidence",
        "Confidence",
        &lead(*threshold),
        &format!("<div class=\"pair\">\n{figure}{table}</div>\n"),
    ))
}

fn lead(threshold: u16) -> String {
    if threshold == 0 {
        return "The model has no threshold, as no images were held out to choose it on: every prediction counts as confident."
            .to_owned();
    }
    let nats = f64::from(threshold) / CONFIDENCE_STEPS;
    format!(
        "A prediction is confident from {threshold} ({nats:.2} nats) on, chosen on the validation images so that at most \
         one image in a thousand passes as confident and is wrong."
    )
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

fn table(validation: Option<&RejectCurve>, test: &RejectCurve) -> String {
    let rows = |split: &str, curve: &RejectCurve| {
        let threshold = text::row(format!("{split}, at the threshold"), &cells(&curve.confident));
        let points = curve.points.iter().map(|point| text::row(split, &cells(point)));
        threshold + &points.collect::<String>()
    };
    let head = text::head_row(&["split", "confidence from", "coverage", "accuracy", "wrong"]);
    let validation = validation.map_or_else(String::new, |curve| rows("validation", curve));
    format!(
        "<details><summary>The curves in figures</summary>\n<div class=\"scroll\"><table class=\"figures\">\n\
         {head}<tbody>\n{validation}{}</tbody></table></div></details>\n",
        rows("test", test)
    )
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
        assert!(section(&confidence).unwrap().contains(&text::row("test, at the threshold", &cells(&none))));
    }
}
