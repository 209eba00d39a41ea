//! Reads a run's description from TOML: a whole `run.toml`, or the few settings that somebody wrote down.

use super::config::RunConfig;
use crate::train::recipe::{Recipe, Settings};
use lenet_infer::host::files;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::{Table, Value};

/// No description comes near.
const MAX_BYTES: u64 = 1 << 20;
/// The table of [`Settings`].
const TRAINING: &str = "training";

/// Why a file does not describe a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: name a TOML file by --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file is no TOML, or has other keys or values than a run.
    #[error(
        "{}: expected the settings of a run in TOML, as in the run.toml of a run's folder, found {problem}", path.display()
    )]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// The run was not made by training.
    #[error(
        "{}: expected a run that was trained, found {found}: the first line of the file says how to make it again",
        path.display()
    )]
    NotTrained {
        /// The file.
        path: PathBuf,
        /// How it was made.
        found: &'static str,
    },
}

/// Reads the description in `path`. What it does not say comes from its recipe, shortened or lengthened to its epochs, or to
/// `epochs`.
///
/// # Errors
///
/// [`ConfigError`].
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
            Err(ConfigError::NotTrained { path, found: "a run that was quantized anew" })
        }
        Ok(config) => Ok(with_absolute_paths(config)),
        Err(problem) => Err(ConfigError::Invalid { path, problem: problem.trim_end().to_owned() }),
    }
}

/// So that the run can be resumed from another folder.
fn with_absolute_paths(mut config: RunConfig) -> RunConfig {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    config.data.path = config.data.path.as_ref().map(absolute);
    config.teachers.iter_mut().for_each(|teacher| teacher.folder = absolute(&teacher.folder));
    config
}

/// The description in `text`, or what is wrong with it.
fn parse(text: &str, epochs: Option<u32>) -> Result<RunConfig, String> {
    let mut file: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let given = match file.remove(TRAINING) {
        None => Table::new(),
        Some(Value::Table(given)) => given,
        Some(other) => return Err(format!("{TRAINING} = {other} where a table is expected")),
    };
    file.insert(TRAINING.to_owned(), Value::Table(completed(given, epochs)?));
    RunConfig::deserialize(file).map_err(|error| error.to_string())
}

/// The settings of the recipe that `given` names, replaced by those that are given.
fn completed(given: Table, epochs: Option<u32>) -> Result<Table, String> {
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
    let settings = match epochs.or(planned) {
        Some(epochs) if epochs > 0 => recipe.settings_for(epochs),
        _ => recipe.settings(),
    };
    let mut settings = Table::try_from(&settings).map_err(|error| error.to_string())?;
    for (name, value) in given {
        if !settings.contains_key(&name) && name != "extended" {
            let known: Vec<&str> = settings.keys().map(String::as_str).collect();
            return Err(format!("training.{name}, which is none of {}", known.join(", ")));
        }
        settings.insert(name, value);
    }
    // Finds a value of the wrong kind, and names it.
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
    fn a_few_settings_are_completed_by_their_recipe() {
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
    fn what_is_written_is_read_back_the_same() {
        let mut config = RunConfig::new(Recipe::Best.settings_for(7));
        config.training.seed = u64::MAX;
        config.data.path = Some("some/where".into());
        config.data.classes = vec!["cat".to_owned(), "\"dog\"".to_owned()];
        config.machine.device = DeviceKind::Cuda;
        config.version = "0.0.1".to_owned();
        assert_eq!(parse(&config.to_toml(), None).unwrap(), config);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("[training", "1 | [training"),
            ("training = 3", "training = 3 where a table is expected"),
            ("[training]\nrotate = 3", "training.rotate, which is none of"),
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
