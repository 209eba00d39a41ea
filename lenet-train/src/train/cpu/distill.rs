//! Distillation: a run learns from the mean prediction of trained networks, its teachers, on each augmented image.

use super::pass::{TeacherTargets, TensorBatch};
use crate::model::network::Network;
use crate::model::weights::FloatWeights;
use dfdx::prelude::{Axis, Cpu, CpuError, NoneTape, TryAdd, TryDiv, TryMul};

/// An ensemble of trained networks.
pub(super) struct Teachers {
    networks: Vec<Network>,
    /// The share of the loss, 0 to 1, that compares with the teachers.
    share: f32,
    /// The temperature of the softmax.
    temperature: f32,
}

impl Teachers {
    /// Creates the ensemble of networks with the weights `members`.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(super) fn new(
        device: &Cpu,
        members: &[FloatWeights],
        share: f64,
        temperature: f64,
    ) -> Result<Self, CpuError> {
        let member = |weights: &FloatWeights| {
            let mut network = Network::new(device.clone(), weights.classes())?;
            network.set_weights(weights);
            Ok(network)
        };
        let networks = members.iter().map(member).collect::<Result<_, _>>()?;
        Ok(Teachers { networks, share: share as f32, temperature: temperature as f32 })
    }

    /// Adds the teachers' targets to the batch: the mean of their probabilities.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    ///
    /// # Panics
    ///
    /// Panics if there are no teachers.
    pub(super) fn add_targets(&self, batch: &mut TensorBatch) -> Result<(), CpuError> {
        let &Teachers { ref networks, share, temperature } = self;
        let mut members = networks.iter().map(|network| {
            let logits = network.logits(batch.pixels.clone(), NoneTape)?;
            let probabilities = logits.try_div(temperature)?.try_softmax::<Axis<1>>()?;
            probabilities.try_mul(1.0 / networks.len() as f32)
        });
        let first = members.next().expect("a teacher")?;
        let probabilities = members.try_fold(first, |sum, next| sum.try_add(next?))?;
        batch.teachers = Some(TeacherTargets { probabilities, temperature, share });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::output_layer::Classes;
    use crate::test_images::synthetic;
    use dfdx::prelude::TensorFromVec;

    const SHARE: f32 = 0.75;
    const TEMPERATURE: f32 = 2.0;

    /// The softmax of `logits / TEMPERATURE`, computed as in the definition.
    fn softmax(logits: &[f32]) -> Vec<f32> {
        let exponentials = || logits.iter().map(|logit| (logit / TEMPERATURE).exp());
        let total: f32 = exponentials().sum();
        exponentials().map(|exponential| exponential / total).collect()
    }

    #[test]
    fn a_batch_gets_the_mean_of_the_teachers_probabilities_and_keeps_its_targets() {
        let networks = [1, 2].map(|seed| Network::new(Cpu::seed_from_u64(seed), 10).unwrap());
        let members = networks.each_ref().map(Network::weights);
        let device = Cpu::default();
        let teachers = Teachers::new(&device, &members, f64::from(SHARE), f64::from(TEMPERATURE)).unwrap();
        let pixels = networks[0].upload(&synthetic(5).images).unwrap();
        let labels: Vec<f32> = (0..50).map(|index| f32::from(u8::from(index % 11 == 0))).collect();
        let targets = device.tensor_from_vec(labels.clone(), (5, Classes(10)));
        let mut batch = TensorBatch { pixels: pixels.clone(), targets, teachers: None };
        teachers.add_targets(&mut batch).unwrap();

        let [first, second] =
            networks.map(|network| network.logits(pixels.clone(), NoneTape).unwrap().as_vec());
        let [first, second] =
            [first, second].map(|logits| logits.chunks(10).flat_map(softmax).collect::<Vec<_>>());
        assert_eq!(batch.targets.as_vec(), labels);
        let TeacherTargets { probabilities, temperature, share } = batch.teachers.unwrap();
        assert_eq!((temperature, share), (TEMPERATURE, SHARE));
        for (index, found) in probabilities.as_vec().into_iter().enumerate() {
            let expected = (first[index] + second[index]) / 2.0;
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
