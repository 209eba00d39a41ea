//! The recipes: named sets of training settings.

mod described;
mod schedule;
mod seed;
mod settings;
#[cfg(test)]
mod tests;

pub use described::described;
pub use schedule::Schedule;
pub use settings::{Extension, Settings, SettingsError};

use crate::augment::Augment;
use crate::data::HeldOut;
use crate::generate::Mix;
use crate::model::bits::Bits;
use crate::train::optimizer::{Algorithm, Rule};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A named set of training settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// As in the PyTorch tutorial: SGD, 21 epochs, on all training images; scores the test images after each epoch.
    Reference,
    /// AdamW with a cosine schedule, 60 epochs.
    #[default]
    Default,
    /// The best for real pictures, and slow: augmentation, generated images, 100 epochs, averaged weights, quantization-aware
    /// training.
    Best,
    /// As best, but for MNIST's own test set: without generated images, 200 epochs.
    Mnist,
    /// Imported weights, which are not trained.
    #[value(skip)]
    Imported,
}

const REFERENCE: Settings = Settings {
    recipe: Recipe::Reference,
    epochs: 21,
    batch_size: 128,
    learning_rate: 1e-3,
    schedule: Schedule::Constant,
    warmup_epochs: 0,
    rule: Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 0.0 },
    label_smoothing: 0.0,
    ema_decay: 0.0,
    distillation: 1.0,
    temperature: 1.0,
    qat_epochs: 0,
    early_stop: 0,
    augment: Augment::OFF,
    mix: Mix::OFF,
    seed: 0,
    bits: Bits::INT8,
    extended: Vec::new(),
};

const DEFAULT: Settings = Settings {
    recipe: Recipe::Default,
    epochs: 60,
    batch_size: 128,
    learning_rate: 3e-3,
    schedule: Schedule::Cosine,
    warmup_epochs: 0,
    rule: Rule { algorithm: Algorithm::AdamW, momentum: 0.9, weight_decay: 0.2 },
    label_smoothing: 0.0,
    ema_decay: 0.0,
    distillation: 1.0,
    temperature: 1.0,
    qat_epochs: 0,
    early_stop: 0,
    augment: Augment::OFF,
    mix: Mix::OFF,
    seed: 0,
    bits: Bits::INT8,
    extended: Vec::new(),
};

const BEST: Settings = Settings {
    recipe: Recipe::Best,
    epochs: 100,
    batch_size: 128,
    learning_rate: 3e-3,
    schedule: Schedule::Cosine,
    warmup_epochs: 3,
    rule: Rule { algorithm: Algorithm::AdamW, momentum: 0.9, weight_decay: 0.03 },
    label_smoothing: 0.0,
    ema_decay: 0.998,
    distillation: 1.0,
    temperature: 1.0,
    qat_epochs: 20,
    early_stop: 0,
    augment: Augment { rotation: 12.0, shift: 2.0, scale: 0.12, shear: 0.15, elastic: 2.0, stroke: 0.0 },
    mix: Mix { hands: 0.4, world: 1.0, non_digits: 0.2 },
    seed: 0,
    bits: Bits::INT8,
    extended: Vec::new(),
};

const MNIST: Settings = Settings {
    recipe: Recipe::Mnist,
    epochs: 200,
    batch_size: 128,
    learning_rate: 3e-3,
    schedule: Schedule::Cosine,
    warmup_epochs: 5,
    rule: Rule { algorithm: Algorithm::AdamW, momentum: 0.9, weight_decay: 0.1 },
    label_smoothing: 0.0,
    ema_decay: 0.999,
    distillation: 1.0,
    temperature: 1.0,
    qat_epochs: 40,
    early_stop: 0,
    augment: Augment { rotation: 12.0, shift: 2.0, scale: 0.12, shear: 0.15, elastic: 2.0, stroke: 0.0 },
    mix: Mix::OFF,
    seed: 0,
    bits: Bits::INT8,
    extended: Vec::new(),
};

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Recipe::Reference => "reference",
            Recipe::Default => "default",
            Recipe::Best => "best",
            Recipe::Mnist => "mnist",
            Recipe::Imported => "imported",
        })
    }
}

impl Recipe {
    /// Returns the settings of the recipe, with seed 0.
    pub fn settings(self) -> Settings {
        match self {
            Recipe::Reference => REFERENCE,
            Recipe::Default => DEFAULT,
            Recipe::Best => BEST,
            Recipe::Mnist => MNIST,
            Recipe::Imported => Settings { recipe: Recipe::Imported, epochs: 0, ..DEFAULT },
        }
    }

    /// Returns the settings of the recipe for a run of `epochs` epochs, 1 or more, with seed 0.
    ///
    /// The warm-up, the quantization-aware training and the time constant of the weight average are scaled with the
    /// length of the run, and rounded to whole epochs.
    pub fn settings_for(self, epochs: u32) -> Settings {
        let settings = self.settings();
        if self == Recipe::Imported {
            return Settings { epochs, ..settings };
        }
        if epochs == settings.epochs {
            return settings;
        }
        let own = settings.epochs;
        let share = |of: u32| {
            let scaled = (u64::from(of) * u64::from(epochs) + u64::from(own) / 2) / u64::from(own);
            u32::try_from(scaled).expect("a part is no longer than the run")
        };
        // The time constant of the average is about `1 / (1 - decay)` steps.
        let forgotten = (1.0 - settings.ema_decay) * f64::from(own) / f64::from(epochs);
        Settings {
            epochs,
            warmup_epochs: share(settings.warmup_epochs),
            qat_epochs: share(settings.qat_epochs),
            ema_decay: if settings.ema_decay > 0.0 { (1.0 - forgotten).max(0.0) } else { 0.0 },
            ..settings
        }
    }

    /// Returns which images are scored after each epoch. The reference recipe trains on all training images, and scores the
    /// test images.
    pub fn held_out(self) -> HeldOut {
        match self {
            Recipe::Reference => HeldOut::Test,
            Recipe::Default | Recipe::Best | Recipe::Mnist | Recipe::Imported => HeldOut::Validation,
        }
    }
}
