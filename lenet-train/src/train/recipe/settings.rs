//! The numbers of a training, and which of them go together.

use super::{Recipe, Schedule};
use crate::augment::Augment;
use crate::model::bits::Bits;
use crate::train::optimizer::Rule;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use thiserror::Error;

/// All that decides the outcome of a training, besides the images, the teachers and the kind of device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The recipe that gave the numbers that were not given; it also decides which images are held out.
    pub recipe: Recipe,
    /// Passes over the training images, 1 or more; 0 for imported weights.
    pub epochs: u32,
    /// Images per step, 1 or more.
    pub batch_size: usize,
    /// Peak learning rate, above 0.
    pub learning_rate: f64,
    /// How the learning rate changes after the warm-up.
    pub schedule: Schedule,
    /// Epochs over which the learning rate rises to the peak first.
    pub warmup_epochs: u32,
    /// The optimizer's rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Share of each target, 0 to 1, that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// Decay, below 1, of the moving average of the weights that the run exports; 0 exports the last weights.
    pub ema_decay: f64,
    /// Share of the loss, 0 to 1, that compares with the teachers rather than the labels, in a run that has teachers.
    pub distillation: f64,
    /// Temperature: what the teachers' logits and the run's own are divided by when they are compared.
    pub temperature: f64,
    /// Last epochs with quantization-aware training; 0 quantizes after training.
    pub qat_epochs: u32,
    /// Epochs without a lower validation loss after which the run stops; 0 never stops it.
    pub early_stop: u32,
    /// How images are changed before they are trained on.
    #[serde(flatten)]
    pub augment: Augment,
    /// Seed of the initial weights, of the order of the images and of their augmentation.
    #[serde(with = "seed")]
    pub seed: u64,
    /// Bits of the exported model.
    pub bits: Bits,
    /// What the run was planned as before it was extended, the first plan first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
}

/// An earlier plan of a run that was extended to more epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Epochs that were trained by this plan.
    pub after: u32,
    /// Epochs that it planned, which decided their learning rates.
    pub planned: u32,
}

/// Why settings cannot work.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A number is out of its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Range {
        /// The setting and its flag.
        setting: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
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
    /// The run scores the test images, which must not decide when it stops.
    #[error("--early-stop: expected a recipe that holds validation images out, found {recipe}: leave it out")]
    EarlyStop {
        /// The recipe.
        recipe: Recipe,
    },
    /// The seeds counted up from the first pass the largest there is.
    #[error("--seed: expected at most {}, as {count} seeds are counted up from it, found {first}", u64::MAX - (count - 1))]
    Seeds {
        /// The first seed.
        first: u64,
        /// Seeds asked for.
        count: u64,
    },
    /// A run cannot be shortened to less than what is done.
    #[error("--epochs: expected at least the {done} epochs that are done, found {found}")]
    Shortened {
        /// Epochs done.
        done: u32,
        /// Epochs asked for.
        found: u32,
    },
}

impl Settings {
    /// Finds numbers out of range and combinations that cannot work.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn check(&self) -> Result<(), SettingsError> {
        self.check_ranges()?;
        let Settings { epochs, warmup_epochs, qat_epochs, recipe, .. } = *self;
        if warmup_epochs > epochs {
            return Err(SettingsError::Warmup { epochs, found: warmup_epochs });
        }
        if qat_epochs >= epochs {
            return Err(SettingsError::QuantizationAware { epochs, found: qat_epochs });
        }
        if self.early_stop > 0 && recipe == Recipe::Reference {
            return Err(SettingsError::EarlyStop { recipe });
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        let Augment { rotation, shift, scale, shear, elastic, stroke } = self.augment;
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
        ];
        match checks.into_iter().find(|(_, _, fits, _)| !fits) {
            Some((setting, found, _, expected)) => Err(SettingsError::Range { setting, expected, found }),
            None => Ok(()),
        }
    }

    /// `count` seeds, 1 or more, counted up from this run's own.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Seeds`].
    pub fn seeds(&self, count: u64) -> Result<RangeInclusive<u64>, SettingsError> {
        let first = self.seed;
        let last = first.checked_add(count - 1).ok_or(SettingsError::Seeds { first, count })?;
        Ok(first..=last)
    }

    /// Plans `epochs` epochs in place of the run's own, of which `done` are trained; those keep their learning rates.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Shortened`].
    pub fn extend(&mut self, epochs: u32, done: u32) -> Result<(), SettingsError> {
        if epochs < done {
            return Err(SettingsError::Shortened { done, found: epochs });
        }
        if epochs != self.epochs {
            if done > 0 {
                self.extended.push(Extension { after: done, planned: self.epochs });
            }
            self.epochs = epochs;
        }
        Ok(())
    }

    /// Epochs that the run was planned for when it trained `epoch`, counted from 1.
    pub fn planned_at(&self, epoch: u32) -> u32 {
        let plan = self.extended.iter().find(|plan| epoch <= plan.after);
        plan.map_or(self.epochs, |plan| plan.planned)
    }

    /// Whether `epoch`, counted from 1, belongs to the quantization-aware part of the run.
    pub fn is_quantization_aware(&self, epoch: u32) -> bool {
        epoch + self.qat_epochs > self.planned_at(epoch)
    }

    /// The learning rate of a step: the `step`-th, counted from 0, of epoch `epoch`, counted from 1.
    pub fn learning_rate_at(&self, epoch: u32, step: u64, steps_per_epoch: u64) -> f64 {
        let step = steps_per_epoch * u64::from(epoch - 1) + step;
        let warmup = steps_per_epoch * u64::from(self.warmup_epochs);
        let steps = steps_per_epoch * u64::from(self.planned_at(epoch));
        if step < warmup {
            return self.learning_rate * (step + 1) as f64 / (warmup + 1) as f64;
        }
        self.schedule.learning_rate(self.learning_rate, step - warmup, steps - warmup)
    }

    /// The recipe, and what differs from it: "best", or "best, changed: epochs 6, rotation 90". The seed and the bits are
    /// no part of a recipe.
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
        let mut recipe =
            fields(&if self.epochs > 0 { self.recipe.settings_for(self.epochs) } else { own.clone() });
        recipe.insert("epochs".to_owned(), own.epochs.into());
        let changed = fields(self).into_iter().filter(|(name, value)| recipe.get(name) != Some(value));
        let changed = changed.filter(|(name, _)| !["seed", "bits", "extended"].contains(&name.as_str()));
        changed.map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(&value))).collect()
    }
}

fn fields(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        other => unreachable!("plain fields: {other:?}"),
    }
}

/// A number without a needless fraction, a name without quotes.
fn plain(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => value.to_string(),
    }
}

/// Seeds beyond the integers of TOML, which are those of `i64`, are written as text.
mod seed {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seed {
        Number(u64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(*seed) {
            Ok(_) => serializer.serialize_u64(*seed),
            Err(_) => serializer.collect_str(seed),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Seed::deserialize(deserializer) {
            Ok(Seed::Number(seed)) => Ok(seed),
            Ok(Seed::Text(text)) => text.parse().map_err(D::Error::custom),
            Err(_) => Err(D::Error::custom("seed: expected an integer from 0 to 18446744073709551615")),
        }
    }
}
