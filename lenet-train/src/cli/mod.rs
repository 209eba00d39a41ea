//! The command line: flags and subcommands, parsed into a [`Task`] and a [`Session`].

mod command;
#[cfg(test)]
mod tests;
mod training_flags;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser};
use command::Command;
use lenet_train::commands::Session;
use lenet_train::commands::export::Export;
use lenet_train::commands::import::Import;
use lenet_train::commands::quantize::Quantize;
use lenet_train::run::config::RunConfig;
use lenet_train::run::console::Console;
use lenet_train::run::folder::Destination;
use lenet_train::run::interrupt::Interrupt;
use std::fs;
use std::path::PathBuf;
use training_flags::TrainingFlags;

/// Trains LeNet on handwritten digits, or on any images of 2 to 64 classes, quantizes it, and exports it for
/// microcontrollers.
///
/// Without a command, trains a new run. `lenet-train COMMAND --help` describes a command.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    training: TrainingFlags,
    #[command(flatten)]
    session: SessionFlags,
}

/// The folder of a training run.
#[derive(Args)]
struct RunFlags {
    /// Folder for all files of the run [default: a new folder runs/<date>-<n>, to which runs/latest points]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in --out, or in runs/latest, with its own settings. With --epochs, extend it to that number of
    /// epochs
    #[arg(long, conflicts_with_all = ["force", "config"])]
    resume: bool,
    /// Replace the run in --out; its checkpoint is kept as checkpoint.previous.safetensors
    #[arg(long, requires = "out")]
    force: bool,
}

/// The flags of every command. None of them changes a result.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
struct SessionFlags {
    /// Number of worker threads, 1 to 256 [default: one per core]
    #[arg(long, value_name = "N", global = true, value_parser = parse_threads)]
    threads: Option<usize>,
    /// Also write the metrics of each epoch to metrics.csv
    #[arg(long, global = true)]
    csv: bool,
    /// Print only errors
    #[arg(long, global = true)]
    quiet: bool,
}

/// One command of the program, with its checked arguments.
pub(crate) enum Task {
    Train { config: RunConfig, destination: Destination },
    Resume { folder: Option<PathBuf>, flags: TrainingFlags },
    Quantize(Quantize),
    Eval { run: PathBuf, data: Option<PathBuf> },
    Report { run: PathBuf, data: Option<PathBuf> },
    ScoreCard { run: PathBuf, data: Option<PathBuf> },
    Import(Import),
    Export(Export),
    BenchAccuracy { config: RunConfig, seeds: u64, out: PathBuf },
    CrossValidate { config: RunConfig, folds: usize, compare: Option<PathBuf>, out: PathBuf },
}

impl Task {
    /// Whether the task trains, so that there is something to save when it is stopped.
    pub(crate) fn trains(&self) -> bool {
        matches!(
            self,
            Self::Train { .. }
                | Self::Resume { .. }
                | Self::BenchAccuracy { .. }
                | Self::CrossValidate { .. }
        )
    }
}

impl Cli {
    /// Returns the task that the flags describe, and the session to run it in.
    ///
    /// # Errors
    ///
    /// Returns a usage error, which exits with status 2, if flags cannot be combined or a setting is out of range.
    pub(crate) fn parse_task(self, interrupt: Interrupt) -> Result<(Task, Session), clap::Error> {
        let SessionFlags { threads, csv, quiet } = self.session;
        let session = Session { threads, csv, console: Console::new(quiet), interrupt };
        let task = match self.command {
            Some(command) => command.task()?,
            None if self.run.resume => Task::Resume { folder: self.run.out, flags: self.training },
            None => {
                let RunFlags { out, force, .. } = self.run;
                Task::Train { config: checked(&self.training)?, destination: Destination { out, force } }
            }
        };
        Ok((task, session))
    }
}

/// Returns the run that the flags describe, with its settings checked.
fn checked(flags: &TrainingFlags) -> Result<RunConfig, clap::Error> {
    let config = flags.config().map_err(usage_error)?;
    config.training.check().map_err(usage_error)?;
    if flags.distils() && config.teachers.is_empty() {
        let message = "--distillation and --temperature: expected a teacher to learn from, found none: give --teacher <DIR>";
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, message));
    }
    Ok(config)
}

fn usage_error(problem: impl std::error::Error) -> clap::Error {
    let message = with_causes(&problem);
    Cli::command().error(ErrorKind::ArgumentConflict, message)
}

/// The messages of an error and its causes, joined by colons.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn parse_threads(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=256).contains(count))
        .ok_or("expected a number from 1 to 256".to_owned())
}

/// Parses a path that becomes part of the description of a run: absolute, and of the folder that a link points to now.
fn recorded_path(text: &str) -> Result<PathBuf, String> {
    if text.chars().any(char::is_control) {
        return Err("expected a path without control characters".to_owned());
    }
    let path = fs::canonicalize(text).or_else(|_| std::path::absolute(text));
    path.map_err(|error| format!("expected a path ({error})"))
}
