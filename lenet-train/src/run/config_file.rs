//! Reads the description of a run from TOML: a complete `run.toml`, or a file with a few settings.

use super::config::RunConfig;
use crate::train::recipe::{Recipe, Settings};
use lenet_infer::host::files;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::{Table, Value};

/// The size limit of a description, which is far smaller.
const MAX_BYTES: u64 = 1 << 20;
/// The name of the TOML table with the [`Settings`].
const TRAINING: &str = "training";

/// The error for a file that cannot be used as the description of a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: give a TOML file to --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file is not TOML, or has keys or values that a run does not have.
    #[error(
        "{}: expected the settings of a run in TOML, as in the run.toml of a run's folder, found {problem}", path.display()
    )]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problem and its position.
        problem: String,
    },
    /// The run was not trained, so that it cannot be repeated by training.
    #[error(
        "{}: expected the description of a trained run, found {found}: its first line says how to repeat it",
        path.display()
    )]
    NotTrained {
        /// The file.
        path: PathBuf,
        /// How the run was created.
        found: &'static str,
    },
}

/// Reads the description of a run.
///
/// Settings that the file does not contain come from its recipe, scaled to the number of epochs: `epochs`, or else that
/// in the file, or else the recipe's own.
///
/// # Errors
///
/// Returns a [`ConfigError`] if the file cannot be read, is not a description of a run, or describes a run that was not
/// trained.
pub fn read(path: &Path, epochs: Option<u32>) -> Result<RunConfig, ConfigError> {
    let path = path.to_owned();
    let bytes = match files::read_at_most(&path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(source) => return Err(ConfigError::Read { path, source }),
    };
    let parsed = std::str::from_utf8(&bytes).map_err(|error| error.to_string());
    let config = parsed.and_then(|text| parse(text, epochs));
    match config {
        Ok(config) if config.training.recipe == Recipe::Imported => {
            Err(ConfigError::NotTrained { path, found: "imported weights" })
        }
        Ok(config) if config.quantized_from.is_some() => {
            Err(ConfigError::NotTrained { path, found: "a run that was created by quantizing another run" })
        }
        Ok(config) => Ok(as_new_run(config)),
        Err(problem) => Err(ConfigError::Invalid { path, problem: problem.trim_end().to_owned() }),
    }
}

/// Makes it the description of a new run, by this program on this machine, with paths that hold in any working directory.
fn as_new_run(mut config: RunConfig) -> RunConfig {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    config.version = env!("CARGO_PKG_VERSION").to_owned();
    (config.machine.arithmetic, config.machine.gpu_name) = (None, None);
    config.data.path = config.data.path.as_ref().map(absolute);
    config.teachers.iter_mut().for_each(|teacher| teacher.folder = absolute(&teacher.folder));
    config
}

/// Parses a description, or returns what is wrong with it.
fn parse(text: &str, epochs: Option<u32>) -> Result<RunConfig, String> {
    let mut file: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let given = match file.remove(TRAINING) {
        None => Table::new(),
        Some(Value::Table(given)) => given,
        Some(other) => return Err(format!("{TRAINING} = {other}, which is not a table")),
    };
    file.insert(TRAINING.to_owned(), Value::Table(completed(given, epochs)?));
    RunConfig::deserialize(file).map_err(|error| error.to_string())
}

/// Returns the settings of the recipe that `given` names, with the given settings in place of the recipe's.
fn completed(mut given: Table, epochs: Option<u32>) -> Result<Table, String> {
    let recipe = match given.get("recipe") {
        None => Recipe::default(),
        Some(name) => {
            Recipe::deserialize(name.clone()).map_err(|error| format!("training.recipe: {error}"))?
        }
    };
    let planned = match given.get("epochs") {
        None => None,
        Some(epochs) => {
            Some(u32::deserialize(epochs.clone()).map_err(|error| format!("training.epochs: {error}"))?)
        }
    };
    if epochs.is_some() && epochs != planned {
        // The run of another length was never extended.
        given.remove("extended");
    }
    let settings = match epochs.or(planned) {
        Some(epochs) if epochs > 0 => recipe.settings_for(epochs),
        _ => recipe.settings(),
    };
    let mut settings = Table::try_from(&settings).map_err(|error| error.to_string())?;
    for (name, value) in given {
        if !settings.contains_key(&name) && name != "extended" {
            let known: Vec<&str> = settings.keys().map(String::as_str).collect();
            return Err(format!("training.{name}, which is not one of {}", known.join(", ")));
        }
        settings.insert(name, value);
    }
    // Checks each setting alone, so that the error names the one with an invalid value.
    for (name, value) in &settings {
        let alone = Table::from_iter([(name.clone(), value.clone())]);
        if let Err(error) = with_one_replaced(recipe, alone) {
            return Err(format!("training.{name} = {value}: {error}"));
        }
    }
    Ok(settings)
}

fn with_one_replaced(recipe: Recipe, one: Table) -> Result<Settings, String> {
    let mut settings = Table::try_from(recipe.settings()).map_err(|error| error.to_string())?;
    settings.extend(one);
    Settings::deserialize(settings).map_err(|error| error.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config::DeviceKind;

    #[test]
    fn missing_settings_come_from_the_recipe() {
        let config =
            parse("[training]\nrecipe = \"best\"\nepochs = 20\nrotation = 5\nbits = \"fc=4\"", None).unwrap();
        let mut expected = Recipe::Best.settings_for(20);
        expected.augment.rotation = 5.0;
        expected.bits = "fc=4".parse().unwrap();
        assert_eq!(config, RunConfig::new(expected));
        assert_eq!(parse("", None).unwrap(), RunConfig::new(Recipe::Default.settings()));
        let longer = parse("[training]\nrecipe = \"best\"", Some(100)).unwrap();
        assert_eq!(longer.training, Recipe::Best.settings_for(100));
    }

    #[test]
    fn a_description_survives_toml() {
        let mut config = RunConfig::new(Recipe::Best.settings_for(7));
        config.training.seed = u64::MAX;
        config.data.path = Some("some/where".into());
        config.data.classes = vec!["cat".to_owned(), "\"dog\"".to_owned()];
        (config.machine.device, config.machine.gpu) = (DeviceKind::Cuda, Some(1));
        config.version = "0.0.1".to_owned();
        assert_eq!(parse(&config.to_toml(), None).unwrap(), config);
    }

    #[test]
    fn errors_name_the_invalid_key_or_value() {
        for (text, part) in [
            ("[training", "1 | [training"),
            ("training = 3", "training = 3, which is not a table"),
            ("[training]\nrotate = 3", "training.rotate, which is not one of"),
            ("[training]\nlearning_rate = \"fast\"", "training.learning_rate = \"fast\": invalid type"),
            ("[training]\nrecipe = \"mine\"", "training.recipe: unknown variant `mine`"),
            ("[training]\nbits = \"5\"", "expected 8 or 4"),
            ("[training]\nepochs = -3", "training.epochs"),
            ("[data]\nfolder = 3", "unknown field `folder`"),
            ("[machine]\ndevice = \"tpu\"", "unknown variant `tpu`"),
        ] {
            let problem = parse(text, None).unwrap_err();
            assert!(problem.contains(part), "expected {part:?} in {problem:?}");
        }
    }
}
