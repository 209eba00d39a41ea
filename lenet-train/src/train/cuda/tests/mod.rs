//! The kernels and the steps on a GPU (or on the stand-in), compared with the CPU.

mod integers;

use super::step::input;
use super::*;
use crate::backend::cuda;
use crate::model::network::Network as CpuNetwork;
use crate::test_images::synthetic;
use crate::train::Trainer;
use crate::train::optimizer::Algorithm;
use crate::train::optimizer::Rule;
use crate::train::recipe::{Recipe, Schedule};
use lenet_core::shape::CLASSES;
use lenet_infer::host::idx::LabeledImages;
use std::ops::ControlFlow;

const STRONG: Augment =
    Augment { rotation: 30.0, shift: 3.0, scale: 0.2, shear: 0.3, elastic: 3.0, stroke: 1.0 };

fn open() -> Cuda {
    cuda::open(0).unwrap_or_else(|error| panic!("{error}"))
}

/// Settings with a batch size that makes the last batch shorter.
fn settings(algorithm: Algorithm) -> Settings {
    Settings {
        epochs: 3,
        batch_size: 50,
        learning_rate: 5e-3,
        schedule: Schedule::Cosine,
        rule: Rule { algorithm, momentum: 0.9, weight_decay: 1e-2 },
        seed: 11,
        ..Recipe::Default.settings()
    }
}

fn on_cpu<'a>(settings: &'a Settings, set: &'a LabeledImages, classes: usize) -> Trainer<'a, Cpu> {
    let split = Split::new(set, classes);
    Trainer::new(Cpu::seed_from_u64(settings.seed), settings, split, &[], split).unwrap()
}

fn on_cuda<'a>(settings: &'a Settings, set: &'a LabeledImages, classes: usize) -> Trainer<'a, Cuda> {
    let split = Split::new(set, classes);
    Trainer::new(open(), settings, split, &[], split).unwrap()
}

/// Checks that each value differs by at most `tolerance` times the largest value of its tensor.
#[track_caller]
fn assert_close(found: &FloatWeights, expected: &FloatWeights, tolerance: f32) {
    for (index, (found, expected)) in found.layers().into_iter().zip(expected.layers()).enumerate() {
        for (found, expected) in [(&found.weight, &expected.weight), (&found.bias, &expected.bias)] {
            let largest = expected.iter().fold(0_f32, |largest, value| largest.max(value.abs()));
            assert!(largest > 0.0);
            for (found, expected) in found.iter().zip(expected) {
                let difference = (found - expected).abs();
                assert!(difference <= tolerance * largest, "layer {index}: {found} {expected} of {largest}");
            }
        }
    }
}

/// Trains one epoch on both devices, and compares the losses, the weights, and the moments.
#[track_caller]
fn assert_alike(
    settings: &Settings,
    set: &LabeledImages,
    classes: usize,
    teachers: &[FloatWeights],
    tolerance: f32,
) {
    let (mut cpu, mut cuda) = (on_cpu(settings, set, classes), on_cuda(settings, set, classes));
    if !teachers.is_empty() {
        cpu.learn_from(teachers).unwrap();
        cuda.learn_from(teachers).unwrap();
    }
    let expected = cpu.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().clone();
    let found = cuda.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().clone();
    assert!((found.train.loss - expected.train.loss).abs() <= f64::from(tolerance), "{found:?} {expected:?}");
    assert!(
        (found.held_out.loss - expected.held_out.loss).abs() <= f64::from(tolerance),
        "{found:?} {expected:?}"
    );
    let (found, expected) = (cuda.snapshot().unwrap().state, cpu.snapshot().unwrap().state);
    assert_close(&found.weights, &expected.weights, tolerance);
    assert_close(&found.optimizer.first_moment, &expected.optimizer.first_moment, tolerance);
    if let (Some(found), Some(expected)) = (&found.average, &expected.average) {
        assert_close(found, expected, tolerance);
    }
}

#[test]
fn a_full_batch_gives_the_gradients_of_the_cpu_for_any_number_of_classes() {
    for classes in [2, CLASSES, 17, 64] {
        let mut set = synthetic(120);
        let labels = set.labels.iter().zip(0..).map(|(_, index)| index % classes as u8).collect();
        set.labels = labels;
        let rule = Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 0.0 };
        // The velocity after the first step is the gradient.
        let settings = Settings { batch_size: 120, rule, ..settings(Algorithm::Sgd) };
        assert_alike(&settings, &set, classes, &[], 1e-5);
    }
}

#[test]
fn more_images_than_blocks_give_the_gradients_of_the_cpu() {
    let set = synthetic(600);
    let rule = Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 1e-2 };
    let settings = Settings { batch_size: 600, rule, ..settings(Algorithm::Sgd) };
    assert_alike(&settings, &set, CLASSES, &[], 1e-5);
}

#[test]
fn an_epoch_with_odd_batches_ends_as_on_the_cpu() {
    let set = synthetic(120);
    for algorithm in [Algorithm::Sgd, Algorithm::AdamW] {
        let settings = Settings { ema_decay: 0.9, label_smoothing: 0.1, ..settings(algorithm) };
        assert_alike(&settings, &set, CLASSES, &[], 1e-3);
    }
}

#[test]
fn an_epoch_with_teachers_and_augmentation_ends_as_on_the_cpu() {
    let set = synthetic(120);
    let teachers = [1, 2].map(|seed| CpuNetwork::new(Cpu::seed_from_u64(seed), CLASSES).unwrap().weights());
    let settings =
        Settings { distillation: 0.5, temperature: 2.0, augment: STRONG, ..settings(Algorithm::Sgd) };
    assert_alike(&settings, &set, CLASSES, &teachers, 1e-4);
}

#[test]
fn augmented_images_are_those_of_the_cpu_byte_by_byte() {
    let off = Augment::OFF;
    let alone = [
        Augment { stroke: 1.0, ..off },
        Augment { elastic: 3.0, ..off },
        Augment { rotation: 30.0, shift: 3.0, ..off },
        STRONG,
    ];
    let set = synthetic(100);
    for augment in alone {
        let settings = Settings { augment, batch_size: 100, ..settings(Algorithm::Sgd) };
        let mut trainer = on_cuda(&settings, &set, CLASSES);
        let numbers: Vec<u32> = (0..100).rev().collect();
        let changed = NumberedImages::new(&settings, 2, &numbers);
        let batch = Batch::new(changed, &settings, &trainer.images, &numbers);
        let learner = &mut trainer.learner;
        learner.input.upload(&input(&batch)).unwrap();
        learner.batch_images(&batch).unwrap();
        let changed = learner.augmentation.as_ref().unwrap().changed.download(0..100 * IMAGE_PIXELS).unwrap();
        let expected = numbers
            .iter()
            .flat_map(|&number| augment.apply(&set.images[number as usize], settings.seed, 2, number));
        assert!(changed.into_iter().eq(expected), "{augment:?}");
    }
}

#[test]
fn many_updates_with_the_same_gradients_give_the_parameters_of_the_cpu() {
    let set = synthetic(10);
    for algorithm in [Algorithm::Sgd, Algorithm::AdamW] {
        let settings = Settings { ema_decay: 0.9, ..settings(algorithm) };
        let (mut cpu, mut cuda) = (on_cpu(&settings, &set, CLASSES), on_cuda(&settings, &set, CLASSES));
        let learner = &mut cuda.learner;
        for count in 1..=70 {
            let gradients: Vec<f32> = (0..learner.layout.len)
                .map(|index| ((index * 7 + count * 13) % 17) as f32 * 1e-3 - 7e-3)
                .collect();
            cpu.learner.update_by(&learner.layout.split(&gradients), 3e-3, count as u64).unwrap();
            learner.passes.write_gradients(&gradients).unwrap();
            learner.steps += 1;
            learner
                .cuda
                .kernels
                .update(learner.updated(), learner.update_numbers(3e-3, count as u64))
                .unwrap();
        }
        let (found, expected) = (cuda.snapshot().unwrap().state, cpu.snapshot().unwrap().state);
        assert_close(&found.weights, &expected.weights, 1e-6);
        assert_close(found.average.as_ref().unwrap(), expected.average.as_ref().unwrap(), 1e-6);
        assert_close(&found.optimizer.first_moment, &expected.optimizer.first_moment, 1e-6);
        if algorithm == Algorithm::AdamW {
            assert_close(&found.optimizer.second_moment, &expected.optimizer.second_moment, 1e-6);
        }
    }
}
