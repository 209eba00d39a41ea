//! The program that compares the kernels of the core with the portable ones.

use crate::board::{Board, Console};
use core::fmt::{self, Write};
use lenet_infer::corpus::{CASES, check};

/// Compares the back end of the board with the portable one on random layers.
///
/// Prints the first difference, or the number of equal cases. Returns whether all cases were equal.
pub fn corpus<B: Board>(board: &mut B) -> bool {
    // A board's `write` reports no failure, so printing does not fail either.
    try_corpus(board).unwrap_or(false)
}

fn try_corpus<B: Board>(board: &mut B) -> Result<bool, fmt::Error> {
    for case in 0..CASES {
        if let Err(difference) = check(case) {
            writeln!(Console(board), "corpus      case {case}: {difference}")?;
            return Ok(false);
        }
    }
    writeln!(Console(board), "corpus      {CASES} of {CASES} cases equal on {}", B::NAME)?;
    Ok(true)
}
