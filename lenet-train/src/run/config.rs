//! What a run is: every setting, its data, its teachers and the program that ran it.

use crate::backend::cpu::Arithmetic;
use crate::data::{Dataset, DatasetName, HeldOut};
use crate::train::recipe::{Recipe, Settings};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The file in the run's folder that repeats the run with `--config`.
pub const CONFIG_FILE: &str = "run.toml";

/// The description of a run, the only one: made from flags or `run.toml`, kept in the checkpoint, in `metrics.json` and in
/// `run.toml`, and what resuming, quantizing and checking start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of the program that began the run.
    #[serde(default = "this_version")]
    pub version: String,
    /// How it trains and quantizes.
    pub training: Settings,
    /// What it trains on.
    #[serde(default)]
    pub data: DataConfig,
    /// What it calculates with.
    #[serde(default)]
    pub machine: MachineConfig,
    /// The finished runs that it learns from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<TeacherConfig>,
    /// Where the weights come from, if they were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportedConfig>,
    /// The finished run that was quantized anew to make this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantized_from: Option<PathBuf>,
}

/// The images of a run. Everything but the first three fields follows from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Name of the data set.
    pub dataset: DatasetName,
    /// Folder of the data set; `None` is the program's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Which part of the training images is held out: 0 is the last, 1 the one in front of it.
    pub fold: usize,
    /// SHA-256 of the data set, in hexadecimal. Another data set is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What the contents are: the name of a published set, or `custom`.
    pub contents: String,
    /// Name of each class: its number where it has no other.
    pub classes: Vec<String>,
    /// Images trained on.
    pub train_images: usize,
    /// Images held out of the training file.
    pub validation_images: usize,
    /// Test images.
    pub test_images: usize,
}

/// What a run calculates with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MachineConfig {
    /// Where it trains.
    pub device: DeviceKind,
    /// Worker threads; the results do not depend on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// How the CPU multiplies and adds, which decides the last bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<Arithmetic>,
}

/// Where a run trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// On the CPU.
    #[default]
    Cpu,
    /// On an NVIDIA GPU.
    Cuda,
}

/// A finished run to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// Its folder.
    pub folder: PathBuf,
    /// SHA-256 of its weights, in hexadecimal. Other weights are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Weights that were trained by another program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedConfig {
    /// The file that they were read from.
    pub file: PathBuf,
    /// Mean and standard deviation of the pixels that it was trained on, if they were normalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<(f64, f64)>,
    /// SHA-256 of the weights, in hexadecimal.
    pub sha256: String,
}

impl RunConfig {
    /// A run with these settings on the program's own MNIST, on the CPU.
    pub fn new(training: Settings) -> Self {
        Self {
            version: this_version(),
            training,
            data: DataConfig::default(),
            machine: MachineConfig::default(),
            teachers: Vec::new(),
            imported: None,
            quantized_from: None,
        }
    }

    /// Which images are scored after each epoch.
    pub fn held_out(&self) -> HeldOut {
        self.training.recipe.held_out()
    }

    /// Number of images scored after each epoch.
    pub fn held_out_images(&self) -> usize {
        match self.held_out() {
            HeldOut::Validation => self.data.validation_images,
            HeldOut::Test => self.data.test_images,
        }
    }

    /// Describes `dataset`, which this run trains on.
    pub fn describe_data(&mut self, dataset: &Dataset) {
        let validation_images =
            if self.training.recipe == Recipe::Reference { 0 } else { dataset.validation_images };
        self.data = DataConfig {
            dataset: self.data.dataset,
            path: self.data.path.take(),
            fold: self.data.fold,
            sha256: Some(dataset.sha256.clone()),
            contents: dataset.name.clone(),
            classes: dataset.class_titles(),
            train_images: dataset.train.len() - validation_images,
            validation_images,
            test_images: dataset.test.len(),
        };
    }

    /// The run as `run.toml`.
    pub fn to_toml(&self) -> String {
        let fields = toml::to_string(self).expect("tables of plain values");
        let bits = self.training.bits;
        let how = match (&self.imported, &self.quantized_from) {
            (_, Some(run)) => format!("quantize {} --bits {bits}", run.display()),
            (Some(ImportedConfig { file, normalization, .. }), None) => {
                let flags = normalization
                    .map_or_else(String::new, |(mean, std)| format!(" --mean {mean} --std {std}"));
                format!("import {}{flags} --bits {bits}", file.display())
            }
            (None, None) => format!("--config {CONFIG_FILE}"),
        };
        format!("# This makes the run again: lenet-train {how}\n\n{fields}")
    }
}

impl DeviceKind {
    /// `cpu` or `cuda`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

fn this_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
