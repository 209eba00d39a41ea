//! Reads a PyTorch `state_dict`, classifies MNIST's test images with it, and writes it as safetensors and as ONNX.
//!
//! ```sh
//! cargo run --release -p lenet-train --example state_dict -- lenet.safetensors out [MEAN STD]
//! ```
//!
//! Into the folder `out` go `lenet.safetensors`, `lenet.onnx` and `classes.txt`, the predicted class of each test image per
//! line. MEAN and STD are those of the pixels that the network was trained on, if they were normalized.

use anyhow::{Context, bail};
use lenet_train::data::{Dataset, DatasetName, Preparation};
use lenet_train::exchange::{fold_normalization, onnx, state_dict};
use lenet_train::model::activations::Activations;
use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (file, out, normalization) = match &arguments[..] {
        [file, out] => (file, out, None),
        [file, out, mean, std] => (file, out, Some((mean.parse()?, std.parse()?))),
        _ => bail!("expected FILE OUT, or FILE OUT MEAN STD"),
    };
    let mut weights = state_dict::read(Path::new(file))?;
    if let Some((mean, std)) = normalization {
        fold_normalization(&mut weights, mean, std)?;
    }

    let out = Path::new(out);
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    state_dict::write(&out.join("lenet.safetensors"), &weights)?;
    let metadata = BTreeMap::from([("dataset".to_owned(), "mnist".to_owned())]);
    onnx::write(&out.join("lenet.onnx"), &weights, &metadata)?;

    let test = Dataset::load(DatasetName::Mnist, None, Preparation::Prepared, true)?.test;
    let logits = Activations::of(&weights, &test.images).logits;
    let classes: String =
        logits.chunks_exact(weights.classes()).map(|logits| format!("{}\n", largest(logits))).collect();
    fs::write(out.join("classes.txt"), classes)?;
    Ok(())
}

/// The index of the largest logit, the first of equal ones.
fn largest(logits: &[f32]) -> usize {
    (0..logits.len()).rev().max_by(|&one, &other| logits[one].total_cmp(&logits[other])).unwrap_or_default()
}
