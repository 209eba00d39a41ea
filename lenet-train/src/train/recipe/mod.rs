//! The recipes: every number of training in one table.

mod schedule;
mod settings;
#[cfg(test)]
mod tests;

pub use schedule::Schedule;
pub use settings::{Extension, Settings, SettingsError};

use crate::augment::Augment;
use crate::data::HeldOut;
use crate::model::bits::Bits;
use crate::train::optimizer::{Algorithm, Rule};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A named set of numbers to train with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// The PyTorch tutorial's: plain SGD on all training images, scored on the test set each epoch.
    Reference,
    /// AdamW with a cosine schedule, chosen on the validation images.
    #[default]
    Default,
    /// Augmentation, a long schedule, averaged weights and quantization-aware training: the most accurate, and slow.
    Best,
    /// No training: the weights were imported.
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
    seed: 0,
    bits: Bits::INT8,
    extended: Vec::new(),
};

const BEST: Settings = Settings {
    recipe: Recipe::Best,
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
            Recipe::Imported => "imported",
        })
    }
}

impl Recipe {
    /// The recipe's numbers, with seed 0.
    pub fn settings(self) -> Settings {
        match self {
            Recipe::Reference => REFERENCE,
            Recipe::Default => DEFAULT,
            Recipe::Best => BEST,
            Recipe::Imported => Settings { recipe: Recipe::Imported, epochs: 0, ..DEFAULT },
        }
    }

    /// The recipe's numbers for a run of `epochs` epochs, 1 or more, with seed 0. The warm-up, the quantization-aware part and
    /// the memory of the average keep their shares of the run; a share below half an epoch is left out.
    pub fn settings_for(self, epochs: u32) -> Settings {
        let settings = self.settings();
        if epochs == settings.epochs {
            return settings;
        }
        let own = settings.epochs;
        let share = |of: u32| {
            let scaled = (u64::from(of) * u64::from(epochs) + u64::from(own) / 2) / u64::from(own);
            u32::try_from(scaled).expect("no share is longer than the run")
        };
        // An average remembers the last `1 / (1 - decay)` steps or so.
        let forgotten = (1.0 - settings.ema_decay) * f64::from(own) / f64::from(epochs);
        Settings {
            epochs,
            warmup_epochs: share(settings.warmup_epochs),
            qat_epochs: share(settings.qat_epochs),
            ema_decay: if settings.ema_decay > 0.0 { (1.0 - forgotten).max(0.0) } else { 0.0 },
            ..settings
        }
    }

    /// Which images are scored after each epoch. The reference trains on the whole training file.
    pub fn held_out(self) -> HeldOut {
        match self {
            Recipe::Reference => HeldOut::Test,
            Recipe::Default | Recipe::Best | Recipe::Imported => HeldOut::Validation,
        }
    }
}
