//! The `lenet-infer` command: classify pictures, read numbers, score a model on a data set, show what a model file holds, talk to a
//! board.

mod board;
mod classify;
mod cli;
mod confidence;
mod draw;
mod eval;
mod inspect;
mod model_file;
mod part;
mod picture;
mod preview;
mod read;
mod scale;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};
use lenet_infer::host::client::LinkError;

use crate::cli::{Cli, Command};
use crate::model_file::Source;

fn main() -> ExitCode {
    let done = run(&Cli::parse(), &mut io::stdout().lock());
    if board::interrupted() {
        return ExitCode::from(board::INTERRUPTED);
    }
    match done {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            text::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, out: &mut impl Write) -> Result<ExitCode> {
    if let Err((kind, message)) = cli.command.check() {
        Cli::command().error(kind, message).exit();
    }
    let source = Source::read(cli.model.as_deref())?;
    let file = source.open()?;
    let code = match &cli.command {
        Command::Classify(args) => classify::run(args, &file, cli.json, out)?,
        Command::Read(args) => read::run(args, &file, cli.json, out)?,
        Command::Eval(args) => eval::run(args, &file, cli.json, out)?,
        Command::Inspect => inspect::run(&source.name, &file, cli.json, out)?,
        Command::Board(args) => board::run(args, &source.name, &file, cli.json, out)?,
    };
    out.flush().context(text::STDOUT)?;
    Ok(code)
}

/// Whether the reader of the output went away, as `head` does: it has what it wanted. A board that went away is another
/// matter.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(broken))
        && !error.chain().any(|cause| cause.is::<LinkError>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Error;

    #[test]
    fn a_reader_that_goes_away_is_no_error_and_a_board_that_does_is_one() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&Error::from(broken()).context(text::STDOUT)));
        assert!(!is_broken_pipe(&Error::from(LinkError::Port { source: broken() }).context("image 3 of 12")));
    }
}
