//! Measures inference on every board that QEMU emulates, and compares the figures with the committed ones.
//!
//!     cargo run --release -p measure               fails if a figure grew by more than 1 %
//!     cargo run --release -p measure -- M4 M33     the same for these cores only
//!     cargo run --release -p measure -- --write    writes the figures to size.tsv
//!
//! The figures of a row:
//!
//! - `model`: `decoded` at run time, or `included` and decoded while the program was compiled; `int4` is the included
//!   model that has int4 weights, `ternary` the one that has ternary weights; `picture` is the preparation of a picture
//!   of 160x120 pixels on a work grid of 48 cells per side; `compact` is the included model with the engine that
//!   overwrites its image; `small` is the included model in a small build, where the core has one.
//! - `text`, `rodata`, `data+bss`: the sections of a program that holds inference, the engine and an image, and
//!   nothing else: `proof-engine` with `decode` and `classify`, `proof-included`, `proof-compact`, `proof-int4` and
//!   `proof-ternary` with `classify` and only the widths of weights that the model uses, or `proof-picture` with `prepare`.
//!   The weights are not counted.
//! - `stack`: the most stack that `classify` can take there, found by following every path through the code
//!   ([`bound`]).
//! - `instructions`: those that one `classify` executes, or the slowest of three `prepare`, counted in QEMU ([`count`]).
//! - `cycles`: what the slowest of three runs takes by a model of the core without wait states ([`mod@cycles`]).
//! - `flash`: the words of 32 bits that the run reads from flash, code and constants: what each wait state costs in cycles
//!   where nothing is read ahead or kept.
//!
//! It also fails if the number of instructions depends on the pixels, or if a measured stack is deeper than its bound.

mod board;
mod bound;
mod build;
mod code;
mod count;
mod cycles;
mod fetch;
mod mve;
mod program;
mod riscv;
mod state;
mod step;
mod table;
mod thumb;

use anyhow::{Context, Result};
use board::{BOARDS, Board};
use bound::{Bound, Bounds};
use count::Run;
use cycles::{Core, Timing};
use program::{Program, Sizes};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};
use table::Row;

/// How to fix any difference from the table.
const HOW_TO_FIX: &str =
    "size.tsv does not allow that; if it is meant, run `cargo run --release -p measure -- --write`";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let write = arguments == ["--write"];
    let wanted =
        |board: &&Board| write || arguments.is_empty() || arguments.iter().any(|core| core == board.core);
    let boards: Vec<_> = BOARDS.iter().filter(wanted).collect();
    if !write && !arguments.is_empty() && arguments.len() != boards.len() {
        let cores = BOARDS.map(|board| board.core).join("|");
        eprintln!("usage: measure [--write | {cores}...]");
        return ExitCode::from(2);
    }
    match measure(&boards, write) {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            eprintln!("error: {}", complaints.join("\nerror: "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures the boards, and returns what is wrong.
fn measure(boards: &[&Board], write: bool) -> Result<Vec<String>> {
    let opt_level = build::opt_level()?;
    let (mut rows, mut complaints) = (Vec::new(), Vec::new());
    for board in boards {
        let (measured, found) = measure_board(board, &build::plugin(board)?, &opt_level)?;
        rows.extend(measured);
        complaints.extend(found.into_iter().map(|complaint| format!("{}: {complaint}", board.core)));
    }
    print!("{}", table::print(&rows));

    let path = build::workspace().join("size.tsv");
    if write {
        let new = path.with_extension("tsv.new");
        fs::write(&new, table::print(&rows))
            .with_context(|| format!("{}: cannot be written", new.display()))?;
        fs::rename(&new, &path).with_context(|| format!("{}: cannot be written", path.display()))?;
        return Ok(complaints);
    }
    let committed =
        fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut committed =
        table::parse(&committed).with_context(|| format!("{}: not the table", path.display()))?;
    if boards.len() < BOARDS.len() {
        committed.retain(|row| boards.iter().any(|board| board.name == row.board()));
    }
    let found = table::complaints(&committed, &rows);
    let how_to_fix = (!found.is_empty()).then(|| HOW_TO_FIX.to_owned());
    Ok(complaints.into_iter().chain(found).chain(how_to_fix).collect())
}

/// Measures one board, prints the figures that have no column in the table, and returns its rows and what is wrong.
fn measure_board(board: &Board, plugin: &Path, opt_level: &str) -> Result<(Vec<Row>, Vec<String>)> {
    let engine = Program::read(&build::firmware(board, "proof", "proof-engine")?, board)?;
    let start = Bounds::new(&engine)?.of("proof_decode")?.bytes;
    println!("{} {}: stack {start} to decode", board.core, board.name);
    let classify = ["decoded", "bench", "proof_classify"];
    let (decoded, mut complaints, instructions) = row(board, plugin, opt_level, classify, &engine)?;
    complaints.extend(differing(instructions));

    let mut compiled = |model: &str, file: &str, root: &str| -> Result<Row> {
        let mut program = Program::read(&build::firmware(board, "proof", &format!("proof-{model}"))?, board)?;
        program.sizes.rodata -= build::model_bytes(file)?;
        let classify = [model, &format!("bench-{model}"), root];
        let (row, found, instructions) = row(board, plugin, opt_level, classify, &program)?;
        complaints.extend(found.into_iter().chain(differing(instructions)));
        Ok(row)
    };
    let included = compiled("included", "model.lenet", "proof_classify")?;
    let compact = compiled("compact", "model.lenet", "proof_classify_compact")?;
    let int4 = compiled("int4", "model-int4.lenet", "proof_classify")?;
    let ternary = compiled("ternary", "model-ternary.lenet", "proof_classify")?;
    let small = board.small.then(|| compiled("small", "model.lenet", "proof_classify")).transpose()?;

    // How long a preparation takes depends on the picture.
    let picture = Program::read(&build::firmware(board, "proof", "proof-picture")?, board)?;
    let (prepared, found, instructions) =
        row(board, plugin, opt_level, ["picture", "bench-picture", "proof_prepare"], &picture)?;
    println!("    a large digit, a small one, noise: {instructions:?} instructions");
    complaints.extend(found);

    print_stream(&Program::read(&build::firmware(board, "proof", "proof-stream")?, board)?)?;
    let rows = [decoded, included, compact].into_iter().chain(small).chain([int4, ternary, prepared]);
    Ok((rows.collect(), complaints))
}

/// Runs the counted program `counted`, and returns the row of `program`, which contains the same code below `root`, what
/// is wrong, and the instructions of each of the three runs, of which the row has the most.
fn row(
    board: &Board,
    plugin: &Path,
    opt_level: &str,
    [model, counted, root]: [&str; 3],
    program: &Program,
) -> Result<(Row, Vec<String>, [u64; 3])> {
    let stack = Bounds::new(program)?.of(root)?.bytes;
    let firmware = build::firmware(board, "qemu", counted)?;
    let counted = Program::read(&firmware, board)?;
    let run = count::run(board, &firmware, &counted, plugin)?;
    let most = run.instructions.into_iter().fold(0, u64::max);
    let flash = fetch::flash_words(&counted, &run)?;
    println!("    {model}: {most} instructions, {flash} words read from flash, stack {stack}");
    let complaints = check_stack(&counted, &run, &root.replace("proof", "bench"))?;
    let cycles = cycles(board, &counted, &run)?;
    let keys = [board.target, board.name, model, opt_level].map(str::to_owned);
    let Sizes { text, rodata, variables } = program.sizes;
    let figures = [text, rodata, variables, u64::from(stack), most, cycles, flash];
    Ok((Row { keys, figures }, complaints, run.instructions))
}

/// Prints what the slowest of the runs takes by each model of the board's core, and returns the first. Writes the cycles of
/// each function, by the first model, to the file of the counts.
fn cycles(board: &Board, counted: &Program, run: &Run) -> Result<u64> {
    let mut first = None;
    for &(core, name) in Core::of(board.core) {
        let timing = Timing::new(counted, core)?;
        let mut slowest = BTreeMap::new();
        for executed in &run.executed {
            let cycles = timing.cycles(executed)?;
            if cycles.values().sum::<u64>() > slowest.values().sum() {
                slowest = cycles;
            }
        }
        let most = slowest.values().sum();
        println!("    {most} cycles by the model of {name}");
        if first.is_none() {
            run.write_cycles(counted, &slowest)?;
            first = Some(most);
        }
    }
    Ok(first.unwrap_or(0))
}

/// Complains if the instructions of a classification depend on the image.
fn differing(instructions: [u64; 3]) -> Option<String> {
    let [first, ..] = instructions;
    (instructions != [first; 3])
        .then(|| format!("the instructions depend on the pixels: {:?} {instructions:?}", count::PICTURES))
}

/// Prints each measured stack beside its bound, and returns those that are deeper.
fn check_stack(counted: &Program, run: &Run, below: &str) -> Result<Vec<String>> {
    let mut bounds = Bounds::new(counted)?;
    let mut complaints = Vec::new();
    for (root, measured) in [("bench_decode", run.decode_stack), (below, run.classify_stack)] {
        if measured == 0 {
            continue; // An included model is not decoded at run time.
        }
        let bound = bounds.of(root)?;
        println!("    stack {measured} measured, {} at most: {}", bound.bytes, chain(&bound));
        if measured > bound.bytes {
            complaints.push(format!("{root} took {measured} bytes of stack, its bound is {}", bound.bytes));
        }
    }
    Ok(complaints)
}

/// Prints the figures of a `Stream`, which takes an image row by row.
fn print_stream(stream: &Program) -> Result<()> {
    let Sizes { text, rodata, variables } = stream.sizes;
    let bound = Bounds::new(stream)?.of("proof_push")?;
    println!("    row by row: {text} text, {rodata} rodata, {variables} variables, stack {}", bound.bytes);
    Ok(())
}

/// Returns the deepest path as text.
fn chain(bound: &Bound) -> String {
    let calls: Vec<_> = bound.chain.iter().map(|(function, bytes)| format!("{function} {bytes}")).collect();
    calls.join(" + ")
}
