//! The batch of a training step, prepared on the host while the step before it runs.

use super::images::TrainingImages;
use crate::train::recipe::Settings;

/// A batch of training images on the host, with their labels and targets. `I` are the images, as a device takes them.
pub struct Batch<I> {
    pub(super) images: I,
    /// The class of each image, if it has one.
    pub(super) labels: Vec<Option<u8>>,
    /// The target probability of each class, image after image.
    pub(super) targets: Vec<f32>,
}

impl<I> Batch<I> {
    /// Adds the labels and the targets of the images of `training` with the numbers `numbers` to the prepared `images`.
    pub(super) fn new(
        images: I,
        settings: &Settings,
        training: &TrainingImages<'_>,
        numbers: &[u32],
    ) -> Self {
        let labels: Vec<Option<u8>> = numbers.iter().map(|&number| training.label(number)).collect();
        let targets = labels
            .iter()
            .flat_map(|&label| target(label, settings.label_smoothing, training.data.classes))
            .collect();
        Batch { images, labels, targets }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }
}

/// Returns the target probabilities of an image: those of its label, or the same for every class if it has none.
fn target(label: Option<u8>, smoothing: f64, classes: usize) -> Vec<f32> {
    match label {
        Some(label) => smoothed(label, smoothing, classes),
        None => vec![1.0 / classes as f32; classes],
    }
}

/// Returns the target probabilities with label smoothing: the share `smoothing` is spread evenly over all classes, and the
/// rest is on `label`.
fn smoothed(label: u8, smoothing: f64, classes: usize) -> Vec<f32> {
    let even = smoothing / classes as f64;
    let mut targets = vec![even as f32; classes];
    targets[usize::from(label)] = (1.0 - smoothing + even) as f32;
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_targets_sum_to_one_and_peak_at_the_label() {
        assert_eq!(smoothed(3, 0.0, 10), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let targets = smoothed(3, 0.1, 10);
        assert_eq!((targets[3], targets[0]), (0.91, 0.01));
        assert!((targets.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
