//! Logits that are left on the device, so that the host need not wait for each step to end.

use super::error::TrainingError;
use super::history::PartialEpoch;
use crate::backend::Backend;
use crate::model::network::Logits;
use dfdx::prelude::NoneTape;

/// Steps whose logits are read at once.
const STEPS: usize = 32;

/// The part of an epoch whose logits are read, and the logits of the last steps, which are not.
pub(super) struct PendingLogits<D: Backend> {
    epoch: u32,
    read: PartialEpoch,
    /// The logits and the classes of each step's images.
    steps: Vec<(Logits<D, NoneTape>, Vec<u8>)>,
}

impl<D: Backend> PendingLogits<D> {
    /// For the steps of `epoch` that come after those in `begun`.
    pub(super) fn new(epoch: u32, begun: PartialEpoch) -> Self {
        PendingLogits { epoch, read: begun, steps: Vec::new() }
    }

    /// Adds the next step.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Diverged`] in that step or one of the last.
    pub(super) fn add(&mut self, logits: Logits<D, NoneTape>, labels: Vec<u8>) -> Result<(), TrainingError> {
        self.steps.push((logits, labels));
        if self.steps.len() < STEPS { Ok(()) } else { self.read().map(drop) }
    }

    /// Reads the logits of all steps so far.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Diverged`] in one of the last.
    pub(super) fn read(&mut self) -> Result<PartialEpoch, TrainingError> {
        for (logits, labels) in self.steps.drain(..) {
            let images = labels.len() as f64;
            self.read.steps += 1;
            let loss = self.read.tally.add(&logits.as_vec(), labels) / images;
            if !loss.is_finite() {
                return Err(TrainingError::Diverged { epoch: self.epoch, step: self.read.steps, loss });
            }
        }
        Ok(self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::output_layer::Classes;
    use dfdx::prelude::{Cpu, TensorFromVec};

    fn add(pending: &mut PendingLogits<Cpu>, logit: f32) -> Result<(), TrainingError> {
        let logits = Cpu::default().tensor_from_vec(vec![logit, 0.0], (1, Classes(2)));
        pending.add(logits, vec![0])
    }

    #[test]
    fn the_first_step_that_diverged_is_named_once_its_logits_are_read() {
        let mut pending = PendingLogits::new(4, PartialEpoch::new(2));
        for step in 1..STEPS {
            add(&mut pending, if step > 7 { f32::NAN } else { 0.0 }).unwrap();
        }
        let error = add(&mut pending, 0.0).unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { epoch: 4, step: 8, .. }), "{error}");
    }

    #[test]
    fn the_tally_has_every_step_and_their_count_goes_on_after_a_reading() {
        let mut pending = PendingLogits::new(1, PartialEpoch::new(2));
        (0..STEPS + 3).for_each(|_| add(&mut pending, 1.0).unwrap());
        assert_eq!(pending.read().unwrap().tally.correct(), STEPS + 3);
        add(&mut pending, f32::INFINITY).unwrap();
        let error = pending.read().unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { step, .. } if step == STEPS as u64 + 4), "{error}");
    }
}
