//! The `lenet-train` command.

mod cli;

use clap::Parser;
use cli::Cli;
use lenet_train::pipeline;
use std::process::ExitCode;

fn main() -> ExitCode {
    match pipeline::run(&Cli::parse().into()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {:#}", anyhow::Error::from(error));
            ExitCode::FAILURE
        }
    }
}
