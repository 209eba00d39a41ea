use super::TestDevice;
use crate::augment::Augment;
use crate::data::Split;
use crate::eval::score::Score;
use crate::model::network::Network;
use crate::model::weights::{FloatWeights, LAYERS};
use crate::test_device::Open;
use crate::test_images::synthetic;
use crate::train::optimizer::{Algorithm, Rule};
use crate::train::recipe::{Recipe, Schedule, Settings};
use crate::train::*;
use dfdx::prelude::Cpu;
use lenet_core::shape::CLASSES;
use lenet_infer::host::idx::LabeledImages;
use rayon::ThreadPoolBuilder;
use std::ops::ControlFlow;

const EPOCHS: u32 = 3;

/// The batch size of 50 makes the last batch shorter, and no batch a multiple of the fused operation's chunks.
fn settings(algorithm: Algorithm) -> Settings {
    Settings {
        epochs: EPOCHS,
        batch_size: 50,
        learning_rate: 5e-3,
        schedule: Schedule::Cosine,
        rule: Rule { algorithm, momentum: 0.9, weight_decay: 1e-2 },
        seed: 11,
        ..Recipe::Default.settings()
    }
}

fn trainer<'a>(settings: &'a Settings, set: &'a LabeledImages) -> Trainer<'a, TestDevice> {
    let (train, held_out) = (Split::new(set, CLASSES), Split::new(set, CLASSES));
    Trainer::new(TestDevice::open(settings.seed), settings, train, &[], held_out).unwrap()
}

/// Settings with every feature of a run turned on, in few epochs.
fn everything() -> Settings {
    Settings {
        warmup_epochs: 1,
        label_smoothing: 0.1,
        ema_decay: 0.9,
        distillation: 0.5,
        temperature: 2.0,
        qat_epochs: 2,
        augment: Augment { rotation: 10.0, shift: 2.0, elastic: 1.0, stroke: 0.3, ..Augment::OFF },
        ..settings(Algorithm::AdamW)
    }
}

fn go_on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn train(trainer: &mut Trainer<'_, TestDevice>, epochs: u32) {
    for _ in 0..epochs {
        trainer.epoch(go_on).unwrap();
    }
}

fn bits(snapshot: &Snapshot) -> Vec<u32> {
    let LearnerState { weights, optimizer, average } = &snapshot.state;
    let parts = [weights, &optimizer.first_moment, &optimizer.second_moment].into_iter().chain(average);
    let tensors = parts.flat_map(FloatWeights::layers).flat_map(|layer| [&layer.weight, &layer.bias]);
    tensors.flatten().map(|value| value.to_bits()).collect()
}

fn train_with_threads(threads: usize) -> Vec<u32> {
    let augment = Augment { rotation: 10.0, elastic: 1.0, ..Augment::OFF };
    let (settings, set) = (Settings { augment, ..settings(Algorithm::AdamW) }, synthetic(120));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut trainer = trainer(&settings, &set);
        train(&mut trainer, EPOCHS);
        bits(&trainer.snapshot().unwrap())
    })
}

#[test]
fn any_number_of_threads_gives_the_same_weights_bit_by_bit() {
    let one = train_with_threads(1);
    assert_eq!(train_with_threads(2), one);
}

/// The epochs of a run with their scores.
fn scores(snapshot: &Snapshot) -> Vec<(u32, Score, Score)> {
    snapshot.history.iter().map(|epoch| (epoch.epoch, epoch.train, epoch.held_out)).collect()
}

/// Checks that the run that `begin` creates ends the same if it is stopped after any epoch and resumed.
fn assert_resumes<'a>(begin: impl Fn() -> Trainer<'a, TestDevice>) {
    let mut uninterrupted = begin();
    let mut snapshots = Vec::new();
    for _ in 0..EPOCHS {
        uninterrupted.epoch(go_on).unwrap();
        snapshots.push(uninterrupted.snapshot().unwrap());
    }
    for stopped_after in 1..EPOCHS {
        let mut resumed = begin();
        resumed.restore(snapshots[stopped_after as usize - 1].clone()).unwrap();
        train(&mut resumed, EPOCHS - stopped_after);
        let (ended, expected) = (resumed.snapshot().unwrap(), &snapshots[EPOCHS as usize - 1]);
        assert_eq!(bits(&ended), bits(expected));
        assert_eq!(ended.quantization, expected.quantization);
        assert_eq!(scores(&ended), scores(expected));
    }
}

#[test]
fn a_resumed_run_ends_bit_by_bit_as_an_uninterrupted_one() {
    let set = synthetic(120);
    for settings in [settings(Algorithm::Sgd), settings(Algorithm::AdamW), everything()] {
        assert_resumes(|| trainer(&settings, &set));
    }
}

/// Trains the run that `begin` creates, but stops in its second epoch after `stop` of three steps and resumes from a
/// snapshot.
fn trained_with_a_stop<'a>(begin: impl Fn() -> Trainer<'a, TestDevice>, stop: usize) -> Snapshot {
    let mut stopped = begin();
    train(&mut stopped, 1);
    let mut steps = 0;
    let metrics = stopped.epoch(|_| {
        steps += 1;
        if steps < stop { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(metrics.unwrap().is_some(), stop == 3);
    let snapshot = stopped.snapshot().unwrap();
    assert_eq!(snapshot.partial.map(|partial| partial.steps), (stop < 3).then_some(stop as u64));
    let mut resumed = begin();
    resumed.restore(snapshot).unwrap();
    let left = EPOCHS - resumed.history().len() as u32;
    train(&mut resumed, left);
    resumed.snapshot().unwrap()
}

#[test]
fn a_run_stopped_within_an_epoch_ends_bit_by_bit_as_an_uninterrupted_one() {
    let (settings, set) = (everything(), synthetic(120));
    let mut uninterrupted = trainer(&settings, &set);
    train(&mut uninterrupted, EPOCHS);
    let expected = uninterrupted.snapshot().unwrap();
    for stop in 1..=3 {
        let ended = trained_with_a_stop(|| trainer(&settings, &set), stop);
        assert_eq!(bits(&ended), bits(&expected));
        assert_eq!(scores(&ended), scores(&expected));
    }
}

#[test]
fn a_resumed_run_with_teachers_ends_bit_by_bit_as_an_uninterrupted_one() {
    let (settings, set) = (everything(), synthetic(120));
    let teachers = [1, 2].map(|seed| Network::new(Cpu::seed_from_u64(seed), CLASSES).unwrap().weights());
    assert_resumes(|| {
        let mut trainer = trainer(&settings, &set);
        trainer.learn_from(&teachers).unwrap();
        trainer
    });
}

#[test]
fn training_learns_and_another_seed_gives_other_weights() {
    let mut settings = settings(Algorithm::AdamW);
    settings.epochs = 8;
    let set = synthetic(200);
    let mut first = trainer(&settings, &set);
    train(&mut first, settings.epochs);
    let last = first.history().last().unwrap();
    assert!(last.held_out.accuracy > 0.95, "{last:?}");
    assert!(last.train.loss < first.history()[0].train.loss);

    let other = Settings { seed: 12, ..settings.clone() };
    assert_ne!(trainer(&other, &set).weights().unwrap(), trainer(&settings, &set).weights().unwrap());
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run() {
    let mut settings = settings(Algorithm::Sgd);
    settings.learning_rate = 1e30;
    let set = synthetic(200);
    let mut trainer = trainer(&settings, &set);
    let error = (0..EPOCHS).find_map(|_| trainer.epoch(go_on).err()).unwrap();
    assert!(matches!(error, TrainingError::Diverged { epoch: 1, .. }), "{error}");
    assert!(error.to_string().contains("lower the learning rate (--lr)"));
}

#[test]
fn an_epoch_whose_last_step_diverges_stops_the_run_and_is_not_counted() {
    let mut settings = settings(Algorithm::Sgd);
    (settings.learning_rate, settings.batch_size) = (1e30, 200);
    let set = synthetic(200);
    let mut trainer = trainer(&settings, &set);
    let error = trainer.epoch(go_on).unwrap_err();
    assert!(matches!(error, TrainingError::DivergedHeldOut { epoch: 1, .. }), "{error}");
    assert!(trainer.history().is_empty());
}

#[test]
fn a_parameter_that_is_not_finite_stops_the_run_whatever_its_layer() {
    let (settings, set) = (settings(Algorithm::Sgd), synthetic(120));
    for (layer, name) in LAYERS.iter().enumerate() {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut trainer = trainer(&settings, &set);
            let mut snapshot = trainer.snapshot().unwrap();
            snapshot.state.weights.layers_mut()[layer].weight[0] = number;
            trainer.restore(snapshot).unwrap();
            let error = trainer.epoch(go_on).expect_err(name);
            assert!(error.to_string().contains("lower the learning rate (--lr)"), "{name}: {error}");
            assert!(trainer.history().is_empty());
        }
    }
}

#[test]
fn every_image_is_counted_once_per_epoch() {
    let (settings, set) = (settings(Algorithm::Sgd), synthetic(120));
    let mut steps = Vec::new();
    trainer(&settings, &set)
        .epoch(|images| {
            steps.push(images);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(steps, [50, 50, 20]);
}
