use super::TestDevice;
use crate::augment::Augment;
use crate::data::Split;
use crate::run::checkpoint::*;
use crate::test_device::Open;
use crate::test_images::synthetic;
use crate::train::Trainer;
use crate::train::recipe::{Recipe, Settings};
use lenet_core::shape::CLASSES;
use std::ops::ControlFlow;
use tempfile::tempdir;

/// Trains the rest of a run's three epochs, or stops after `steps` steps.
fn train(trainer: &mut Trainer<'_, TestDevice>, mut steps: usize) {
    while steps > 0 && trainer.history().len() < 3 {
        let on_step = |_| {
            steps -= 1;
            if steps > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        trainer.epoch(on_step).unwrap();
    }
}

#[test]
fn a_run_that_continues_from_a_checkpoint_file_has_its_state_and_ends_as_an_uninterrupted_one() {
    let augment = Augment { rotation: 10.0, ..Augment::OFF };
    let default = Recipe::Default.settings();
    let settings = Settings { epochs: 3, batch_size: 50, ema_decay: 0.9, qat_epochs: 1, augment, ..default };
    let set = synthetic(120);
    let split = Split::new(&set, CLASSES);
    let begin = || Trainer::new(TestDevice::open(settings.seed), &settings, split, &[], split).unwrap();
    let mut uninterrupted = begin();
    train(&mut uninterrupted, usize::MAX);
    let expected = uninterrupted.snapshot().unwrap();

    let mut run = RunConfig::new(settings.clone());
    run.data.classes = (0..CLASSES).map(|class| class.to_string()).collect();
    let folder = tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    // Three steps are an epoch: within an epoch, after one, and within one that is quantization-aware.
    for steps in [2, 3, 8] {
        let mut stopped = begin();
        train(&mut stopped, steps);
        save(&path, &run, &stopped.snapshot().unwrap()).unwrap();
        let (_, loaded) = load(&path).unwrap();
        let mut resumed = begin();
        resumed.restore(loaded.clone()).unwrap();
        assert_eq!(resumed.snapshot().unwrap(), loaded, "after {steps} steps");
        train(&mut resumed, usize::MAX);
        let ended = resumed.snapshot().unwrap();
        assert_eq!(
            fingerprint(&ended.state.weights),
            fingerprint(&expected.state.weights),
            "after {steps} steps"
        );
        let [loss, expected] = [&ended, &expected].map(|end| end.history.last().unwrap().held_out.loss);
        assert_eq!(loss, expected, "after {steps} steps");
    }
}
