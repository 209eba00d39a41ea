//! The `lenet-infer` command: classify pictures, score a model on a data set, show what a model file holds.

mod classify;
mod cli;
mod eval;
mod inspect;
mod model_file;
mod preview;
mod scale;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::cli::{Cli, Command};
use crate::model_file::ModelFile;

fn main() -> ExitCode {
    match run(&Cli::parse(), &mut io::stdout().lock()) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            text::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, out: &mut impl Write) -> Result<ExitCode> {
    let file = ModelFile::read(cli.model.as_deref())?;
    let model = file.decode()?;
    let code = match &cli.command {
        Command::Classify(args) => classify::run(args, &model, cli.json, out)?,
        Command::Eval(args) => eval::run(args, &model, cli.json, out)?,
        Command::Inspect => inspect::run(&file, &model, cli.json, out)?,
    };
    out.flush().context(text::STDOUT)?;
    Ok(code)
}

/// Whether the reader of the output went away, as `head` does: it has what it wanted.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
}
