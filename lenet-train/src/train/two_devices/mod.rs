//! The CPU and CUDA compared: the same images, settings and seed must give almost the same training on both.
//!
//! Each case trains an epoch on 1,000 images of MNIST and prints a row of a table, which `cargo test -- --nocapture` shows:
//!
//! - *loss*: on 1,000 held-out images. The difference is the larger one of that on these and on the training images.
//! - *gradients*: of one full-batch step from the same weights, the distance between both relative to their size.
//! - *integers*: of the quantized network of the same weights, how many numbers differ: the weights and biases that the
//!   device computes with, and what its layers give.
//! - *predictions*: of the exported model for the held-out images, how many differ.

mod agreement;
mod cases;
mod integers;
mod outcome;

use crate::backend::cuda::Cuda;
use crate::data::{Dataset, DatasetName, Preparation};
use agreement::Agreement;
use cases::{Case, cases};
use dfdx::prelude::Cpu;
use lenet_infer::host::idx::LabeledImages;
use outcome::{Outcome, begin};

/// The number of images to train on, and of held-out images.
const IMAGES: usize = 1_000;

/// The images of the cases.
struct Images {
    train: LabeledImages,
    held_out: LabeledImages,
}

impl Images {
    /// Loads the first training images and the first test images of MNIST.
    fn load() -> Self {
        let dataset = Dataset::load(DatasetName::Mnist, None, Preparation::Prepared, true).unwrap();
        let first = |set: LabeledImages| LabeledImages {
            images: set.images[..IMAGES].to_vec(),
            labels: set.labels[..IMAGES].to_vec(),
        };
        Self { train: first(dataset.train), held_out: first(dataset.test) }
    }

    /// The same images with labels below `classes`.
    fn of_classes(&self, classes: usize) -> Self {
        let fold = |set: &LabeledImages| LabeledImages {
            images: set.images.clone(),
            labels: set.labels.iter().map(|label| label % classes as u8).collect(),
        };
        Self { train: fold(&self.train), held_out: fold(&self.held_out) }
    }
}

fn compare(case: &Case, images: &Images) -> Agreement {
    let images = images.of_classes(case.classes);
    let start = begin(case, &images);
    let cpu = Outcome::of::<Cpu>(case, &images, &start);
    let cuda = Outcome::of::<Cuda>(case, &images, &start);
    Agreement::new(case, &cpu, &cuda)
}

#[test]
fn the_cpu_and_cuda_agree_in_losses_gradients_integers_and_predictions() {
    let images = Images::load();
    println!("{}", Agreement::HEADER);
    let agreements: Vec<Agreement> = cases()
        .iter()
        .map(|case| compare(case, &images))
        .inspect(|agreement| println!("{agreement}"))
        .collect();
    let problems: Vec<String> = agreements.iter().flat_map(Agreement::problems).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
