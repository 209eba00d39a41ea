//! The description of a run: its settings, data, device, teachers, and the version of the program.

use crate::backend::cpu::Arithmetic;
use crate::data::{Dataset, DatasetName, HeldOut, Preparation};
use crate::generate::Mix;
use crate::train::recipe::Settings;
use lenet_core::shape::CLASSES;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The name of the file in the run's folder that describes it. `--config` repeats the run from it.
pub const CONFIG_FILE: &str = "run.toml";

/// The description of a run.
///
/// It is created from flags or a `run.toml`, and saved in the checkpoint, in `metrics.json` and in `run.toml`. All
/// commands on a finished run start from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The version of lenet-train that started the run.
    #[serde(default = "this_version")]
    pub version: String,
    /// The settings of training and quantization.
    pub training: Settings,
    /// The data set.
    #[serde(default)]
    pub data: DataConfig,
    /// The device, and the machine's arithmetic.
    #[serde(default)]
    pub machine: MachineConfig,
    /// The finished runs that this run learns from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<TeacherConfig>,
    /// The source of imported weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportedConfig>,
    /// The folder of the finished run that was quantized again to create this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantized_from: Option<QuantizedConfig>,
}

/// The data set of a run. The first four fields select it; the others are filled in when it is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// The published data set to use, or the one that is expected in `path`.
    pub dataset: DatasetName,
    /// The folder of the data set. `None` uses the bundled or downloaded files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// How the pictures of the folder become images. `None` for IDX files, and before the data set is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Preparation>,
    /// More images to train on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<ExtraConfig>,
    /// The fold of the training images that is held out: 0 is the last one, 1 the one before it, and so on.
    pub fold: usize,
    /// SHA-256 of the data set, in hexadecimal. A data set with another one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The name of the data set found: that of a published one, or `custom`.
    pub contents: String,
    /// The name of each class: its number if it has no name.
    pub classes: Vec<String>,
    /// Number of images that the run trains on.
    pub train_images: usize,
    /// Number of validation images, which are held out of the training images.
    pub validation_images: usize,
    /// Number of test images.
    pub test_images: usize,
}

/// A data set of the same classes, whose training images a run trains on too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraConfig {
    /// Its folder: four IDX files, or one sub-folder of pictures per class.
    pub path: PathBuf,
    /// The number of its images per epoch, as a share of the number of training images of the run, above 0, at most 4. `None`
    /// means all of them in each epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// SHA-256 of the data set, in hexadecimal. One with another is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The hardware that a run trains on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MachineConfig {
    /// The device.
    pub device: DeviceKind,
    /// The number of the GPU, counted from 0. `None` means the first one. It may change when a run is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<usize>,
    /// The name of the GPU, as its driver tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_name: Option<String>,
    /// Number of worker threads. It does not change the results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The arithmetic of the CPU, which determines the last bits of the results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<Arithmetic>,
}

/// The kind of device that a run trains on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The CPU.
    #[default]
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
}

/// A teacher: a finished run to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// The folder of the run.
    pub folder: PathBuf,
    /// SHA-256 of the teacher's weights, in hexadecimal. A teacher with other weights is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The source of weights that were trained by another program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedConfig {
    /// The file that the weights were read from.
    pub file: PathBuf,
    /// Mean and standard deviation of the pixels, if the network was trained on normalized pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<(f64, f64)>,
    /// SHA-256 of the weights, in hexadecimal.
    pub sha256: String,
}

/// A finished run that was quantized again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantizedConfig {
    /// Its folder.
    pub run: PathBuf,
    /// Whether its best epoch was taken, rather than the one that it exports.
    pub best: bool,
}

impl RunConfig {
    /// Creates a run with these settings that trains on the bundled MNIST, on the CPU.
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

    /// Returns which images are scored after each epoch.
    pub fn held_out(&self) -> HeldOut {
        self.training.recipe.held_out()
    }

    /// The generated images of the run: those that its settings ask for, if its classes are the ten digits.
    pub fn mix(&self) -> Mix {
        if self.data.is_of_digits() { self.training.mix } else { Mix::OFF }
    }

    /// Whether the run was trained, rather than imported or created by quantizing another run.
    pub fn is_trained(&self) -> bool {
        self.imported.is_none() && self.quantized_from.is_none()
    }

    /// Fills in the description of the data set that was loaded for this run.
    pub fn describe_data(&mut self, dataset: &Dataset) {
        let validation_images = match self.held_out() {
            HeldOut::Validation => dataset.validation_images,
            HeldOut::Test => 0,
        };
        self.data = DataConfig {
            dataset: self.data.dataset,
            path: self.data.path.take(),
            pictures: dataset.preparation,
            extra: std::mem::take(&mut self.data.extra),
            fold: self.data.fold,
            sha256: Some(dataset.sha256.clone()),
            contents: dataset.name.clone(),
            classes: dataset.class_titles(),
            train_images: dataset.train.len() - validation_images,
            validation_images,
            test_images: dataset.test.len(),
        };
    }

    /// Formats the description as the contents of `run.toml`.
    pub fn to_toml(&self) -> String {
        let fields = toml::to_string(self).expect("tables of plain values");
        let bits = self.training.bits;
        let as_is = if self.data.pictures == Some(Preparation::AsIs) { " --as-is" } else { "" };
        let data =
            self.data.path.as_ref().map_or_else(String::new, |path| format!(" --data {}", quoted(path)));
        let arguments = match (&self.imported, &self.quantized_from) {
            (_, Some(QuantizedConfig { run, best })) => {
                let best = if *best { " --best" } else { "" };
                format!("quantize {} --bits {bits}{best}{data}", quoted(run))
            }
            (Some(ImportedConfig { file, normalization, .. }), None) => {
                let flags = normalization
                    .map_or_else(String::new, |(mean, std)| format!(" --mean {mean} --std {std}"));
                let dataset = self.data.dataset;
                format!("import {}{flags} --bits {bits} --dataset {dataset}{data}{as_is}", quoted(file))
            }
            (None, None) => format!("--config {CONFIG_FILE}"),
        };
        format!("# To repeat this run: lenet-train {arguments}\n\n{fields}")
    }
}

impl DataConfig {
    /// Whether the classes are the ten digits in their order: MNIST, or folders of pictures with the names 0 to 9.
    pub fn is_of_digits(&self) -> bool {
        let named = || (0..CLASSES).map(|digit| digit.to_string()).eq(self.classes.iter().cloned());
        self.contents == DatasetName::Mnist.to_string() || (self.pictures.is_some() && named())
    }

    /// Returns how the pictures of the folder become images.
    pub fn preparation(&self) -> Preparation {
        self.pictures.unwrap_or_default()
    }
}

impl DeviceKind {
    /// Returns the name of the device: `cpu` or `cuda`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Quotes a path for a shell, if it has to be.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+=,:@".contains(character);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn this_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
