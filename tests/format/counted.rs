//! A model whose bytes are a counter; `conv1` has int4 weights and `fc2` ternary ones.

use lenet_core::error::Layer;
use lenet_core::model::{Confidence, Conv1, Conv2, Fc1, Fc2, Fc3, Weights};
use lenet_core::{Metadata, Model, Requant, encode};
use std::array::from_fn;

pub(crate) const METADATA: Metadata<'_> = Metadata {
    dataset: "mnist",
    recipe: "default",
    seed: 300,
    class_names: "0\n1\n2\n3\n4\n5\n6\n7\n8\nnine",
    validation_correct: 4_965,
    validation_images: 5_000,
    activation_ranges: [65_536, 131_072, 196_608, 1],
};

pub(crate) struct Counted {
    conv1: [[u8; 25]; 3],
    conv2: [[[u8; 2]; 150]; 8],
    fc1: Vec<[u8; 256]>,
    fc2: Vec<[u8; 24]>,
    fc3: [[u8; 84]; 10],
    biases: [[u8; 4]; 120],
    requants: [[u8; 3]; 120],
}

fn first<const N: usize, T>(values: &[T]) -> &[T; N] {
    values.first_chunk().expect("enough values")
}

impl Counted {
    pub(crate) fn new() -> Self {
        let mut counter = 0_u8;
        let mut next = || {
            counter = counter.wrapping_mul(5).wrapping_add(113);
            counter
        };
        Self {
            conv1: from_fn(|_| from_fn(|_| next())),
            conv2: from_fn(|_| from_fn(|_| from_fn(|_| next()))),
            fc1: (0..120).map(|_| from_fn(|_| next())).collect(),
            fc2: (0..84).map(|_| from_fn(|_| next())).collect(),
            fc3: from_fn(|_| from_fn(|_| next())),
            biases: from_fn(|channel| (channel as i32 * 1_000 - 60_000).to_le_bytes()),
            requants: from_fn(|channel| {
                Requant::new(33_000 + channel as u16, (channel % 16) as u8).unwrap().to_bytes()
            }),
        }
    }

    pub(crate) fn model(&self) -> Model<'_> {
        self.of_classes(10)
    }

    /// The model with the first `classes` classes only, up to 10.
    pub(crate) fn of_classes(&self, classes: usize) -> Model<'_> {
        let Self { biases, requants, .. } = self;
        let conv1 = Weights::Int4(&self.conv1);
        let conv2 = Weights::Int8(&self.conv2);
        let fc1 = Weights::Int8(first(&self.fc1));
        let fc2 = Weights::Ternary(first(&self.fc2));
        let fc3 = Weights::Int8(&self.fc3[..classes]);
        Model::new(
            Conv1::new(Layer::Conv1, conv1, first(biases), first(requants), 8).unwrap(),
            Conv2::new(Layer::Conv2, conv2, first(biases), first(requants), 4).unwrap(),
            Fc1::new(Layer::Fc1, fc1, biases, requants, 7).unwrap(),
            Fc2::new(Layer::Fc2, fc2, first(biases), first(requants), 6).unwrap(),
            Fc3::new(fc3, &biases[..classes]).unwrap(),
            Confidence { requant: Requant::new(40_000, 3).unwrap(), threshold: 768 },
        )
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        encode(&self.model(), &METADATA).unwrap()
    }
}
