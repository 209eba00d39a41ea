//! The words that a run fetches its instructions in.

use crate::count::Run;
use crate::cycles::Executed;
use crate::program::{Isa, Program};
use anyhow::{Context, Result};

/// Returns the words of 32 bits that the slowest of the runs reads from flash, for its instructions and as data.
pub(crate) fn flash_words(program: &Program, run: &Run) -> Result<u64> {
    let mut most = 0;
    for (executed, loaded) in run.executed.iter().zip(run.loaded) {
        most = most.max(fetched(program, executed)? + loaded);
    }
    Ok(most)
}

/// Returns the words of 32 bits that are fetched: each once, as long as the instructions in it are executed one after the
/// other.
fn fetched(program: &Program, run: &[Executed]) -> Result<u64> {
    let mut words = 0;
    for executed in run {
        let address = executed.address;
        let length =
            |address| length(program, address).with_context(|| format!("{address:#x} is not in the program"));
        // What was executed four bytes before it is its neighbor, unless that has two bytes and branches over two.
        let after_four =
            if executed.after_four > 0 && length(address - 4)? == 4 { executed.after_four } else { 0 };
        let after_neighbor = executed.after_two + after_four;
        let starts_a_word = address % 4 == 0;
        words += if starts_a_word { executed.times } else { executed.times - after_neighbor };
        if !starts_a_word && length(address)? == 4 {
            words += executed.times;
        }
    }
    Ok(words)
}

/// Returns the bytes of the instruction at `address`.
fn length(program: &Program, address: u32) -> Option<u32> {
    let first = program.bytes(address)?.first_chunk().map(|half| u16::from_le_bytes(*half))?;
    let is_long = match program.isa {
        Isa::Thumb => first >> 11 >= 0b11101,
        Isa::RiscV => first & 0b11 == 0b11,
    };
    Some(if is_long { 4 } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u32 = Program::ASSEMBLED;

    fn executed(offset: u32, times: u64, after_two: u64, after_four: u64) -> Executed {
        Executed { address: START + offset, times, after_two, after_four, unaligned: 0 }
    }

    /// `movs`, `bl` across a word, `movs`, `b.n`.
    const CODE: &[u16] = &[0x2000, 0xF000, 0xF800, 0x2000, 0xE7FE];

    #[test]
    fn a_word_is_fetched_once_for_the_instructions_in_it_and_again_after_a_branch() {
        let program = Program::assembled(Isa::Thumb, &[CODE]);
        let straight =
            [executed(0, 1, 0, 0), executed(2, 1, 1, 0), executed(6, 1, 0, 1), executed(8, 1, 1, 0)];
        assert_eq!(fetched(&program, &straight).unwrap(), 3);
        let branched_into_the_middle = [executed(6, 1, 0, 0), executed(8, 1, 1, 0)];
        assert_eq!(fetched(&program, &branched_into_the_middle).unwrap(), 2);
        assert!(fetched(&program, &[executed(2 + 4 * 100, 1, 0, 0)]).is_err());
    }

    #[test]
    fn lengths_are_those_of_the_encoding() {
        let thumb = Program::assembled(Isa::Thumb, &[CODE]);
        assert_eq!(
            [0, 2, 6, 8].map(|offset| length(&thumb, START + offset)),
            [Some(2), Some(4), Some(2), Some(2)]
        );
        // `c.nop`, `nop`.
        let riscv = Program::assembled(Isa::RiscV, &[&[0x0001, 0x0013, 0x0000]]);
        assert_eq!([0, 2].map(|offset| length(&riscv, START + offset)), [Some(2), Some(4)]);
    }
}
