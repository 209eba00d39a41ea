//! The instructions of a program as steps.

use crate::program::{Isa, Program};
use crate::step::{Register, Step};
use crate::{mve, riscv, thumb};
use anyhow::{Context, Result};
use capstone::prelude::*;
use capstone::{Capstone, Insn, arch};
use std::collections::BTreeMap;

/// What a walk over a program finds at an address.
pub(crate) enum Piece<'a> {
    /// An instruction that the disassembler knows.
    Instruction(&'a Capstone, &'a Insn<'a>),
    /// Bytes that begin with none.
    Bytes(u32, &'a [u8]),
}

/// Calls `visit` with the pieces of `program`, from start to end, because the condition of an instruction in an IT block
/// comes from the head of the block. For [`Piece::Bytes`] it returns how many of them it takes.
pub(crate) fn disassemble(program: &Program, mut visit: impl FnMut(Piece<'_>) -> Result<u32>) -> Result<()> {
    let capstone = match program.isa {
        Isa::Thumb => Capstone::new()
            .arm()
            .mode(arch::arm::ArchMode::Thumb)
            .extra_mode([arch::arm::ArchExtraMode::MClass, arch::arm::ArchExtraMode::V8].into_iter())
            .detail(true)
            .build()?,
        Isa::RiscV => Capstone::new()
            .riscv()
            .mode(arch::riscv::ArchMode::RiscV32)
            .extra_mode([arch::riscv::ArchExtraMode::RiscVC].into_iter())
            .detail(true)
            .build()?,
    };
    for range in &program.code {
        let mut address = range.start;
        while address < range.end {
            let bytes = program.bytes(address).context("a section without its bytes")?;
            let bytes = bytes.get(..(range.end - address) as usize).unwrap_or(bytes);
            let from = address;
            for instruction in capstone.disasm_all(bytes, u64::from(address))?.iter() {
                visit(Piece::Instruction(&capstone, instruction))?;
                address += u32::try_from(instruction.len())?;
            }
            address += visit(Piece::Bytes(address, &bytes[(address - from) as usize..]))?;
        }
    }
    Ok(())
}

/// What decodes an instruction of one instruction set.
type Decoder = fn(&Capstone, &Insn<'_>) -> Result<Step>;

/// The instructions of a program by address.
pub(crate) struct Code {
    steps: BTreeMap<u32, Result<Step>>,
    pub(crate) stack: Register,
    /// The registers that a function need not preserve.
    pub(crate) scratch: &'static [Register],
    /// The registers in which a call may leave its return address.
    pub(crate) links: &'static [Register],
}

impl Code {
    pub(crate) fn new(program: &Program) -> Result<Self> {
        let (step, stack, scratch, links): (Decoder, _, &[_], &[_]) = match program.isa {
            Isa::Thumb => (thumb::step, thumb::STACK, &thumb::SCRATCH, &thumb::LINKS),
            Isa::RiscV => (riscv::step, riscv::STACK, &riscv::SCRATCH, &riscv::LINKS),
        };
        let beyond = |address, bytes: &[u8]| match program.isa {
            Isa::Thumb => mve::step(address, bytes),
            Isa::RiscV => None,
        };
        let mut steps = BTreeMap::new();
        disassemble(program, |piece| match piece {
            Piece::Instruction(capstone, instruction) => {
                let address = u32::try_from(instruction.address())?;
                let known = beyond(address, instruction.bytes());
                steps.insert(address, known.map_or_else(|| step(capstone, instruction), Ok));
                Ok(u32::try_from(instruction.len())?)
            }
            Piece::Bytes(address, bytes) => match beyond(address, bytes) {
                Some(step) => {
                    let length = step.length;
                    steps.insert(address, Ok(step));
                    Ok(length)
                }
                // What is not an instruction is skipped. It is an error only where a path leads to it.
                None => Ok(2),
            },
        })?;
        Ok(Self { steps, stack, scratch, links })
    }

    /// Returns the instruction at `address`.
    pub(crate) fn step(&self, address: u32) -> Result<&Step> {
        match self.steps.get(&address) {
            Some(Ok(step)) => Ok(step),
            Some(Err(error)) => anyhow::bail!("{address:#x}: {error:#}"),
            None => anyhow::bail!("{address:#x}: no instruction that is understood"),
        }
    }
}
