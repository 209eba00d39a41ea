//! Cycles of a run by a model of the core: a number for each instruction, from the manual of the core, with no wait states
//! and nobody else on the bus.
//!
//! A cost may depend on the instructions right before it in memory, when the last of them was executed right before it, and on
//! whether a branch is taken. The counter tells both: how often an instruction was executed, and how often right after the one
//! before it in memory. `README.md` has the numbers, and where they are from.

mod arm;
mod m55;
mod riscv;
#[cfg(test)]
mod tests;

use crate::code::{self, Piece};
use crate::program::Program;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// The cores that there are models of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    /// Cortex-M0, with the multiplier that takes one cycle.
    M0,
    /// Cortex-M0+, likewise.
    M0Plus,
    /// Cortex-M3.
    M3,
    /// Cortex-M4. It stands for M33, which has no published table, and is a bound for M7, which issues two instructions
    /// at a time.
    M4,
    /// Cortex-M55, as a bound.
    M55,
    /// RV32IMC with two stages, after Ibex.
    Rv32,
}

impl Core {
    /// The models of a core by the name that the boards have for it: first its own, then those of its relatives.
    pub(crate) fn of(name: &str) -> &'static [(Self, &'static str)] {
        match name {
            "M0" => &[(Self::M0, "M0"), (Self::M0Plus, "M0+")],
            "M3" => &[(Self::M3, "M3")],
            "M4" | "M7" | "M33" => &[(Self::M4, "M4")],
            "M55" => &[(Self::M55, "M55, at most")],
            "RV32IMC" => &[(Self::Rv32, "Ibex")],
            _ => &[],
        }
    }
}

/// How often an instruction was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Executed {
    pub(crate) address: u32,
    pub(crate) times: u64,
    /// Those right after the instruction two bytes before it.
    pub(crate) after_two: u64,
    /// Those right after the instruction four bytes before it.
    pub(crate) after_four: u64,
    /// Those with an access that touched one word of 64 bits more than its bytes fill.
    pub(crate) unaligned: u64,
}

/// The cycles of one instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    /// Bytes of the instruction.
    length: u32,
    /// Cycles after any instruction but the one before it in memory.
    alone: u64,
    /// Cycles right after the instruction before it in memory.
    in_order: u64,
    /// Cycles more if the next instruction in memory is not the next to be executed.
    taken: u64,
    /// Cycles more for an access that touches one word of 64 bits more than its bytes fill.
    unaligned: u64,
    /// Whether the instruction ends a loop that goes on without it: then it counts in the first turn and in the last one.
    ends_loop: bool,
}

/// The cycles of all instructions of a program.
pub(crate) struct Timing(BTreeMap<u32, Cost>);

impl Timing {
    pub(crate) fn new(program: &Program, core: Core) -> Result<Self> {
        if core == Core::M55 {
            return Ok(Self(m55::costs(program)?));
        }
        let mut costs = BTreeMap::new();
        let mut arm = arm::Model::new(core);
        code::disassemble(program, |piece| {
            let Piece::Instruction(capstone, instruction) = piece else { return Ok(2) };
            let cost = match core {
                Core::Rv32 => riscv::cost(instruction),
                _ => arm.cost(capstone, instruction),
            }?;
            costs.insert(u32::try_from(instruction.address())?, cost);
            Ok(cost.length)
        })?;
        Ok(Self(costs))
    }

    /// The cycles of a run, by the address of the instruction.
    ///
    /// # Errors
    ///
    /// If an instruction that was executed is not one of the program.
    pub(crate) fn cycles(&self, run: &[Executed]) -> Result<BTreeMap<u32, u64>> {
        let lengths: BTreeMap<_, _> =
            self.0.iter().map(|(address, cost)| (address + cost.length, cost.length)).collect();
        let in_order = |executed: &Executed| match lengths.get(&executed.address) {
            Some(2) => executed.after_two,
            Some(4) => executed.after_four,
            _ => 0,
        };
        let arrivals: BTreeMap<_, _> =
            run.iter().map(|executed| (executed.address, in_order(executed))).collect();
        let mut cycles = BTreeMap::new();
        for executed in run {
            let address = executed.address;
            let cost = self.0.get(&address);
            let cost = cost.with_context(|| format!("{address:#x} was executed, but is no instruction"))?;
            let in_order = in_order(executed);
            let went_on = arrivals.get(&(address + cost.length)).copied().unwrap_or(0);
            let own = if cost.ends_loop {
                cost.alone * executed.times.min(2 * went_on)
            } else {
                cost.alone * (executed.times - in_order) + cost.in_order * in_order
            };
            let more = cost.taken * (executed.times - went_on) + cost.unaligned * executed.unaligned;
            cycles.insert(address, own + more);
        }
        Ok(cycles)
    }
}
