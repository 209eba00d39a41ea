//! The accuracies of several seeds, as a picture.

use plotters::style::Color as _;

use super::ReportError;
use super::axis::Axis;
use super::chart::{ACCENT, Chart, HELD_OUT, Mark, TRAIN, translucent};

/// How far the two accuracies of one seed are drawn from its tick, as a fraction of the distance between ticks.
const ASIDE: f64 = 0.1;

/// More seeds than this do not all get a label.
const MOST_LABELS: usize = 12;

/// What the picture shows: fractions of the test images, one per seed.
#[derive(Clone, Debug)]
pub struct AccuracyPlot {
    /// The seeds count up from this one.
    pub first_seed: u64,
    /// Accuracies of the f32 networks, 0 to 1.
    pub f32: Vec<f64>,
    /// Accuracies of the exported integer files, 0 to 1.
    pub integer: Vec<f64>,
    /// The 95 % confidence interval of the integer files' mean accuracy.
    pub interval: Option<(f64, f64)>,
}

/// The picture as an SVG document.
pub(super) fn svg(plot: &AccuracyPlot) -> Result<String, ReportError> {
    let AccuracyPlot { first_seed, f32, integer, interval } = plot;
    let dots = |accuracies: &[f64], aside: f64, color| {
        let places = accuracies.iter().zip(0_u32..);
        let points = places.map(|(accuracy, index)| (f64::from(index) + aside, 100.0 * accuracy));
        Mark::Dots { points: points.collect(), color }
    };
    let mut marks = vec![dots(f32, -ASIDE, TRAIN), dots(integer, ASIDE, HELD_OUT)];
    let mut legend = vec![("f32 network", TRAIN.filled()), ("exported integer file", HELD_OUT.filled())];
    let bounds = interval.map(|(low, high)| [100.0 * low, 100.0 * high]);
    if let Some([from, to]) = bounds {
        // Drawn first, so that the dots lie on it.
        marks.insert(0, Mark::Band { from, to, color: ACCENT });
        legend.push(("95 % confidence interval of the integer files’ mean", translucent(&ACCENT)));
    }
    let percentages = f32.iter().chain(integer).map(|accuracy| 100.0 * accuracy);
    let values = percentages.chain(bounds.into_iter().flatten());
    let (least, most) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    let labeled = (0..integer.len()).step_by(integer.len().div_ceil(MOST_LABELS).max(1));
    let seeds = labeled.map(|index| (index as f64, (first_seed + index as u64).to_string()));
    let chart = Chart {
        size: (560, 380),
        x: Axis { from: -0.5, to: integer.len() as f64 - 0.5, ticks: seeds.collect() },
        y: Axis::linear(least - 0.02, most + 0.02),
        x_title: "seed",
        y_title: "accuracy on the test set (%)",
        legend,
        marks,
    };
    chart.svg("accuracies of the seeds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_well_formed_document_with_units_a_legend_and_a_label_for_each_seed() {
        let plot = AccuracyPlot {
            first_seed: 41,
            f32: vec![0.995, 0.9952, 0.9949],
            integer: vec![0.9951, 0.9951, 0.995],
            interval: Some((0.9948, 0.9953)),
        };
        let svg = svg(&plot).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        let legend =
            ["f32 network", "exported integer file", "95 % confidence interval of the integer files’ mean"];
        for expected in ["41", "42", "43", "seed", "accuracy on the test set (%)"].iter().chain(&legend) {
            assert!(texts.contains(expected), "{expected}: {texts:?}");
        }
    }
}
