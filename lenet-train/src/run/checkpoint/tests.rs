use super::*;
use crate::eval::score::{Score, Tally};
use crate::model::bits::Bits;
use crate::train::recipe::Recipe;
use lenet_core::shape::CLASSES;
use std::fs;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};

fn run() -> RunConfig {
    let mut run = RunConfig::new(Recipe::Default.settings());
    run.data.classes = (0..CLASSES).map(|class| class.to_string()).collect();
    run.data.sha256 = Some("a SHA-256".to_owned());
    run
}

/// Weights that all differ, with special values such as -0 and a subnormal number among them.
fn weights(start: f32) -> FloatWeights {
    let mut next = start;
    let mut numbers = |count: usize| -> Vec<f32> {
        let mut numbers: Vec<f32> = (0..count)
            .map(|_| {
                next += 0.1;
                next
            })
            .collect();
        numbers[0] = -0.0;
        numbers[1] = f32::from_bits(1);
        numbers
    };
    let [conv1, conv2, fc1, fc2, fc3] = layer_shapes(CLASSES)
        .map(|[outputs, inputs]| Affine { weight: numbers(outputs * inputs), bias: numbers(outputs) });
    FloatWeights { conv1, conv2, fc1, fc2, fc3 }
}

fn snapshot() -> Snapshot {
    let score = Score { loss: 0.1 + 0.2, accuracy: 1.0 / 3.0 };
    let epoch = EpochMetrics {
        epoch: 1,
        seconds: 2.5,
        images_per_second: 22_000.0,
        learning_rate: 1e-3,
        train: score,
        held_out: score,
    };
    Snapshot {
        history: vec![epoch.clone(), EpochMetrics { epoch: 2, ..epoch }],
        partial: Some(PartialEpoch { steps: 3, tally: Tally::new(CLASSES), seconds: 0.5 }),
        state: LearnerState {
            weights: weights(0.0),
            optimizer: OptimizerState { steps: 860, first_moment: weights(1.0), second_moment: weights(2.0) },
            average: Some(weights(3.0)),
        },
        quantization: Some(Quantization::new(&weights(0.0), [0.1, 2.0, 3.0, 4.0], Bits::INT8)),
    }
}

fn saved() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    save(&folder.path().join(FILE_NAME), &run(), &snapshot()).unwrap();
    let path = folder.path().join(FILE_NAME);
    (folder, path)
}

/// The problem that [`load`] finds in a checkpoint with these bytes.
fn problem(bytes: &[u8]) -> String {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), bytes).unwrap();
    match load(&folder.path().join(FILE_NAME)) {
        Err(CheckpointError::Unusable { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_loaded_checkpoint_equals_the_saved_one_bit_by_bit() {
    let (folder, _) = saved();
    let (config, loaded) = load(&folder.path().join(FILE_NAME)).unwrap();
    assert_eq!((config, &loaded), (run(), &snapshot()));
    assert!(loaded.state.weights.conv1.weight[0].is_sign_negative());
}

#[test]
fn saving_again_replaces_the_file_and_leaves_no_other_file() {
    let (folder, _) = saved();
    let later = Snapshot { history: Vec::new(), ..snapshot() };
    save(&folder.path().join(FILE_NAME), &run(), &later).unwrap();
    assert_eq!(load(&folder.path().join(FILE_NAME)).unwrap().1, later);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_error_for_a_missing_checkpoint_names_that_of_an_earlier_run() {
    let folder = tempdir().unwrap();
    let error = load(&folder.path().join(FILE_NAME)).unwrap_err();
    assert!(matches!(error, CheckpointError::Missing { .. }));
    fs::write(folder.path().join(PREVIOUS_FILE_NAME), "").unwrap();
    let error = load(&folder.path().join(FILE_NAME)).unwrap_err();
    assert!(error.to_string().contains("checkpoint.previous.safetensors"), "{error}");
}

#[test]
fn a_truncated_checkpoint_is_refused_at_every_length() {
    let (_folder, path) = saved();
    let bytes = fs::read(path).unwrap();
    for len in [0, 7, 8, 9, 500, 3_000, bytes.len() / 2, bytes.len() - 1] {
        problem(&bytes[..len]);
    }
    let mut longer = bytes;
    longer.push(0);
    problem(&longer);
}

#[test]
fn a_checkpoint_with_a_changed_byte_is_refused() {
    let (_folder, path) = saved();
    let mut bytes = fs::read(path).unwrap();
    for position in (0..bytes.len()).step_by(9_001).chain(0..64) {
        bytes[position] ^= 1;
        problem(&bytes);
        bytes[position] ^= 1;
    }
}

#[test]
fn a_safetensors_file_of_another_program_is_refused() {
    let data = 1f32.to_le_bytes();
    let view = TensorView::new(Dtype::F32, vec![1], &data).unwrap();
    let bytes = safetensors::serialize([("weights.conv1.weight", view)], None).unwrap();
    assert_eq!(problem(&bytes), "a safetensors file of another program");
}

#[test]
fn the_error_for_another_version_names_both_versions() {
    assert_eq!(parse_header(r#"{"version":1}"#).err().unwrap(), "version 1 of the format in place of 3");
}

#[test]
fn saving_into_a_missing_folder_is_an_error() {
    let folder = tempdir().unwrap();
    let error = save(&folder.path().join("missing/file"), &run(), &snapshot()).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }));
}
