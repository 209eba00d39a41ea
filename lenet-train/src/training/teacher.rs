//! Distillation: trained networks, whose mean opinion of each augmented image a run learns from.

use super::batch::Batch;
use crate::network::{ConvDevice, Network};
use crate::weights::FloatWeights;
use dfdx::prelude::NoneTape;

/// An ensemble of trained networks.
pub(super) struct Teacher<D: ConvDevice> {
    networks: Vec<Network<D>>,
    /// Share of the targets, 0 to 1, that is the ensemble's.
    share: f32,
    temperature: f32,
}

impl<D: ConvDevice> Teacher<D> {
    /// The ensemble of `members`.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(super) fn new(
        device: &D,
        members: &[FloatWeights],
        share: f64,
        temperature: f64,
    ) -> Result<Self, D::Err> {
        let member = |weights: &FloatWeights| {
            let mut network = Network::new(device.clone(), weights.classes())?;
            network.set_weights(weights);
            Ok(network)
        };
        let networks = members.iter().map(member).collect::<Result<_, _>>()?;
        Ok(Teacher { networks, share: share as f32, temperature: temperature as f32 })
    }

    /// Mixes the ensemble's probabilities, the mean of its members', into the batch's targets.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(super) fn teach(&self, batch: &mut Batch) -> Result<(), D::Err> {
        batch.targets.iter_mut().for_each(|target| *target *= 1.0 - self.share);
        let weight = self.share / self.networks.len() as f32;
        for network in &self.networks {
            let logits = network.logits(network.upload(&batch.images)?, NoneTape)?.as_vec();
            let classes = network.classes();
            for (targets, logits) in batch.targets.chunks_exact_mut(classes).zip(logits.chunks_exact(classes))
            {
                add_softmax(logits, self.temperature, weight, targets);
            }
        }
        batch.temperature = self.temperature;
        Ok(())
    }
}

/// Adds `weight` times the softmax of `logits / temperature`.
fn add_softmax(logits: &[f32], temperature: f32, weight: f32, sums: &mut [f32]) {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
    let exponential = |&logit: &f32| ((logit - largest) / temperature).exp();
    let total: f32 = logits.iter().map(exponential).sum();
    for (sum, logit) in sums.iter_mut().zip(logits) {
        *sum += weight * exponential(logit) / total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_the_softmax_of_cooled_logits() {
        let mut sums = [0.5, 0.0, 0.0];
        add_softmax(&[2.0 * 3_f32.ln(), 0.0, 0.0], 2.0, 0.5, &mut sums);
        for (sum, expected) in sums.iter().zip([0.8, 0.1, 0.1]) {
            assert!((sum - expected).abs() < 1e-6, "{sums:?}");
        }
    }
}
