//! The `lenet-train` command.

mod cli;

use clap::Parser;
use cli::{Cli, Command};
use lenet_train::{bench_accuracy, cross_validation, pipeline};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => pipeline::run(&cli.training.into()).map(drop).map_err(anyhow::Error::from),
        Some(Command::BenchAccuracy { seeds, training }) => {
            bench_accuracy::run(&(*training).into(), seeds).map(drop).map_err(anyhow::Error::from)
        }
        Some(Command::CrossValidate { folds, training }) => {
            cross_validation::run(&(*training).into(), folds.into()).map(drop).map_err(anyhow::Error::from)
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
