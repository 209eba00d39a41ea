//! The steps of an epoch whose logits are still on the device.

use super::error::TrainingError;
use super::history::PartialEpoch;
use super::learner::STEPS_PER_READING;

/// The tally of an epoch, and its last steps, whose logits are still on the device.
pub(super) struct PendingSteps<L> {
    epoch: u32,
    /// The steps whose logits were read.
    done: PartialEpoch,
    /// The logits of the later steps, and the labels of their images.
    logits: Vec<L>,
    labels: Vec<Vec<Option<u8>>>,
}

impl<L> PendingSteps<L> {
    /// Starts with the steps of `epoch` in `begun`.
    pub(super) fn new(epoch: u32, begun: PartialEpoch) -> Self {
        PendingSteps { epoch, done: begun, logits: Vec::new(), labels: Vec::new() }
    }

    /// Adds the logits and the labels of the next step. Returns whether it is time to [read](Self::read) them.
    pub(super) fn add(&mut self, logits: L, labels: Vec<Option<u8>>) -> bool {
        self.logits.push(logits);
        self.labels.push(labels);
        self.logits.len() == STEPS_PER_READING
    }

    /// Reads the logits of all steps so far with `read`, and returns the tally.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Diverged`] if the loss of a step is not finite, and the error of `read`.
    pub(super) fn read(
        &mut self,
        read: impl FnOnce(Vec<L>) -> Result<Vec<Vec<f32>>, TrainingError>,
    ) -> Result<PartialEpoch, TrainingError> {
        let logits = read(std::mem::take(&mut self.logits))?;
        for (logits, labels) in logits.into_iter().zip(self.labels.drain(..)) {
            let images = labels.iter().flatten().count().max(1) as f64;
            self.done.steps += 1;
            let loss = self.done.tally.add(&logits, labels) / images;
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

    fn add(pending: &mut PendingSteps<Vec<f32>>, logit: f32) -> bool {
        pending.add(vec![logit, 0.0], vec![Some(0)])
    }

    #[test]
    fn the_error_names_the_first_step_that_diverged() {
        let mut pending = PendingSteps::new(4, PartialEpoch::new(2));
        for step in 1..=STEPS_PER_READING {
            let full = add(&mut pending, if step > 7 { f32::NAN } else { 0.0 });
            assert_eq!(full, step == STEPS_PER_READING);
        }
        let error = pending.read(Ok).unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { epoch: 4, step: 8, .. }), "{error}");
    }

    #[test]
    fn the_tally_and_the_count_of_steps_continue_after_a_reading() {
        let mut pending = PendingSteps::new(1, PartialEpoch::new(2));
        for _ in 0..3 {
            add(&mut pending, 1.0);
        }
        pending.read(Ok).unwrap();
        add(&mut pending, 1.0);
        assert_eq!(pending.read(Ok).unwrap().tally.correct(), 4);
        add(&mut pending, f32::INFINITY);
        let error = pending.read(Ok).unwrap_err();
        assert!(matches!(error, TrainingError::Diverged { step: 5, .. }), "{error}");
    }
}
