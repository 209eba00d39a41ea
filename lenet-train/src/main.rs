//! The `lenet-train` command.

mod cli;

use clap::Parser;
use cli::{Cli, Task};
use lenet_train::commands::{bench_accuracy, cross_validate, train};
use std::process::ExitCode;

fn main() -> ExitCode {
    let task = Cli::parse().task().unwrap_or_else(|usage| usage.exit());
    let done = match task {
        Task::Train(options) => train::run(&options).map(drop).map_err(anyhow::Error::from),
        Task::BenchAccuracy { options, seeds } => {
            bench_accuracy::run(&options, seeds).map(drop).map_err(anyhow::Error::from)
        }
        Task::CrossValidate { options, folds, compare } => {
            cross_validate::run(&options, folds, compare.as_deref()).map(drop).map_err(anyhow::Error::from)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
