//! The settings of a training run, and their checks.

use super::described::described;
use super::{Recipe, Schedule, seed};
use crate::augment::Augment;
use crate::data::HeldOut;
use crate::generate::Mix;
use crate::model::bits::Bits;
use crate::train::optimizer::Rule;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use thiserror::Error;

/// The settings of a training run. With the images, the teachers and the kind of device, they determine its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The recipe that the settings started from. It also decides which images are held out.
    pub recipe: Recipe,
    /// Number of passes over the training images, 1 to 10,000. 0 for imported weights.
    pub epochs: u32,
    /// Number of images per step, 1 to 65,536.
    pub batch_size: usize,
    /// Peak learning rate, above 0, at most 10.
    pub learning_rate: f64,
    /// Schedule of the learning rate after the warm-up.
    pub schedule: Schedule,
    /// Number of epochs of warm-up, in which the learning rate rises linearly to its peak.
    pub warmup_epochs: u32,
    /// The optimizer and its hyperparameters.
    #[serde(flatten)]
    pub rule: Rule,
    /// Label smoothing: the share of each target, 0 to below 1, that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// Decay per step of the moving average of the weights, 0 to below 1. The run exports the average, or with 0 the last
    /// weights.
    pub ema_decay: f64,
    /// Share of the loss, 0 to 1, that compares with the teachers. The rest compares with the labels. Unused without
    /// teachers.
    pub distillation: f64,
    /// Temperature of the softmax in the comparison with the teachers, 0.1 to 100. Unused without teachers.
    pub temperature: f64,
    /// Number of epochs at the end of the run with quantization-aware training. With 0, the network is quantized after
    /// training only.
    pub qat_epochs: u32,
    /// Number of epochs without a lower validation loss after which the run stops and exports its best epoch. 0 turns this
    /// off.
    pub early_stop: u32,
    /// Limits of the random changes of the training images.
    #[serde(flatten)]
    pub augment: Augment,
    /// The generated images of an epoch.
    #[serde(flatten)]
    pub mix: Mix,
    /// Seed of the initial weights, the order of the images and their augmentation.
    #[serde(with = "seed")]
    pub seed: u64,
    /// Number of bits of the exported model's weights and activations.
    pub bits: Bits,
    /// The earlier plans of a run that was extended to more epochs, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
}

/// An earlier plan of a run that was extended to more epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Number of epochs that were finished when the run was extended.
    pub after: u32,
    /// Number of epochs of this plan, which determined the learning rates until then.
    pub planned: u32,
}

/// The error for settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A setting is out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Range {
        /// The name of the setting, with its flag.
        setting: &'static str,
        /// The range of the setting.
        expected: &'static str,
        /// The value that was given.
        found: f64,
    },
    /// The warm-up is longer than the run.
    #[error(
        "--warmup-epochs: expected at most the run's {epochs} epochs, found {found}: lower it, or raise --epochs"
    )]
    Warmup {
        /// Epochs of the run.
        epochs: u32,
        /// Epochs of the warm-up.
        found: u32,
    },
    /// All epochs are quantization-aware, so the activation ranges would be chosen on untrained weights.
    #[error(
        "--qat-epochs: expected fewer than the run's {epochs} epochs, as the activation ranges are chosen on trained \
         weights, found {found}: lower it, or raise --epochs"
    )]
    QuantizationAware {
        /// Epochs of the run.
        epochs: u32,
        /// Epochs of quantization-aware training.
        found: u32,
    },
    /// Early stopping needs validation images, and the recipe holds none out.
    #[error(
        "--early-stop: expected a recipe with validation images, such as default or best, found {recipe}: remove the flag, \
         or choose another --recipe"
    )]
    EarlyStop {
        /// The recipe.
        recipe: Recipe,
    },
    /// The last of several seeds would exceed the largest 64-bit integer.
    #[error(
        "--seed: expected at most {}, as {count} consecutive seeds start with it, found {first}",
        u64::MAX - (count - 1)
    )]
    Seeds {
        /// The first seed.
        first: u64,
        /// The number of seeds.
        count: u64,
    },
    /// An earlier plan cannot have been followed.
    #[error(
        "training.extended: expected plans in order, each for at least the epochs that followed it, found {after} epochs \
         of {planned}"
    )]
    Extended {
        /// Epochs trained by the plan.
        after: u32,
        /// Epochs that it planned.
        planned: u32,
    },
    /// A run cannot be shortened to fewer epochs than are finished.
    #[error("--epochs: expected at least the {done} epochs that are finished, found {found}")]
    Shortened {
        /// The number of finished epochs.
        done: u32,
        /// The number of epochs that was given.
        found: u32,
    },
}

impl Settings {
    /// Checks the range of each setting, and combinations of settings.
    ///
    /// # Errors
    ///
    /// Returns a [`SettingsError`] for the first setting or combination that cannot be used.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.check_ranges()?;
        let Settings { epochs, warmup_epochs, qat_epochs, recipe, .. } = *self;
        let mut before = 0;
        for &Extension { after, planned } in &self.extended {
            if after <= before || after > planned.min(epochs) {
                return Err(SettingsError::Extended { after, planned });
            }
            before = after;
        }
        if warmup_epochs > epochs {
            return Err(SettingsError::Warmup { epochs, found: warmup_epochs });
        }
        if qat_epochs >= epochs {
            return Err(SettingsError::QuantizationAware { epochs, found: qat_epochs });
        }
        if self.early_stop > 0 && recipe.held_out() == HeldOut::Test {
            return Err(SettingsError::EarlyStop { recipe });
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        let Augment { rotation, shift, scale, shear, elastic, stroke } = self.augment;
        let Mix { hands, world, non_digits } = self.mix;
        let share_fits = |share: f64| (0.0..=4.0).contains(&share);
        let (rate, momentum) = (self.learning_rate, self.rule.momentum);
        let below_1 = |share: f64| (0.0..1.0).contains(&share);
        let (epochs, batch) = (f64::from(self.epochs), self.batch_size as f64);
        let (share, temperature) = (self.distillation, self.temperature);
        let decay = self.rule.weight_decay;
        let checks = [
            ("epochs (--epochs)", epochs, (1..=10_000).contains(&self.epochs), "1 to 10000"),
            ("batch size (--batch-size)", batch, (1..=65_536).contains(&self.batch_size), "1 to 65536"),
            ("learning rate (--lr)", rate, rate > 0.0 && rate <= 10.0, "above 0, at most 10"),
            ("momentum", momentum, below_1(momentum), "0 to below 1"),
            ("weight decay (--weight-decay)", decay, (0.0..=10.0).contains(&decay), "0 to 10"),
            (
                "label smoothing (--label-smoothing)",
                self.label_smoothing,
                below_1(self.label_smoothing),
                "0 to below 1",
            ),
            ("decay of the average (--ema-decay)", self.ema_decay, below_1(self.ema_decay), "0 to below 1"),
            ("share of the teachers (--distillation)", share, (0.0..=1.0).contains(&share), "0 to 1"),
            ("temperature (--temperature)", temperature, (0.1..=100.0).contains(&temperature), "0.1 to 100"),
            ("rotation (--rotation)", rotation, (0.0..=180.0).contains(&rotation), "0 to 180 degrees"),
            ("shift (--shift)", shift, (0.0..=28.0).contains(&shift), "0 to 28 pixels"),
            ("scale (--scale)", scale, below_1(scale), "0 to below 1"),
            ("shear (--shear)", shear, (0.0..=10.0).contains(&shear), "0 to 10"),
            ("elastic distortion (--elastic)", elastic, (0.0..=28.0).contains(&elastic), "0 to 28 pixels"),
            ("stroke width (--stroke)", stroke, (0.0..=1.0).contains(&stroke), "0 to 1"),
            ("share of other hands (--hands)", hands, share_fits(hands), "0 to 4"),
            ("share of the world (--world)", world, share_fits(world), "0 to 4"),
            ("share of non-digits (--non-digits)", non_digits, share_fits(non_digits), "0 to 4"),
        ];
        match checks.into_iter().find(|(_, _, fits, _)| !fits) {
            Some((setting, found, _, expected)) => Err(SettingsError::Range { setting, expected, found }),
            None => Ok(()),
        }
    }

    /// Returns `count` consecutive seeds, 1 or more, that start with the seed of this run.
    ///
    /// # Errors
    ///
    /// Returns [`SettingsError::Seeds`] if the last seed would exceed `u64::MAX`.
    pub fn seeds(&self, count: u64) -> Result<RangeInclusive<u64>, SettingsError> {
        let first = self.seed;
        let last = first.checked_add(count - 1).ok_or(SettingsError::Seeds { first, count })?;
        Ok(first..=last)
    }

    /// Changes the number of epochs of a run of which `done` epochs are finished. These keep their learning rates.
    ///
    /// # Errors
    ///
    /// Returns [`SettingsError::Shortened`] if `epochs` is less than `done`.
    pub fn extend(&mut self, epochs: u32, done: u32) -> Result<(), SettingsError> {
        if epochs < done {
            return Err(SettingsError::Shortened { done, found: epochs });
        }
        if epochs != self.epochs {
            // A plan that no epoch followed is forgotten: only the one before it has set learning rates.
            let plan_was_used = self.extended.last().is_none_or(|earlier| earlier.after < done);
            if done > 0 && plan_was_used {
                self.extended.push(Extension { after: done, planned: self.epochs });
            }
            self.epochs = epochs;
        }
        Ok(())
    }

    /// Returns the number of epochs that the run was planned for when it trained `epoch`, counted from 1.
    pub fn planned_at(&self, epoch: u32) -> u32 {
        let plan = self.extended.iter().find(|plan| epoch <= plan.after);
        plan.map_or(self.epochs, |plan| plan.planned)
    }

    /// Whether `epoch`, counted from 1, is quantization-aware.
    pub fn is_quantization_aware(&self, epoch: u32) -> bool {
        epoch + self.qat_epochs > self.planned_at(epoch)
    }

    /// Returns the learning rate in step `step`, counted from 0, of epoch `epoch`, counted from 1.
    pub fn learning_rate_at(&self, epoch: u32, step: u64, steps_per_epoch: u64) -> f64 {
        let step = steps_per_epoch * u64::from(epoch - 1) + step;
        let warmup = steps_per_epoch * u64::from(self.warmup_epochs);
        let steps = steps_per_epoch * u64::from(self.planned_at(epoch));
        if step < warmup {
            return self.learning_rate * (step + 1) as f64 / (warmup + 1) as f64;
        }
        self.schedule.learning_rate(self.learning_rate, step - warmup, steps - warmup)
    }

    /// Returns the recipe and the settings that differ from it, such as "best" or "best, changed: epochs 6, rotation 90".
    /// The seed and the bits do not belong to a recipe, and are left out.
    pub fn title(&self) -> String {
        let changes = self.changes();
        if changes.is_empty() {
            self.recipe.to_string()
        } else {
            format!("{}, changed: {}", self.recipe, changes.join(", "))
        }
    }

    fn changes(&self) -> Vec<String> {
        let own = self.recipe.settings();
        let scaled = if self.epochs > 0 { self.recipe.settings_for(self.epochs) } else { own.clone() };
        let recipe: Vec<_> = described(&Settings { epochs: own.epochs, ..scaled }).collect();
        let changed = described(self).filter(|setting| !recipe.contains(setting));
        let changed = changed.filter(|(name, _)| !["seed", "bits", "extended"].contains(&name.as_str()));
        changed.map(|(name, value)| format!("{name} {value}")).collect()
    }
}
