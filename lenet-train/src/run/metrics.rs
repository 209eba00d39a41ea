//! What a run measured: the per-epoch series and the final table, as `metrics.json` holds them.

use crate::data::HeldOut;
use crate::eval::check::FinalTable;
use crate::eval::confidence::RejectCurve;
use crate::model::bits::Bits;
use crate::train::EpochMetrics;
use serde::{Deserialize, Serialize};

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
