//! Tests of the commands on finished runs.

use super::{assert_fails, assert_succeeds, data, lenet_train, stdout, train_on};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn on(command: &str, run: &Path, more: &[&str]) -> std::process::Output {
    lenet_train(&[&[command, run.to_str().unwrap()], more].concat())
}

fn metrics(run: &Path) -> Value {
    serde_json::from_slice(&fs::read(run.join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn changed_settings_are_named_in_the_model_the_metrics_and_the_report() {
    let (data, out) = (data(), tempdir().unwrap());
    let flags = ["--recipe", "best", "--qat-epochs", "0", "--weight-decay", "5", "--rotation", "90"];
    let output = train_on(data.path(), out.path(), &[&flags[..], &["--label-smoothing", ".3"]].concat());
    assert_succeeds(&output);
    let title = "best, changed: epochs 2, label smoothing 0.3, rotation 90, weight decay 5";
    let model = fs::read(out.path().join("model.lenet")).unwrap();
    assert_eq!(lenet_infer::decode(&model).unwrap().metadata.recipe, title);
    let training = &metrics(out.path())["run"]["training"];
    assert_eq!((&training["rotation"], &training["label_smoothing"]), (&90.0.into(), &0.3.into()));
    assert!(fs::read_to_string(out.path().join("report.html")).unwrap().contains(title));
}

#[test]
fn a_finished_run_is_quantized_again_without_training_into_a_new_run() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    let model = fs::read(out.path().join("model.lenet")).unwrap();
    let output = on("quantize", out.path(), &["--bits", "conv=8,fc=4"]);
    assert_succeeds(&output);
    assert!(!stdout(&output).contains("1/2"), "{}", stdout(&output));
    let quantized = out.path().join("quantized-conv-8-fc-4");
    let smaller = fs::read(quantized.join("model.lenet")).unwrap();
    assert!(smaller.len() < model.len() && fs::read(out.path().join("model.lenet")).unwrap() == model);
    assert_eq!(metrics(&quantized)["run"]["training"]["bits"], "conv=8,fc=4");
    assert_eq!(metrics(&quantized)["epochs"], metrics(out.path())["epochs"]);
    assert_fails(&on("quantize", out.path(), &["--bits", "conv=8,fc=4"]), 1, &["--force"]);
    // The new run is complete, and quantizing it with the bits of the first run gives the same model file again.
    assert_succeeds(&on("eval", &quantized, &[]));
    let back = quantized.join("back");
    assert_succeeds(&on("quantize", &quantized, &["--bits", "8", "--out", back.to_str().unwrap()]));
    assert!(fs::read(back.join("model.lenet")).unwrap() == model);
}

#[test]
fn the_best_epoch_can_be_quantized_in_place_of_the_last() {
    let (data, out) = (data(), tempdir().unwrap());
    let paths = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
    assert_succeeds(&lenet_train(&[&paths[..], &["--epochs", "6"]].concat()));
    assert_succeeds(&on("quantize", out.path(), &["--best"]));
    let best = metrics(&out.path().join("quantized-8-best"))["exported_epoch"].as_u64().unwrap();
    let epochs = metrics(out.path())["epochs"].as_array().unwrap().clone();
    let loss = |epoch: u64| epochs[epoch as usize - 1]["held_out"]["loss"].as_f64().unwrap();
    assert!((1..=6).all(|epoch| loss(best) <= loss(epoch)));
}

#[test]
fn eval_and_report_repeat_the_results_of_a_run() {
    let (data, out) = (data(), tempdir().unwrap());
    let trained = train_on(data.path(), out.path(), &[]);
    assert_succeeds(&trained);
    let [page, metrics] = ["report.html", "metrics.json"].map(|file| out.path().join(file));
    let before = [&page, &metrics].map(|file| fs::read(file).unwrap());
    fs::remove_file(&page).unwrap();
    let eval = on("eval", out.path(), &[]);
    assert_succeeds(&eval);
    let table = stdout(&eval);
    assert!(stdout(&trained).contains(&table), "{table}");
    assert!(!page.exists());
    assert_succeeds(&on("report", out.path(), &[]));
    assert!([&page, &metrics].map(|file| fs::read(file).unwrap()) == before);
}

#[test]
fn the_error_for_a_missing_run_or_an_unusable_model_file_names_it() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(&on("eval", Path::new("no/such/run"), &[]), 1, &["no/such/run", "give the folder of a run"]);
    assert_fails(&on("report", Path::new("no/such/run"), &[]), 1, &["no/such/run"]);
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    fs::write(out.path().join("model.lenet"), "no model").unwrap();
    assert_fails(&on("eval", out.path(), &[]), 1, &["model.lenet: expected a model file", "quantize"]);
    fs::remove_file(out.path().join("model.lenet")).unwrap();
    assert_fails(&on("eval", out.path(), &[]), 1, &["model.lenet: cannot be read"]);
}

#[test]
fn exported_weights_can_be_imported_as_a_run_with_the_same_results() {
    let (data, out, other) = (data(), tempdir().unwrap(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    let [weights, onnx] = ["weights.safetensors", "lenet.onnx"].map(|file| other.path().join(file));
    let (weights, onnx) = (weights.to_str().unwrap(), onnx.to_str().unwrap());
    assert_succeeds(&on("export", out.path(), &["--safetensors", weights, "--onnx", onnx]));
    assert!(fs::read(onnx).unwrap().len() > 4 * 44_426);
    let imported = other.path().join("run");
    let flags = ["--data", data.path().to_str().unwrap(), "--out", imported.to_str().unwrap()];
    assert_succeeds(&lenet_train(&[&["import", weights], &flags[..]].concat()));
    let [trained, again] = [out.path(), &imported].map(|run| metrics(run)["result"].clone());
    assert_eq!(trained["confusion"], again["confusion"]);
    let model = fs::read(imported.join("model.lenet")).unwrap();
    assert_eq!(lenet_infer::decode(&model).unwrap().metadata.recipe, "imported");
    // The imported run can be quantized like any other, but not repeated by training.
    assert_succeeds(&on("quantize", &imported, &["--bits", "4"]));
    let description = imported.join("run.toml");
    let again = lenet_train(&["--config", description.to_str().unwrap()]);
    assert_fails(&again, 2, &["found imported weights"]);
}

#[test]
fn the_error_for_weights_that_cannot_be_imported_names_the_file() {
    let (data, out) = (data(), tempdir().unwrap());
    let file = out.path().join("weights.safetensors");
    fs::write(&file, "no weights").unwrap();
    let flags = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
    let import = lenet_train(&[&["import", file.to_str().unwrap()], &flags[..]].concat());
    assert_fails(&import, 1, &["weights.safetensors"]);
}

#[test]
fn a_run_that_was_not_trained_is_checked_again_but_not_trained_further() {
    let (data, out) = (data(), tempdir().unwrap());
    let paths = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
    let flags = ["--epochs", "9", "--early-stop", "2", "--lr", "0.02"];
    assert_succeeds(&lenet_train(&[&paths[..], &flags].concat()));
    for (bits, best) in [("4", None), ("8", Some("--best"))] {
        let quantized = out.path().join(bits);
        let more = ["--bits", bits, "--out", quantized.to_str().unwrap()];
        assert_succeeds(&on("quantize", out.path(), &more.into_iter().chain(best).collect::<Vec<_>>()));
        assert_succeeds(&on("eval", &quantized, &[]));
        assert_succeeds(&on("report", &quantized, &[]));
        let resumed = lenet_train(&["--resume", "--out", quantized.to_str().unwrap(), "--epochs", "20"]);
        assert_fails(&resumed, 1, &["expected a run that was trained", "quantizing another"]);
    }
    assert_fails(
        &on("quantize", out.path(), &["--out", out.path().to_str().unwrap(), "--force"]),
        1,
        &["itself"],
    );
}

#[test]
fn the_best_epoch_of_another_run_is_refused() {
    let (data, out, other) = (data(), tempdir().unwrap(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    assert_succeeds(&train_on(data.path(), other.path(), &["--seed", "1"]));
    fs::copy(other.path().join("best.safetensors"), out.path().join("best.safetensors")).unwrap();
    let quantized = on("quantize", out.path(), &["--best"]);
    assert_fails(&quantized, 1, &["best.safetensors", "found that of another"]);
}

#[test]
fn weights_are_not_exported_over_a_device_or_both_to_one_file() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    let folder = out.path().to_str().unwrap();
    assert_fails(&on("export", out.path(), &["--onnx", folder]), 1, &["expected a file to write"]);
    let file = out.path().join("weights");
    let file = file.to_str().unwrap();
    let both = on("export", out.path(), &["--onnx", file, "--safetensors", file]);
    assert_fails(&both, 1, &["choose two names"]);
}
