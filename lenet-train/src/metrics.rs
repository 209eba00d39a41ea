//! What a run measured: the per-epoch series and the final table, as `metrics.json` holds them.

use crate::confidence::RejectCurve;
use crate::quantize::Bits;
use lenet_infer::host::evaluation::{Confusion, recall};
use serde::{Deserialize, Serialize};

/// Mean cross-entropy and accuracy over one split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Fraction of images classified correctly, 0 to 1.
    pub accuracy: f64,
}

/// The split that was scored after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldOut {
    /// The last images of the training file, never trained on.
    Validation,
    /// The test file: only the reference recipe looks at it during training.
    Test,
}

/// One epoch's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: u32,
    /// Wall time of the epoch's training steps, in seconds; scoring the held-out split is not in it.
    pub seconds: f64,
    /// Training images a second of wall time.
    pub images_per_second: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean over the epoch's batches, each scored before its own update.
    pub train: Score,
    /// The held-out split after the epoch.
    pub held_out: Score,
}

/// What was trained, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// Name of the recipe.
    pub recipe: String,
    /// Name of the data set.
    pub dataset: String,
    /// Name of each class: its number where it has no other.
    pub class_names: Vec<String>,
    /// Device the network was trained on: `cpu` or `cuda`.
    pub device: String,
    /// Seed of the initial weights and of the order of the images.
    pub seed: u64,
    /// Epochs asked for.
    pub epochs: u32,
    /// Images a step.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Name of the optimiser.
    pub optimizer: String,
    /// Worker threads.
    pub threads: usize,
    /// Images trained on.
    pub train_images: usize,
    /// Images held out of the training file (0: trained on all of them).
    pub validation_images: usize,
    /// Bits of the exported model.
    pub bits: Bits,
}

/// The check of the exported file: all test images through the integer engine, beside the f32 network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalTable {
    /// Test images.
    pub images: usize,
    /// Test images that the f32 network classified correctly.
    pub f32_correct: usize,
    /// Mean cross-entropy of the f32 network on the test images, in nats.
    pub f32_loss: f64,
    /// Test images that the integer engine classified correctly.
    pub integer_correct: usize,
    /// Test images on which the two differ in class.
    pub differing: usize,
    /// `confusion[label][predicted]`, by the integer engine.
    pub confusion: Confusion,
    /// Bytes of the model file.
    pub flash_bytes: usize,
    /// Bytes of the engine's scratch arena.
    pub ram_bytes: usize,
    /// Wall time of the whole run, in seconds; of the parts before a resume, that of their training steps.
    pub run_seconds: f64,
}

/// The exported model's confidence, and how right the confident predictions are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The confidence from which a prediction is confident, in 1/256 nat; 0 when none was chosen, as nothing was held out.
    pub threshold: u16,
    /// On the images that the threshold was chosen on.
    pub validation: Option<RejectCurve>,
    /// On the test images.
    pub test: RejectCurve,
}

/// The whole of `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// What was trained, and how.
    pub settings: RunSettings,
    /// The split that `held_out` scores.
    pub held_out: HeldOut,
    /// One entry an epoch.
    pub epochs: Vec<EpochMetrics>,
    /// The check of the exported file.
    pub result: FinalTable,
    /// The model's confidence.
    pub confidence: Confidence,
}

impl FinalTable {
    /// Accuracy of the f32 network, 0 to 1.
    pub fn f32_accuracy(&self) -> f64 {
        self.f32_correct as f64 / self.images as f64
    }

    /// Accuracy of the integer engine, 0 to 1.
    pub fn integer_accuracy(&self) -> f64 {
        self.integer_correct as f64 / self.images as f64
    }

    /// Fraction of each class's images that the integer engine found; `None` for a class without images.
    pub fn recall(&self) -> Vec<Option<f64>> {
        recall(&self.confusion)
    }
}
