//! A made-up run, and what is checked of its page and its files.

mod files;
mod page;

use super::*;
use crate::eval::check::Misclassified;
use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::eval::dead_units::DeadUnits;
use crate::eval::score::Score;
use crate::model::weights::FloatWeights;
use crate::model::weights::{Affine, layer_shapes};
use crate::train::recipe::{Recipe, Settings};
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};

/// A run that owns what [`ReportInputs`] borrows.
struct Run {
    metrics: Metrics,
    weights: FloatWeights,
    weight_clips: [Vec<f32>; 5],
    activations: Vec<ActivationHistogram>,
    dead_units: Vec<DeadUnits>,
    misclassified: Vec<Misclassified>,
    sizes: Vec<SizeRow>,
    augmented: Vec<AugmentedImage>,
    generated: Vec<GeneratedImages>,
}

impl Run {
    fn page(&self) -> String {
        page(&self.inputs()).unwrap()
    }

    fn inputs(&self) -> ReportInputs<'_> {
        ReportInputs {
            metrics: &self.metrics,
            weights: &self.weights,
            weight_clips: &self.weight_clips,
            activations: &self.activations,
            dead_units: &self.dead_units,
            misclassified: &self.misclassified,
            score_card: None,
            sizes: &self.sizes,
            augmented: &self.augmented,
            generated: &self.generated,
        }
    }
}

fn synthetic_metrics(epochs: u32) -> Metrics {
    let score = |loss: f64| Score { loss, accuracy: 1.0 - loss / 10.0 };
    let epoch = |epoch: u32| EpochMetrics {
        epoch,
        seconds: 12.5,
        images_per_second: 4_000.0,
        learning_rate: 1e-3,
        train: score(0.5 / f64::from(epoch)),
        held_out: score(0.4 / f64::from(epoch)),
    };
    let mut confusion = vec![vec![0; CLASSES]; CLASSES];
    for (label, counts) in confusion.iter_mut().enumerate() {
        counts[label] = 99;
        counts[(label + 3) % CLASSES] = 1;
    }
    Metrics {
        run: run_config(epochs),
        epochs: (1..=epochs).map(epoch).collect(),
        exported_epoch: Some(epochs),
        result: FinalTable {
            images: 1000,
            f32_correct: 991,
            f32_loss: 0.03,
            integer_correct: 990,
            differing: 3,
            confusion,
            flash_bytes: 45_678,
            ram_bytes: 1_234,
        },
        confidence: Confidence { threshold: 700, validation: Some(reject_curve()), test: reject_curve() },
    }
}

fn run_config(epochs: u32) -> RunConfig {
    let mut run = RunConfig::new(Settings { epochs, seed: 7, ..Recipe::Default.settings() });
    run.data.contents = "mnist".into();
    run.data.classes = (0..CLASSES).map(|class| class.to_string()).collect();
    (run.data.train_images, run.data.validation_images, run.data.test_images) = (900, 100, 1000);
    run
}

/// From one mistake in a hundred down to none.
fn reject_curve() -> RejectCurve {
    let point = |threshold: u16, coverage: f64| RejectPoint {
        threshold,
        coverage,
        wrong: if coverage > 0.9 { 10 } else { 0 },
        accuracy: if coverage > 0.9 { 0.99 } else { 1.0 },
    };
    RejectCurve {
        confident: point(700, 0.975),
        points: vec![point(3, 1.0), point(600, 0.98), point(900, 0.8)],
    }
}

fn synthetic(epochs: u32) -> Run {
    let [conv1, conv2, fc1, fc2, fc3] = layer_shapes(CLASSES).map(|[outputs, fan_in]| Affine {
        weight: (0..outputs * fan_in).map(|index| ((index * 37 % 101) as f32 - 50.0) / 100.0).collect(),
        bias: vec![0.0; outputs],
    });
    let mistake = Misclassified {
        index: 8,
        image: std::array::from_fn(|index| (index % 256) as u8),
        label: 5,
        predicted: 6,
        confidence: 40,
    };
    Run {
        metrics: synthetic_metrics(epochs),
        weights: FloatWeights { conv1, conv2, fc1, fc2, fc3 },
        weight_clips: layer_shapes(CLASSES).map(|[outputs, _]| vec![0.45; outputs]),
        activations: vec![ActivationHistogram {
            layer: "conv1",
            max: 4.0,
            clip: 3.0,
            counts: vec![900, 90, 9, 1],
        }],
        dead_units: vec![DeadUnits { layer: "fc1", dead: 34, units: 120 }],
        misclassified: vec![mistake],
        augmented: vec![AugmentedImage { original: [9; IMAGE_PIXELS], seen: vec![[7; IMAGE_PIXELS]; 3] }],
        generated: vec![GeneratedImages { source: "what is no digit", images: vec![[5; IMAGE_PIXELS]; 20] }],
        sizes: vec![SizeRow {
            layer: "conv1".into(),
            weights: 150,
            weight_bytes: 150,
            bias_bytes: 24,
            requant_bytes: 18,
        }],
    }
}
