//! The `lenet-train` command.

mod cli;

use anyhow::Context;
use clap::Parser;
use cli::{Cli, Task};
use lenet_train::commands::{
    CommandError, Session, bench_accuracy, cross_validate, eval, export, import, quantize, report, resume,
    score_card, train,
};
use lenet_train::run::interrupt::Interrupt;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let interrupt = Interrupt::default();
    let (task, session) = cli.parse_task(interrupt.clone()).unwrap_or_else(|usage| usage.exit());
    // What does not train has nothing to save when it is stopped.
    let handlers = if task.trains() { interrupt.listen() } else { Ok(()) }
        .and_then(|()| Interrupt::survive_file_limits());
    let done = handlers
        .context("cannot install the handlers for Ctrl-C and other signals")
        .and_then(|()| run(task, &session))
        .and_then(|()| Ok(session.console.finish()?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn run(task: Task, session: &Session) -> anyhow::Result<()> {
    match task {
        Task::Train { config, destination } => train::run(config, &destination, session).map(drop)?,
        Task::Resume { folder, flags } => {
            resume::run(folder.as_deref(), |run| flags.change(run.clone()), session).map(drop)?;
        }
        Task::Quantize(task) => quantize::run(&task, session).map(drop)?,
        Task::Eval { run, data } => eval::run(&run, data.as_deref(), session).map(drop)?,
        Task::Report { run, data } => report::run(&run, data.as_deref(), session).map(drop)?,
        Task::ScoreCard { run, data } => score_card::run(&run, data.as_deref(), session).map(drop)?,
        Task::Import(task) => import::run(&task, session).map(drop)?,
        Task::Export(task) => export::run(&task, session)?,
        Task::BenchAccuracy { config, seeds, out } => {
            bench_accuracy::run(&config, seeds, &out, session).map(drop)?
        }
        Task::CrossValidate { config, folds, compare, out } => {
            cross_validate::run(&config, folds, &out, compare.as_deref(), session).map(drop)?;
        }
    }
    Ok(())
}

/// Prints the error and returns the exit status: 130 if the user stopped the program, as shells expect, else 1.
fn fail(error: &anyhow::Error) -> ExitCode {
    let command = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<Box<CommandError>>()
    {
        Some(boxed) => boxed.is_interrupt(),
        None => cause.downcast_ref().is_some_and(CommandError::is_interrupt),
    };
    let interrupted = error.chain().any(command);
    // If standard error is closed, the error cannot be reported anywhere.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    if interrupted { ExitCode::from(Interrupt::EXIT_STATUS) } else { ExitCode::FAILURE }
}
