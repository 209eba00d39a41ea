//! Makes an Arduino library and a Zephyr module of the digit recognizer, for C and C++.
//!
//!     cargo run -p c-package                    with the shipped model
//!     cargo run -p c-package -- --model FILE    with a model of yours
//!
//! It builds `liblenet.a` for every core of [`library::LIBRARIES`], keeps of it what the functions of `lenet.h` need
//! ([`prune`]), adds the model and the golden digits as arrays ([`data`]), and writes the packages ([`package`]). It
//! prints how much code and how many constants a program takes of each library.

mod archive;
mod cargo;
mod data;
mod library;
mod package;
mod prune;

use anyhow::{Context, Result};
use library::LIBRARIES;
use package::Contents;
use prune::{FUNCTIONS, Objects};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: c-package [--model FILE] [--out FOLDER]

  --model FILE    the model of the packages; without it, the shipped one
  --out FOLDER    where arduino/LeNet and zephyr/lenet go; without it, `c` in Cargo's target folder";

/// What a program needs that classifies images.
const CLASSIFY: [&str; 3] = ["lenet_decode", "lenet_classify", "lenet_message"];

/// What the command line says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    model: Option<PathBuf>,
    out: Option<PathBuf>,
}

impl Options {
    /// Returns nothing for a command line that is not as in [`USAGE`].
    fn parse(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let option = match word.to_str()? {
                "--model" => &mut options.model,
                "--out" => &mut options.out,
                _ => return None,
            };
            if option.replace(words.next()?.into()).is_some() {
                return None;
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let words: Vec<_> = env::args_os().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(options) = Options::parse(words.into_iter()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<()> {
    let model = data::model(options.model.as_deref())?;
    cargo::check_targets(&LIBRARIES)?;
    let mut archives = Vec::new();
    println!("{:<16} {:>9} {:>9} {:>14}", "library", "archive", "classify", "with pictures");
    for library in &LIBRARIES {
        let built = cargo::build(library)?;
        let objects = Objects::read(&built).context(library.name)?;
        let (classify, all) = (objects.size(&CLASSIFY), objects.size(&FUNCTIONS));
        let archive = archive::archive(&objects.prune().context(library.name)?);
        println!("{:<16} {:>9} {:>9} {:>14}", library.name, archive.len(), classify?, all?);
        archives.push(archive);
    }
    let out = options.out.unwrap_or_else(|| cargo::target_folder().join("c"));
    let bytes = model.len();
    Contents { archives, model }.write(&out)?;
    let out = out.display();
    println!("in bytes, of flash; the model takes {bytes} more\n\n{out}/arduino/LeNet\n{out}/zephyr/lenet");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_are_read_in_any_order_and_once() {
        let both = Options { model: Some("m".into()), out: Some("o".into()) };
        assert_eq!(parse(""), Some(Options::default()));
        assert_eq!(parse("--out o --model m"), Some(both));
        for line in ["--model", "--model a --model b", "m", "--mode m"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
