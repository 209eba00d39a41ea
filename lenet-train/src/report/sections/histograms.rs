//! Histograms of the weights and of the activations, with the clipping that was chosen for each.

use maud::{Markup, html};

use crate::model::weights::{FloatWeights, LAYERS, layer_shapes};
use crate::report::axis::{Axis, log_count_position};
use crate::report::chart::{ACCENT, BARS, Chart, Mark};
use crate::report::{ActivationHistogram, ReportError, markup, text};

// Five layers have weights and fill rows of three; four have activations to quantize and fill rows of two.
const WEIGHTS_SIZE: (u32, u32) = (340, 200);
const ACTIVATIONS_SIZE: (u32, u32) = (440, 200);
/// Where a weight would clip is shown up to here, as a multiple of the layer's largest weight.
const FARTHEST_CLIP: f64 = 1.25;

/// The section with a histogram of each layer's weights.
pub(super) fn weights_section(
    weights: &FloatWeights,
    clips: &[Vec<f32>; LAYERS.len()],
) -> Result<Markup, ReportError> {
    let shapes = layer_shapes(weights.classes());
    let layers = LAYERS.into_iter().zip(shapes).zip(weights.layers()).zip(clips);
    let body = html! {
        div.grid {
            @for (((layer, [_, fan_in]), affine), clips) in layers {
                (weights_figure(layer, fan_in, &affine.weight, clips)?)
            }
        }
    };
    let lead = html! {
        "Weights before quantization. Each output channel has its own scale: "
        span.key.rug { "the marks at the top" }
        " are the weights that become the largest integer (±127 in int8, ±112 in int4, ±64 if ternary) in each channel. \
         Larger weights are clipped to it."
    };
    Ok(markup::section("weights", "Weights", lead, body))
}

/// The section with a histogram of each layer's activations.
pub(super) fn activations_section(histograms: &[ActivationHistogram]) -> Result<Markup, ReportError> {
    let body = html! { div.pair { @for histogram in histograms { (activations_figure(histogram)?) } } };
    let lead = html! {
        "Activations over the calibration images. "
        span.key.rule { "The line" }
        " is the activation that becomes 255. Larger activations are clipped to it."
    };
    Ok(markup::section("activations", "Activations", lead, body))
}

fn weights_figure(layer: &str, fan_in: usize, weights: &[f32], clips: &[f32]) -> Result<Markup, ReportError> {
    let finite = weights.iter().map(|&weight| f64::from(weight)).filter(|weight| weight.is_finite());
    let finite: Vec<f64> = finite.collect();
    let largest = finite.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
    if largest == 0.0 {
        return Ok(note(layer, "no weight differs from 0"));
    }
    let limits = clips.iter().map(|&clip| f64::from(clip));
    let limits: Vec<f64> = limits.filter(|clip| *clip <= FARTHEST_CLIP * largest).collect();
    let reach = limits.iter().fold(largest, |reach, &clip| reach.max(clip));
    let counts = symmetric_counts(&finite, reach);
    let most = counts.iter().copied().max().unwrap_or(0);
    let chart = Chart {
        size: WEIGHTS_SIZE,
        x: Axis::linear(-reach, reach),
        y: Axis::counts(most),
        x_title: "weight",
        y_title: "",
        legend: vec![],
        marks: vec![
            Mark::Steps { heights: counts.iter().map(|&count| count as f64).collect(), color: BARS },
            Mark::Rug { xs: limits.iter().flat_map(|&clip| [-clip, clip]).collect(), color: ACCENT },
        ],
    };
    let beyond = weights.chunks(fan_in).zip(clips);
    let beyond: usize =
        beyond.map(|(channel, clip)| channel.iter().filter(|weight| weight.abs() > *clip).count()).sum();
    let clipped = match clips {
        [] => String::new(),
        _ => format!(", {}", clipped(beyond as f64 / weights.len() as f64)),
    };
    let caption = format!("{} weights, largest ±{largest:.3}{clipped}", text::size(weights.len()));
    figure(layer, &chart, "number of weights", &caption)
}

/// Counts in an odd number of equal bins from `-largest` to `largest`, so that zero has a bin of its own.
fn symmetric_counts(weights: &[f64], reach: f64) -> Vec<u64> {
    let bins = ((weights.len() as f64).sqrt() as usize).clamp(15, 61) | 1;
    let mut counts = vec![0; bins];
    for weight in weights {
        let bin = ((weight / reach + 1.0) / 2.0 * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    counts
}

fn activations_figure(histogram: &ActivationHistogram) -> Result<Markup, ReportError> {
    let ActivationHistogram { layer, max, clip, counts } = histogram;
    let (max, clip) = (f64::from(*max), f64::from(*clip));
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return Ok(note(layer, "no activation was measured"));
    }
    if !max.is_finite() || max <= 0.0 {
        return Ok(note(layer, "all activations are 0"));
    }
    let mut marks = vec![Mark::Steps {
        heights: counts.iter().map(|&count| log_count_position(count)).collect(),
        color: BARS,
    }];
    if (0.0..=max).contains(&clip) {
        marks.push(Mark::Rule { x: clip, color: ACCENT });
    }
    let chart = Chart {
        size: ACTIVATIONS_SIZE,
        x: Axis::linear(0.0, max),
        y: Axis::log_counts(most),
        x_title: "activation",
        y_title: "",
        legend: vec![],
        marks,
    };
    let clipped = match fraction_beyond(counts, clip / max) {
        beyond if beyond > 0.0 => format!(", {} at {clip:.2}", clipped(beyond)),
        beyond if clip.is_finite() => format!(", {}", clipped(beyond)),
        _ => String::new(),
    };
    let caption = format!("largest {max:.2}{clipped}");
    figure(layer, &chart, "number of activations, log scale", &caption)
}

fn clipped(fraction: f64) -> String {
    if fraction > 0.0 { format!("{} clipped", text::rare_percent(fraction)) } else { "none clipped".into() }
}

/// The fraction of values beyond `edge`, itself a fraction of the histogram's width. Values are taken to be spread evenly
/// within the bin that `edge` cuts.
fn fraction_beyond(counts: &[u64], edge: f64) -> f64 {
    let edge = edge * counts.len() as f64;
    let beyond = counts.iter().enumerate().map(|(bin, &count)| {
        let part = ((bin + 1) as f64 - edge).clamp(0.0, 1.0);
        part * count as f64
    });
    beyond.sum::<f64>() / counts.iter().sum::<u64>() as f64
}

fn figure(layer: &str, chart: &Chart, y_title: &str, caption: &str) -> Result<Markup, ReportError> {
    let drawing = markup::drawing(chart, &format!("histogram of {layer}"))?;
    Ok(html! {
        figure {
            h3 { (layer) " " span { (y_title) } }
            (drawing)
            figcaption { (caption) }
        }
    })
}

fn note(layer: &str, what: &str) -> Markup {
    html! { figure { h3 { (layer) } p.note { (what) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bin_that_the_clipping_cuts_counts_in_part() {
        assert_eq!(fraction_beyond(&[90, 6, 4], 1.0), 0.0);
        assert_eq!(fraction_beyond(&[90, 6, 4], 0.0), 1.0);
        assert_eq!(fraction_beyond(&[4, 4], 0.75), 0.25);
    }

    #[test]
    fn every_weight_falls_in_a_bin_and_zero_in_the_middle_one() {
        let counts = symmetric_counts(&[-0.5, 0.0, 0.0, 0.5], 0.5);
        assert_eq!((counts.len(), counts[0], counts[7], counts[14]), (15, 1, 2, 1));
    }

    #[test]
    fn degenerate_activations_leave_a_note() {
        let zeros = ActivationHistogram { layer: "conv1", max: 0.0, clip: 0.0, counts: vec![9, 0, 0] };
        assert!(activations_figure(&zeros).unwrap().into_string().contains("all activations are 0"));
        let nothing = ActivationHistogram { counts: vec![], ..zeros };
        assert!(activations_figure(&nothing).unwrap().into_string().contains("no activation was measured"));
    }
}
