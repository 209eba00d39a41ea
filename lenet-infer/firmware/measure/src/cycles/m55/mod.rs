//! Cortex-M55: one instruction per cycle, and vector instructions of two cycles that overlap.
//!
//! Arm's Software Optimization Guide of the core (document 102692) is the table to follow. This model was written without it,
//! from what these say, and takes the larger number where they differ or leave it open, so that it is a bound:
//!
//! - \[L\] the scheduling model that Arm contributed to LLVM, `ARMScheduleM55.td`, and `CortexM55Overrides` in
//!   `ARMLatencyMutations.cpp`;
//! - \[S\] SLOTHY, `cortex_m55r1.py`, by an author at Arm, which calls its numbers approximate;
//! - \[H\] Arm's examples "Helium optimization", `processor_specific.md`;
//! - \[M4\] the technical reference manual of the Cortex-M4. By \[L\] the core is "a lot like the M4/M33" but for Helium and
//!   pairs of short instructions.
//!
//! The rules beside the code name their source. "Assumed" is what none of them says.

mod helium;
mod loops;
mod scalar;
#[cfg(test)]
mod tests;

use super::Cost;
use crate::code::{self, Piece};
use crate::program::Program;
use anyhow::Result;
use std::collections::BTreeMap;

/// Cycles more of a branch that is taken: `MispredictPenalty` of \[L\].
const REFILL: u64 = 3;
/// Cycles that the offsets of a gathering load must be ready before it starts: `M55GatherQRead` of \[L\].
const OFFSETS_EARLY: u64 = 4;

/// A set of registers: a bit each for `r0` to `r15`, the flags, `q0` to `q7` and the predicate.
type Registers = u32;
const STACK: Registers = 1 << 13;
const LINK: Registers = 1 << 14;
const PROGRAM_COUNTER: Registers = 1 << 15;
const FLAGS: Registers = 1 << 16;
const PREDICATE: Registers = 1 << 25;
const REGISTERS: usize = 26;

/// The set of one core register.
fn core(number: usize) -> Registers {
    1 << (number & 15)
}

/// The set of one vector register.
fn vector(number: usize) -> Registers {
    1 << (17 + (number & 7))
}

/// What executes two beats of a vector instruction, one after the other. Two units work on neighboring instructions at the same
/// time \[L\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Loads and stores, those of core registers too \[S\].
    Memory,
    Integer,
    /// Multiplications, sums across a vector, comparisons and floating point.
    Multiply,
}
const UNITS: usize = 3;

/// What an instruction does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    None,
    Load,
    Store,
}

/// What decides how long an instruction takes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    length: u32,
    /// Cycles until the next instruction can start.
    cycles: u64,
    /// The unit that it needs, and for how many cycles.
    unit: Option<(Unit, u64)>,
    access: Access,
    reads: Registers,
    /// What it reads [`OFFSETS_EARLY`] cycles before it starts.
    offsets: Registers,
    /// What it writes, and after how many cycles an instruction that reads it can start.
    writes: Vec<(Registers, u64)>,
    /// Whether a vector instruction or a store can read its results a cycle earlier.
    sums: bool,
    /// Cycles more if the next instruction in memory is not the next to be executed.
    taken: u64,
    /// Cycles more for an access that touches one word of 64 bits more than its bytes fill.
    unaligned: u64,
    /// Whether it is one of those that start together with another instruction of two bytes \[L\].
    pairs: bool,
    /// The start of the loop that it ends.
    ends_loop: Option<u32>,
}

impl Work {
    /// An instruction of one cycle that needs no unit.
    fn new(length: u32) -> Self {
        Self {
            length,
            cycles: 1,
            unit: None,
            access: Access::None,
            reads: 0,
            offsets: 0,
            writes: Vec::new(),
            sums: false,
            taken: 0,
            unaligned: 0,
            pairs: false,
            ends_loop: None,
        }
    }

    /// Whether a result of [`sums`](Self::sums) can be read a cycle earlier.
    fn reads_sums_early(&self) -> bool {
        self.access == Access::Store || matches!(self.unit, Some((Unit::Integer | Unit::Multiply, _)))
    }

    fn written(&self) -> Registers {
        self.writes.iter().fold(0, |all, (registers, _)| all | registers)
    }
}

/// The state of the core between two instructions.
#[derive(Clone, Debug)]
struct Pipeline {
    /// The earliest cycle in which the next instruction can start.
    next: u64,
    /// When each register can be read.
    ready: [u64; REGISTERS],
    /// The registers that a vector instruction or a store can read a cycle earlier.
    sums: Registers,
    /// When each unit is free.
    free: [u64; UNITS],
    /// When the last store ended, if no load followed.
    stored: Option<u64>,
    /// What the last instruction wrote and whether it pairs, if another can start together with it.
    first: Option<(Registers, bool)>,
}

impl Pipeline {
    /// All units are free and all results are there.
    fn at_rest() -> Self {
        Self {
            next: OFFSETS_EARLY,
            ready: [0; REGISTERS],
            sums: 0,
            free: [0; UNITS],
            stored: None,
            first: None,
        }
    }

    /// Executes the instruction at `address`, and returns the cycles from the earliest start of this one to that of the next.
    fn execute(&mut self, address: u32, work: &Work) -> u64 {
        let earliest = self.next;
        let together = self.first.take().is_some_and(|(written, pairs)| {
            // Two instructions of two bytes start together if one of them is of a certain kind [L]. Assumed: only if they
            // share a word, and the second needs no result of the first.
            work.length == 2 && address % 4 == 2 && (pairs || work.pairs) && work.reads & written == 0
        });
        let mut start = if together { earliest - 1 } else { earliest };
        let early = if work.reads_sums_early() { self.sums } else { 0 };
        for (register, ready) in self.ready.iter().enumerate() {
            let is_in = |set: Registers| set >> register & 1 != 0;
            if is_in(work.reads) {
                start = start.max(ready.saturating_sub(u64::from(is_in(early))));
            }
            if is_in(work.offsets) {
                start = start.max(ready + OFFSETS_EARLY);
            }
        }
        if let Some((unit, cycles)) = work.unit {
            start = start.max(self.free[unit as usize]);
            // A load right after a store may find its bank of memory busy [H], one or two cycles after it [S].
            if work.access == Access::Load && self.stored.take().is_some_and(|end| start < end + 2) {
                start += 1;
            }
            self.free[unit as usize] = start + cycles;
            if work.access == Access::Store {
                self.stored = Some(start + cycles);
            }
        }
        self.sums = if work.sums { self.sums | work.written() } else { self.sums & !work.written() };
        for (registers, latency) in &work.writes {
            for (register, ready) in self.ready.iter_mut().enumerate() {
                if registers >> register & 1 != 0 {
                    *ready = start + latency;
                }
            }
        }
        self.next = earliest.max(start + work.cycles);
        if work.length == 2 && work.cycles == 1 && work.taken == 0 && address.is_multiple_of(4) && !together {
            self.first = Some((work.written(), work.pairs));
        }
        self.next - earliest
    }
}

/// The cycles of all instructions of a program.
pub(super) fn costs(program: &Program) -> Result<BTreeMap<u32, Cost>> {
    let works = works(program)?;
    let mut costs = BTreeMap::new();
    let mut pipeline = Pipeline::at_rest();
    let mut end = None;
    for (&address, work) in &works {
        if end != Some(address) {
            pipeline = Pipeline::at_rest();
        }
        end = Some(address + work.length);
        // A branch takes longer than what came before it.
        let across = if work.ends_loop.is_some() { 0 } else { across(address, work) };
        let alone = Pipeline::at_rest().execute(address, work) + across;
        let before = pipeline.clone();
        let cost = Cost {
            length: work.length,
            alone,
            in_order: pipeline.execute(address, work),
            taken: work.taken,
            unaligned: work.unaligned,
            ends_loop: work.ends_loop.is_some(),
        };
        costs.insert(address, cost);
        if let Some(start) = work.ends_loop {
            repeat(start..address, &works, before, &mut costs);
        }
    }
    Ok(costs)
}

/// Cycles more of an instruction after a branch, if its halves lie in two words. By \[H\] that stalls; assumed: for one cycle.
fn across(address: u32, work: &Work) -> u64 {
    u64::from(work.length == 4 && !address.is_multiple_of(4))
}

/// Executes the body of a loop once more, after its end, and takes the longer of both times for each instruction.
///
/// Its first instruction follows the last one without a gap from the second turn on.
fn repeat(
    body: std::ops::Range<u32>,
    works: &BTreeMap<u32, Work>,
    mut pipeline: Pipeline,
    costs: &mut BTreeMap<u32, Cost>,
) {
    for (&address, work) in works.range(body.clone()) {
        let cycles = pipeline.execute(address, work);
        let Some(cost) = costs.get_mut(&address) else { continue };
        if address == body.start {
            cost.alone = cost.alone.max(cycles + across(address, work));
        } else {
            cost.in_order = cost.in_order.max(cycles);
        }
    }
}

/// The instructions of a program by address.
fn works(program: &Program) -> Result<BTreeMap<u32, Work>> {
    let mut works = BTreeMap::new();
    code::disassemble(program, |piece| {
        let (address, work) = match piece {
            Piece::Instruction(capstone, instruction) => {
                let address = u32::try_from(instruction.address())?;
                let work = match helium::work(address, instruction.bytes()) {
                    Some(work) => work,
                    None => scalar::work(capstone, instruction)?,
                };
                (address, work)
            }
            Piece::Bytes(address, bytes) => match helium::work(address, bytes) {
                Some(work) => (address, work),
                None => return Ok(2),
            },
        };
        // As `disassemble` wants it: how many bytes of those without a known instruction are taken.
        let length = work.length;
        works.insert(address, work);
        Ok(length)
    })?;
    Ok(works)
}
