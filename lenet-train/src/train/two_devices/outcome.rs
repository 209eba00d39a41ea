//! What a device makes of a case.

use super::cases::Case;
use super::integers::Integers;
use super::{IMAGES, Images};
use crate::data::Split;
use crate::model::activations::Activations;
use crate::model::network::Network;
use crate::model::weights::FloatWeights;
use crate::quantize::calibrate::calibrate;
use crate::quantize::{Quantization, quantize_weights};
use crate::test_device::Open;
use crate::train::optimizer::{Algorithm, OptimizerState, Rule};
use crate::train::recipe::Settings;
use crate::train::{LearnerState, Snapshot, Trainer};
use dfdx::prelude::Cpu;
use lenet_infer::Engine;
use std::ops::ControlFlow;

/// The number of images whose activations are compared, and that activation ranges are chosen on.
const FEW: usize = 200;

/// What a device makes of a case.
pub(super) struct Outcome {
    /// The losses of the epoch on the training images and on the held-out images.
    pub(super) losses: [f64; 2],
    pub(super) full_batch: FullBatch,
    /// The predictions of the exported model for the held-out images.
    pub(super) predictions: Vec<u8>,
}

/// One step with all training images at once.
pub(super) struct FullBatch {
    /// The loss from before the step.
    pub(super) loss: f64,
    /// The gradients of all parameters.
    pub(super) gradients: Vec<f32>,
    /// How the weights were quantized, in a quantization-aware step.
    pub(super) quantization: Option<Quantization>,
    /// The weights and biases of the quantized network, and then what each of its layers gives. Empty in a step that is not
    /// quantization-aware.
    pub(super) integers: Vec<Vec<f32>>,
}

impl Outcome {
    /// Trains an epoch from `start` on the device `D`, and takes a full-batch step from there.
    pub(super) fn of<D: Integers>(case: &Case, images: &Images, start: &Snapshot) -> Self {
        let mut trainer = trainer::<D>(case, &case.settings, images, IMAGES);
        trainer.restore(start.clone()).unwrap();
        let epoch = trainer.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap();
        let losses = [epoch.train.loss, epoch.held_out.loss];
        let ended = trainer.snapshot().unwrap();
        let predictions = predictions(case, images, ended.state.exported(), ended.quantization.as_ref());
        Self { losses, predictions, full_batch: FullBatch::of::<D>(case, images, start) }
    }
}

impl FullBatch {
    fn of<D: Integers>(case: &Case, images: &Images, start: &Snapshot) -> Self {
        // The first velocity of SGD is the gradient.
        let rule = Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 0.0 };
        let settings = Settings { batch_size: 16 * IMAGES, rule, ema_decay: 0.0, ..case.settings.clone() };
        // The held-out images do not matter.
        let mut trainer = trainer::<D>(case, &settings, images, 1);
        let mut zeros = start.state.weights.clone();
        for layer in zeros.layers_mut() {
            layer.weight.fill(0.0);
            layer.bias.fill(0.0);
        }
        let optimizer = OptimizerState { steps: 0, first_moment: zeros.clone(), second_moment: zeros };
        let state = LearnerState { optimizer, average: None, ..start.state.clone() };
        trainer.restore(Snapshot { state, ..start.clone() }).unwrap();
        let loss = trainer.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().train.loss;
        let gradients = numbers(&trainer.snapshot().unwrap().state.optimizer.first_moment);
        let quantization = trainer.quantization().cloned();
        let few = &images.train.images[..FEW];
        let integers = quantization.as_ref().map(|_| D::integers(&mut trainer, &start.state.weights, few));
        Self { loss, gradients, quantization, integers: integers.unwrap_or_default() }
    }
}

/// Trains the epochs of a case that are trained on the CPU. Returns the state, from which both devices go on.
pub(super) fn begin(case: &Case, images: &Images) -> Snapshot {
    let mut trainer = trainer::<Cpu>(case, &case.settings, images, 1);
    for _ in 0..case.begun {
        trainer.epoch(|_| ControlFlow::Continue(())).unwrap();
    }
    trainer.snapshot().unwrap()
}

/// Creates a run on the device `D` that scores the last `held_out` held-out images.
fn trainer<'a, D: Open>(
    case: &Case,
    settings: &'a Settings,
    images: &'a Images,
    held_out: usize,
) -> Trainer<'a, D> {
    let held_out = Split::new(&images.held_out, case.classes).last(held_out);
    let train = Split::new(&images.train, case.classes);
    let mut trainer = Trainer::new(D::open(settings.seed), settings, train, &[], held_out).unwrap();
    if case.teachers > 0 {
        let teacher = |seed| Network::new(Cpu::seed_from_u64(seed), case.classes).unwrap().weights();
        trainer.learn_from(&(1..=case.teachers).map(teacher).collect::<Vec<_>>()).unwrap();
    }
    trainer
}

fn numbers(weights: &FloatWeights) -> Vec<f32> {
    weights.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]).flatten().copied().collect()
}

/// The predictions of the model that a run with these weights exports.
fn predictions(
    case: &Case,
    images: &Images,
    weights: &FloatWeights,
    quantization: Option<&Quantization>,
) -> Vec<u8> {
    let few = Split::new(&images.train, case.classes).last(FEW);
    let calibrated = || {
        let activations = Activations::of(weights, few.images);
        calibrate(weights, &activations, few, case.settings.bits).unwrap().quantization
    };
    let quantization = quantization.cloned().unwrap_or_else(calibrated);
    let model = quantize_weights(weights, &quantization).unwrap();
    let model = model.model();
    let mut engine = Engine::new(&model);
    images.held_out.images.iter().map(|image| engine.classify(image).class).collect()
}
