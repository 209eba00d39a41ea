//! Tests of `inspect`, and of the model files that every subcommand accepts and refuses.

use lenet_infer::{RAM_BYTES, SHIPPED};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{
    assert_fails, dir_with, dir_with_model, dir_with_model_of_three, dir_with_test_set, lenet_infer,
    not_found, stderr, succeed, succeed_with_json,
};

#[test]
fn inspect_tells_what_the_file_holds() {
    let dir = dir_with_model(|_| {});
    let metadata = SHIPPED.metadata;
    let object = succeed_with_json(&dir, &["--model", "model.lenet", "inspect", "--json"]);
    let (_, crc) = SHIPPED.bytes.split_last_chunk().unwrap();
    assert_eq!(object["model"], "model.lenet");
    assert_eq!((&object["magic"], &object["version"]), (&json!("LNET"), &json!(3)));
    assert_eq!(object["body_bytes"], SHIPPED.bytes.len() - 14);
    assert_eq!(object["crc32"], format!("{:08x}", u32::from_le_bytes(*crc)));
    assert_eq!(object["dataset"], metadata.dataset);
    assert_eq!(object["recipe"], metadata.recipe);
    assert_eq!(object["seed"], metadata.seed);
    assert_eq!(object["validation_images"], metadata.validation_images);
    assert_eq!(object["flash_bytes"], SHIPPED.bytes.len());
    assert_eq!(object["ram_bytes"], RAM_BYTES);
    let layers = object["layers"].as_array().unwrap();
    let names: Vec<&str> = layers.iter().map(|layer| layer["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["conv1", "conv2", "fc1", "fc2", "fc3"]);
    assert_eq!(layers[1]["bytes"], 2_512);
    assert_eq!(layers[4]["multiplier"], Value::Null);
}

#[test]
fn inspect_prints_header_layers_and_sizes_of_the_shipped_model() {
    let text = succeed(&tempdir().unwrap(), &["inspect"]);
    let starts: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        starts,
        [
            "model",
            "header",
            "trained",
            "validation",
            "confident",
            "layer",
            "conv1",
            "conv2",
            "fc1",
            "fc2",
            "fc3",
            "logit",
            "network",
            "flash",
            "RAM"
        ]
    );
}

#[test]
fn inspect_names_the_classes_and_the_threshold() {
    let text = succeed(&dir_with_model_of_three(768), &["inspect", "--model", "model.lenet"]);
    for part in
        ["3 classes", "class names   circle, box, star", "from 768 up (3.0 nats, odds of 20 to 1)", "84 to 3"]
    {
        assert!(text.contains(part), "expected {part:?} in {text}");
    }
}

#[test]
fn a_missing_model_is_named_whatever_the_subcommand() {
    let dir = dir_with_test_set();
    let message = format!(
        "none.lenet: expected a model file of lenet-train; without --model the shipped one is used: {}",
        not_found()
    );
    for subcommand in [&["inspect"][..], &["eval", "--data", "data"], &["classify", "strokes.raw"]] {
        assert_fails(&dir, &[subcommand, &["--model", "none.lenet"]].concat(), &message);
    }
}

#[test]
fn a_truncated_model_is_refused() {
    let (expected, found) = (SHIPPED.bytes.len() - 14, SHIPPED.bytes.len() - 15);
    assert_fails(
        &dir_with_model(|bytes| bytes.truncate(SHIPPED.bytes.len() - 1)),
        &["inspect", "--model", "model.lenet"],
        &format!(
            "model.lenet: model file has the wrong length: its header says a body of {expected} bytes, \
             found {found}; copy or export it again"
        ),
    );
}

#[test]
fn a_model_of_another_version_is_refused_with_both_versions_named() {
    assert_fails(
        &dir_with_model(|bytes| bytes[4] = 4),
        &["inspect", "--model", "model.lenet"],
        "model.lenet: model file has format version 4, this program reads version 3; \
         export the model again with the lenet-train of this release",
    );
}

#[test]
fn a_model_with_a_flipped_bit_is_refused() {
    let dir = dir_with_model(|bytes| bytes[20_000] ^= 0x10);
    let output = lenet_infer(&dir, &["inspect", "--model", "model.lenet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("error: model.lenet: model file is damaged: CRC-32 of its bytes is ")
    );
}

#[test]
fn a_file_that_is_no_model_is_refused() {
    assert_fails(
        &dir_with("model.lenet", b"#!/bin/sh and more"),
        &["classify", "--model", "model.lenet", "strokes.raw"],
        "model.lenet: not a model file: expected it to start with \"LNET\", found the bytes [23, 21, 2f, 62]",
    );
}
