//! The recipes: every number of training in one table.

use crate::augment::Augment;
use crate::data::HeldOut;
use crate::model::bits::Bits;
use crate::train::optimizer::{Algorithm, Rule};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;
use std::ops::RangeInclusive;
use thiserror::Error;

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
}

/// How the learning rate changes during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// From the peak at the first step down half a cosine, to 0 after the last.
    Cosine,
}

/// All that decides the outcome of a run, besides the images and the kind of device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where the numbers started from; it also decides which images are held out.
    pub recipe: Recipe,
    /// Passes over the training images, 1 or more.
    pub epochs: u32,
    /// Images a step, 1 or more.
    pub batch_size: usize,
    /// Peak learning rate, above 0.
    pub learning_rate: f64,
    /// How it changes after the warm-up.
    pub schedule: Schedule,
    /// Epochs over which it rises to the peak first.
    pub warmup_epochs: u32,
    /// The optimiser's rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Share of each target, 0 to 1, that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// Decay, below 1, of the moving average of the weights that the run delivers; 0 delivers the last weights.
    pub ema_decay: f64,
    /// Share of the loss, 0 to 1, that is the teachers' rather than the labels', in a run that has teachers.
    pub distillation: f64,
    /// What the teachers' logits and the run's own are divided by when they are compared.
    pub temperature: f64,
    /// Last epochs that train the network as its integers will calculate; 0 quantizes after training.
    pub qat_epochs: u32,
    /// How images are changed before they are trained on.
    #[serde(flatten)]
    pub augment: Augment,
    /// Seed of the initial weights and of the order of the images.
    pub seed: u64,
    /// Bits of the exported model.
    pub bits: Bits,
}

/// Why a run with these settings cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The warm-up outlasts the run.
    #[error(
        "--warmup-epochs: expected at most the run's {epochs} epochs, found {found}: lower it, or raise --epochs"
    )]
    Warmup {
        /// Epochs of the run.
        epochs: u32,
        /// Epochs of the warm-up.
        found: u32,
    },
    /// Quantization-aware training would choose its activation ranges on random weights.
    #[error(
        "--qat-epochs: expected fewer than the run's {epochs} epochs, as the activation ranges are chosen on weights that \
         are trained already, found {found}: lower it, or raise --epochs"
    )]
    QuantizationAware {
        /// Epochs of the run.
        epochs: u32,
        /// Epochs of quantization-aware training.
        found: u32,
    },
    /// The seeds counted up from the first pass the largest there is.
    #[error("--seed: expected at most {}, as {count} seeds are counted up from it, found {first}", u64::MAX - (count - 1))]
    Seeds {
        /// The first seed.
        first: u64,
        /// Seeds asked for.
        count: u64,
    },
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
    augment: Augment::OFF,
    seed: 0,
    bits: Bits::INT8,
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
    augment: Augment::OFF,
    seed: 0,
    bits: Bits::INT8,
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
    augment: Augment { rotation: 12.0, shift: 2.0, scale: 0.12, shear: 0.15, elastic: 2.0, stroke: 0.0 },
    seed: 0,
    bits: Bits::INT8,
};

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Recipe::Reference => "reference",
            Recipe::Default => "default",
            Recipe::Best => "best",
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
            Recipe::Default | Recipe::Best => HeldOut::Validation,
        }
    }
}

impl Settings {
    /// Finds combinations that cannot work in a run that begins at random weights.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn check(&self) -> Result<(), SettingsError> {
        let Settings { epochs, warmup_epochs, qat_epochs, .. } = *self;
        if warmup_epochs > epochs {
            return Err(SettingsError::Warmup { epochs, found: warmup_epochs });
        }
        if qat_epochs >= epochs {
            return Err(SettingsError::QuantizationAware { epochs, found: qat_epochs });
        }
        Ok(())
    }

    /// So many seeds, 1 or more, counted up from this run's own.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Seeds`].
    pub fn seeds(&self, count: u64) -> Result<RangeInclusive<u64>, SettingsError> {
        let first = self.seed;
        let last = first.checked_add(count - 1).ok_or(SettingsError::Seeds { first, count })?;
        Ok(first..=last)
    }

    /// The learning rate of step `step` of the run, counted from 0.
    pub fn learning_rate_at(&self, step: u64, steps_an_epoch: u64) -> f64 {
        let warmup = steps_an_epoch * u64::from(self.warmup_epochs);
        let steps = steps_an_epoch * u64::from(self.epochs);
        if step < warmup {
            return self.learning_rate * (step + 1) as f64 / (warmup + 1) as f64;
        }
        self.schedule.learning_rate(self.learning_rate, step - warmup, steps - warmup)
    }
}

impl Schedule {
    /// The learning rate of step `step` of `steps`, counted from 0.
    pub fn learning_rate(self, peak: f64, step: u64, steps: u64) -> f64 {
        match self {
            Schedule::Constant => peak,
            Schedule::Cosine => peak * 0.5 * (1.0 + (PI * step as f64 / steps as f64).cos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_falls_from_the_peak_to_almost_nothing() {
        let rate = |step| Schedule::Cosine.learning_rate(0.5, step, 100);
        assert_eq!(rate(0), 0.5);
        assert!((1..100).all(|step| rate(step) < rate(step - 1)));
        assert!(rate(99) > 0.0 && rate(99) < 0.001);
    }

    #[test]
    fn a_warm_up_rises_in_a_line_to_the_peak_where_the_schedule_begins() {
        let settings = Settings { epochs: 10, warmup_epochs: 3, learning_rate: 1.2, ..DEFAULT };
        let rate = |step| settings.learning_rate_at(step, 1);
        for (step, expected) in [0.3, 0.6, 0.9, 1.2].into_iter().enumerate() {
            assert!((rate(step as u64) - expected).abs() < 1e-12, "{step}");
        }
        assert!((4..10).all(|step| rate(step) < rate(step - 1)));
        assert!(rate(9) > 0.0 && rate(9) < 0.07);
    }

    #[test]
    fn a_warm_up_longer_than_the_run_never_reaches_the_peak() {
        let settings = Settings { epochs: 2, warmup_epochs: 5, learning_rate: 1.0, ..DEFAULT };
        assert!((0..8).all(|step| settings.learning_rate_at(step, 4) < 0.5));
    }

    #[test]
    fn a_constant_rate_stays() {
        assert_eq!(Schedule::Constant.learning_rate(0.5, 99, 100), 0.5);
    }

    #[test]
    fn a_recipe_of_its_own_length_keeps_its_numbers() {
        for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best] {
            let settings = recipe.settings();
            assert_eq!(recipe.settings_for(settings.epochs), settings);
            assert_eq!(settings.check(), Ok(()));
        }
        let best = Recipe::Best.settings_for(200);
        assert_eq!((best.warmup_epochs, best.qat_epochs, best.ema_decay), (5, 40, 0.999));
    }

    #[test]
    fn a_recipe_of_another_length_keeps_its_shares_of_the_run() {
        let best = |epochs| {
            let Settings { warmup_epochs, qat_epochs, ema_decay, .. } = Recipe::Best.settings_for(epochs);
            (warmup_epochs, qat_epochs, (ema_decay * 1e6).round() / 1e6)
        };
        assert_eq!(best(400), (10, 80, 0.9995));
        assert_eq!(best(100), (3, 20, 0.998));
        assert_eq!(best(6), (0, 1, 0.966_667));
        assert_eq!(best(1), (0, 0, 0.8));
        assert_eq!(Recipe::Default.settings_for(6), Settings { epochs: 6, ..DEFAULT });
        for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best] {
            assert!((1..=10_000).all(|epochs| recipe.settings_for(epochs).check().is_ok()), "{recipe}");
        }
    }

    #[test]
    fn a_run_whose_parts_do_not_fit_into_it_is_refused() {
        let check = |epochs, warmup_epochs, qat_epochs| {
            Settings { epochs, warmup_epochs, qat_epochs, ..BEST }.check()
        };
        assert_eq!(check(6, 6, 5), Ok(()));
        assert_eq!(check(6, 7, 0), Err(SettingsError::Warmup { epochs: 6, found: 7 }));
        for found in [6, 7] {
            assert_eq!(check(6, 0, found), Err(SettingsError::QuantizationAware { epochs: 6, found }));
        }
    }

    #[test]
    fn seeds_count_up_to_the_largest_and_not_past_it() {
        let seeds = |seed, count| Settings { seed, ..DEFAULT }.seeds(count);
        assert_eq!(seeds(7, 3), Ok(7..=9));
        assert_eq!(seeds(u64::MAX, 1), Ok(u64::MAX..=u64::MAX));
        assert_eq!(seeds(u64::MAX - 4, 5), Ok(u64::MAX - 4..=u64::MAX));
        let error = seeds(u64::MAX, 5).unwrap_err();
        assert_eq!(error, SettingsError::Seeds { first: u64::MAX, count: 5 });
        assert!(error.to_string().contains("at most 18446744073709551611"), "{error}");
    }

    #[test]
    fn each_recipe_names_itself() {
        for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best] {
            assert_eq!(recipe.settings().recipe, recipe);
        }
    }
}
