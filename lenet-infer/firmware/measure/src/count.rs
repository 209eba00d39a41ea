//! Counts and measures a run in QEMU.

use crate::board::Board;
use crate::build;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;
use std::{fs, str};

/// The images that the counted program classifies, in its order.
pub(crate) const PICTURES: [&str; 3] = ["blank", "digit", "noise"];
/// The number of seconds after which a run is stopped.
const LIMIT: &str = "120";

/// The results of one run of the counted program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Instructions of one classification, for each of [`PICTURES`].
    pub(crate) instructions: [u64; PICTURES.len()],
    /// Bytes of stack that `decode` took.
    pub(crate) decode_stack: u32,
    /// Bytes of stack that `classify` took.
    pub(crate) classify_stack: u32,
}

/// Runs `firmware`, the counted program, on `board`.
pub(crate) fn run(board: &Board, firmware: &Path, plugin: &Path) -> Result<Run> {
    let counts = plugin.with_file_name(format!("{}.counts", board.name));
    let mut qemu = Command::new("timeout");
    qemu.arg(LIMIT).args(board.emulator).args(["-M", board.name, "-nographic"]);
    qemu.args(["-semihosting-config", "enable=on,target=native"]);
    let [plugin, out] = [plugin, &counts].map(|path| path.display());
    qemu.arg("-plugin").arg(format!("{plugin},start=bench_start,stop=bench_stop,out={out}"));
    let printed = build::run(qemu.arg("-kernel").arg(firmware).stdin(std::process::Stdio::null()))?;
    let counted = fs::read_to_string(&counts).with_context(|| format!("{out}: cannot be read"))?;
    read(&printed, &counted)
        .with_context(|| format!("{}: printed {printed:?}, counted {counted:?}", board.name))
}

fn read(printed: &str, counted: &str) -> Result<Run> {
    let stack = |label| {
        let mut words = printed.split_whitespace().skip_while(|word| *word != label);
        let bytes = words.nth(1).with_context(|| format!("no stack of {label}"))?;
        bytes.parse().with_context(|| format!("the stack of {label} is no number"))
    };
    let pairs = counted.lines().filter_map(|line| line.strip_prefix("pair "));
    let pairs = pairs.map(str::parse).collect::<Result<Vec<_>, _>>().context("a count is no number")?;
    let instructions =
        pairs.try_into().ok().with_context(|| format!("expected {} counts", PICTURES.len()))?;
    Ok(Run { instructions, decode_stack: stack("decode")?, classify_stack: stack("classify")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_from_what_it_printed_and_what_was_counted() {
        let counted = "pair 7\npair 8\npair 9\nfunction 24 bench_classify\n";
        let run = read("decode 600 classify 848\r\n", counted).unwrap();
        assert_eq!(run, Run { instructions: [7, 8, 9], decode_stack: 600, classify_stack: 848 });
    }

    #[test]
    fn a_run_that_was_cut_short_is_an_error() {
        assert!(read("decode 600 classify 848", "pair 7\npair 8\n").is_err());
        assert!(read("decode 600", "pair 7\npair 8\npair 9\n").is_err());
        assert!(read("decode six classify 8", "pair 7\npair 8\npair 9\n").is_err());
    }
}
