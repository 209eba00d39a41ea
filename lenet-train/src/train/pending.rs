//! Deferred reading of logits from the device, so that the host does not wait for each step to end.

use super::error::TrainingError;
use super::history::PartialEpoch;
use crate::backend::Backend;
use crate::model::network::Logits;
use dfdx::prelude::NoneTape;

/// Number of steps whose logits are read together.
const STEPS: usize = 32;

/// The tally of an epoch, and the logits of its last steps, which are still on the device.
pub(super) struct PendingLogits<D: Backend> {
    epoch: u32,
    /// The steps whose logits were read.
    done: PartialEpoch,
    /// The later steps.
    steps: Vec<Step<D>>,
}

/// The logits of a step, and the labels of its images.
type Step<D> = (Logits<D, NoneTape>, Vec<Option<u8>>);

impl<D: Backend> PendingLogits<D> {
    /// Starts with the steps of `epoch` in `begun`.
    pub(super) fn new(epoch: u32, begun: PartialEpoch) -> Self {
        PendingLogits { epoch, done: begun, steps: Vec::new() }
    }

    /// Adds the logits and the labels of the next step.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Diverged`] if logits were read and the loss of a step is not finite.
    pub(super) fn add(
        &mut self,
        logits: Logits<D, NoneTape>,
        labels: Vec<Option<u8>>,
    ) -> Result<(), TrainingError> {
        self.steps.push((logits, labels));
        if self.steps.len() < STEPS { Ok(()) } else { self.read().map(drop) }
    }

    /// Reads the logits of all steps so far, and returns the tally.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Diverged`] if the loss of a step is not finite.
    pub(super) fn read(&mut self) -> Result<PartialEpoch, TrainingError> {
        for (logits, labels) in self.steps.drain(..) {
            let images = labels.iter().flatten().count().max(1) as f64;
            self.done.steps += 1;
            let loss = self.done.tally.add(&logits.as_vec(), labels) / images;
            if !loss.is_finite() {
                return Err(TrainingError::Diverged { epoch: self.epoch, step: self.done.steps, loss });
            }
        }
        Ok(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::output_layer::Classes;
    use dfdx::prelude::{Cpu, TensorFromVec};

    fn add(pending: &mut PendingLogits<Cpu>, logit: f32) -> Result<(), TrainingError> {
        let logits = Cpu::default().tensor_from_vec(vec![logit, 0.0], (1, Classes(2)));
        pending.add(logits, vec![Some(0)])
    }

    #[test]
    fn the_error_names_the_first_step_that_diverged() {
        let mut pending = PendingLogits::new(4, PartialEpoch::new(2));
        for step in 1..STEPS {
            add(&mut pending, if step > 7 { f32::NAN } else { 0.0 }).unwrap();
        }
        let error = add(&mut pending, 0.0).unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { epoch: 4, step: 8, .. }), "{error}");
    }

    #[test]
    fn the_tally_and_the_count_of_steps_continue_after_a_reading() {
        let mut pending = PendingLogits::new(1, PartialEpoch::new(2));
        (0..STEPS + 3).for_each(|_| add(&mut pending, 1.0).unwrap());
        assert_eq!(pending.read().unwrap().tally.correct(), STEPS + 3);
        add(&mut pending, f32::INFINITY).unwrap();
        let error = pending.read().unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { step, .. } if step == STEPS as u64 + 4), "{error}");
    }
}
