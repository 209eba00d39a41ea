//! The accuracies of several seeds, as a picture.

use super::ReportError;
use super::axis::Axis;
use super::chart::{ACCENT, Chart, HELD_OUT, Mark, TRAIN};

/// What the picture shows: fractions of the test images, one for each seed.
#[derive(Clone, Debug)]
pub struct AccuracyPlot {
    /// Seeds count up from here.
    pub first_seed: u64,
    /// Of the f32 networks.
    pub f32: Vec<f64>,
    /// Of the integers.
    pub integer: Vec<f64>,
    /// The confidence interval of the integers' mean.
    pub interval: Option<(f64, f64)>,
}

/// The picture as an SVG document.
pub(super) fn svg(plot: &AccuracyPlot) -> Result<String, ReportError> {
    let place = |(index, accuracy): (usize, &f64)| (index as f64, 100.0 * accuracy);
    let line = |accuracies: &[f64], color| Mark::Line {
        points: accuracies.iter().enumerate().map(place).collect(),
        color,
    };
    let last = plot.integer.len().saturating_sub(1) as f64;
    let mut marks = vec![line(&plot.f32, TRAIN), line(&plot.integer, HELD_OUT)];
    let mut values: Vec<f64> =
        plot.f32.iter().chain(&plot.integer).map(|accuracy| 100.0 * accuracy).collect();
    if let Some((low, high)) = plot.interval {
        for bound in [low, high].map(|bound| 100.0 * bound) {
            marks.push(Mark::Line { points: vec![(-0.5, bound), (last + 0.5, bound)], color: ACCENT });
            values.push(bound);
        }
    }
    let (least, most) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &value| {
        (least.min(value), most.max(value))
    });
    let seeds =
        (0..plot.integer.len()).map(|index| (index as f64, (plot.first_seed + index as u64).to_string()));
    let chart = Chart {
        size: (560, 320),
        x: Axis { from: -0.5, to: last + 0.5, ticks: seeds.collect() },
        y: Axis::linear(least - 0.02, most + 0.02),
        x_title: "seed; test accuracy in %: blue f32, orange integers, red the 95 % interval of their mean",
        marks,
    };
    chart.svg("accuracies of the seeds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_well_formed_document_with_a_label_for_each_seed() {
        let plot = AccuracyPlot {
            first_seed: 41,
            f32: vec![0.995, 0.9952, 0.9949],
            integer: vec![0.9951, 0.9951, 0.995],
            interval: Some((0.9948, 0.9953)),
        };
        let svg = svg(&plot).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        for seed in ["41", "42", "43"] {
            assert!(texts.contains(&seed), "{texts:?}");
        }
    }
}
