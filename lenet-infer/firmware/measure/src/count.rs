//! Counts and measures a run in QEMU.

use crate::board::Board;
use crate::build;
use crate::cycles::Executed;
use crate::program::Program;
use anyhow::{Context, Result};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

/// The images that the counted program classifies, in its order.
pub(crate) const PICTURES: [&str; 3] = ["blank", "digit", "noise"];
/// The number of seconds after which a run is stopped.
const LIMIT: &str = "120";

/// The results of one run of the counted program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The file of the counts.
    counts: PathBuf,
    /// Instructions of one classification, for each of [`PICTURES`].
    pub(crate) instructions: [u64; PICTURES.len()],
    /// Words of 32 bits that one classification loads from flash, likewise.
    pub(crate) loaded: [u64; PICTURES.len()],
    /// How often each instruction was executed, likewise.
    pub(crate) executed: [Vec<Executed>; PICTURES.len()],
    /// Bytes of stack that `decode` took.
    pub(crate) decode_stack: u32,
    /// Bytes of stack that `classify` took.
    pub(crate) classify_stack: u32,
}

impl Run {
    /// Appends the cycles of each function to the file of the counts, the most first.
    pub(crate) fn write_cycles(&self, program: &Program, cycles: &BTreeMap<u32, u64>) -> Result<()> {
        let mut functions = BTreeMap::<_, u64>::new();
        for (address, cycles) in cycles {
            *functions.entry(program.name(*address)).or_default() += cycles;
        }
        let mut functions: Vec<_> = functions.into_iter().collect();
        functions.sort_by_key(|(_, cycles)| Reverse(*cycles));
        let lines: String =
            functions.iter().map(|(name, cycles)| format!("cycles {cycles} {name}\n")).collect();
        let file = fs::OpenOptions::new().append(true).open(&self.counts);
        file.and_then(|mut file| file.write_all(lines.as_bytes()))
            .with_context(|| format!("{}: cannot be written", self.counts.display()))
    }
}

/// Runs the counted program, which `firmware` is the file of, on `board`.
pub(crate) fn run(board: &Board, firmware: &Path, counted: &Program, plugin: &Path) -> Result<Run> {
    let program = firmware.file_name().unwrap_or_default().display();
    let counts = plugin.with_file_name(format!("{}-{program}.counts", board.name));
    let mut qemu = Command::new("timeout");
    qemu.arg(LIMIT).args(board.emulator).args(["-M", board.name, "-nographic"]);
    qemu.args(["-semihosting-config", "enable=on,target=native"]);
    let [plugin, out] = [plugin, &counts].map(|path| path.display());
    let (first, last) = counted.flash();
    let marks = format!("start=bench_start,stop=bench_stop,flash={first}-{last}");
    qemu.arg("-plugin").arg(format!("{plugin},{marks},out={out}"));
    let printed = build::run(qemu.arg("-kernel").arg(firmware).stdin(std::process::Stdio::null()))
        .with_context(|| format!("{program} on {}: expected it to end within {LIMIT} s", board.name))?;
    let counted = fs::read_to_string(&counts).with_context(|| format!("{out}: cannot be read"))?;
    read(&printed, &counted, counts.clone())
        .with_context(|| format!("{}: printed {printed:?}, counted {counted:?}", board.name))
}

fn read(printed: &str, counted: &str, counts: PathBuf) -> Result<Run> {
    let stack = |label| {
        let mut words = printed.split_whitespace().skip_while(|word| *word != label);
        let bytes = words.nth(1).with_context(|| format!("no stack of {label}"))?;
        bytes.parse().with_context(|| format!("the stack of {label} is no number"))
    };
    let (mut pairs, mut loaded, mut executed, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in counted.lines() {
        if let Some(instruction) = line.strip_prefix("at ") {
            open.push(at(instruction).with_context(|| format!("{line:?} is no count"))?);
        } else if let Some(counts) = line.strip_prefix("pair ") {
            let (instructions, words) = counts.split_once(' ').context("a pair has two counts")?;
            pairs.push(instructions.parse().context("a count is no number")?);
            loaded.push(words.parse().context("a count is no number")?);
            executed.push(std::mem::take(&mut open));
        }
    }
    let expected = || format!("expected {} counts", PICTURES.len());
    let instructions = pairs.try_into().ok().with_context(expected)?;
    let loaded = loaded.try_into().ok().with_context(expected)?;
    let executed = executed.try_into().ok().with_context(expected)?;
    let (decode_stack, classify_stack) = (stack("decode")?, stack("classify")?);
    Ok(Run { counts, instructions, loaded, executed, decode_stack, classify_stack })
}

/// Reads how often one instruction was executed.
fn at(text: &str) -> Option<Executed> {
    let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [address, times, after_two, after_four, unaligned] = numbers.try_into().ok()?;
    Some(Executed { address: address.try_into().ok()?, times, after_two, after_four, unaligned })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_from_what_it_printed_and_what_was_counted() {
        let counted = "at 4096 7 6 1 2\npair 7 4\npair 8 5\npair 9 6\nfunction 24 bench_classify\n";
        let counts = PathBuf::from("counts");
        let run = read("decode 600 classify 848\r\n", counted, counts.clone()).unwrap();
        let executed = [
            vec![Executed { address: 4_096, times: 7, after_two: 6, after_four: 1, unaligned: 2 }],
            vec![],
            vec![],
        ];
        let expected = Run {
            counts,
            instructions: [7, 8, 9],
            loaded: [4, 5, 6],
            executed,
            decode_stack: 600,
            classify_stack: 848,
        };
        assert_eq!(run, expected);
    }

    #[test]
    fn a_run_that_was_cut_short_is_an_error() {
        let read = |printed, counted| read(printed, counted, PathBuf::new());
        let whole = "pair 7 1\npair 8 1\npair 9 1\n";
        assert!(read("decode 600 classify 848", whole).is_ok());
        assert!(read("decode 600 classify 848", "pair 7 1\npair 8 1\n").is_err());
        assert!(read("decode 600 classify 848", "pair 7\npair 8\npair 9\n").is_err());
        assert!(read("decode 600", whole).is_err());
        assert!(read("decode six classify 8", whole).is_err());
    }
}
