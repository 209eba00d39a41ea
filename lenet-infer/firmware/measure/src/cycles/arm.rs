//! The Cortex-M cores, by the tables of instruction timings in Arm's technical reference manuals.

use super::{Core, Cost};
use anyhow::{Context, Result};
use capstone::arch::DetailsArchInsn;
use capstone::arch::arm::{ArmCC, ArmInsnDetail, ArmOperandType, ArmReg};
use capstone::{Capstone, Insn, RegId};

/// Cycles to refill the pipeline of Cortex-M3 and M4 after a branch: 1 to 3 on silicon.
const REFILL: u64 = 2;

/// What decides how long an instruction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Arithmetic and all else that takes one cycle.
    Plain,
    Load,
    /// A store; whether its address is the sum of two registers.
    Store(bool),
    /// Loads or stores of several words.
    Words(u64),
    /// A load of several words, the program counter among them.
    PopReturn(u64),
    /// A load into the program counter.
    LoadReturn,
    Branch,
    /// A branch that may not be taken.
    Conditional,
    Call,
    /// A branch or a call to an address in a register.
    ToRegister,
    Table,
    Multiply,
    MultiplyAdd,
    MultiplyLong,
    MultiplyAddLong,
    Divide,
    System,
    FloatMultiplyAdd,
    FloatDivide,
}

/// A model that takes the instructions in the order of memory.
pub(super) struct Model {
    core: Core,
    /// The end of the last instruction, its kind, and the register that it loaded.
    last: Option<(u64, Kind, Option<RegId>)>,
}

impl Model {
    pub(super) fn new(core: Core) -> Self {
        Self { core, last: None }
    }

    pub(super) fn cost(&mut self, capstone: &Capstone, instruction: &Insn<'_>) -> Result<Cost> {
        let detail = capstone.insn_detail(instruction)?;
        let arch = detail.arch_detail();
        let arm = arch.arm().context("no operands")?;
        let name = capstone.insn_name(instruction.id()).context("no name")?;
        let kind = kind(&name, arm);
        let (alone, taken) = match self.core {
            Core::M0 => small(kind, 3),
            Core::M0Plus => small(kind, 2),
            core => large(kind, core == Core::M3),
        };
        // On the larger cores, a load after another single load or store overlaps with it, unless it needs the register
        // that the other loads.
        let follows =
            self.last.filter(|(end, ..)| *end == instruction.address()).is_some_and(|(_, last, loaded)| {
                matches!(last, Kind::Load | Kind::Store(_))
                    && !loaded.is_some_and(|register| reads_through(arm, register))
            });
        let overlaps = matches!(self.core, Core::M3 | Core::M4) && kind == Kind::Load && follows;
        let end = instruction.address() + instruction.len() as u64;
        self.last = Some((end, kind, if kind == Kind::Load { first_register(arm) } else { None }));
        let in_order = if overlaps { 1 } else { alone };
        Ok(Cost { length: u32::try_from(instruction.len())?, alone, in_order, taken, ..Cost::default() })
    }
}

/// Cycles on M0 and M0+, and those more of a branch that is taken. `refill` is what a taken branch takes in all.
fn small(kind: Kind, refill: u64) -> (u64, u64) {
    match kind {
        Kind::Load | Kind::Store(_) => (2, 0),
        Kind::Words(words) => (1 + words, 0),
        Kind::PopReturn(words) => (refill + words, 0),
        Kind::LoadReturn => (4, 0),
        Kind::Branch | Kind::ToRegister | Kind::Table => (refill, 0),
        Kind::Conditional => (1, refill - 1),
        Kind::Call => (if refill == 3 { 4 } else { 3 }, 0),
        Kind::System => (if refill == 3 { 4 } else { 3 }, 0),
        _ => (1, 0),
    }
}

/// Cycles on M3 or M4, and those more of a branch that is taken.
fn large(kind: Kind, m3: bool) -> (u64, u64) {
    match kind {
        Kind::Load | Kind::Store(true) => (2, 0),
        Kind::Words(words) => (1 + words, 0),
        Kind::PopReturn(words) => (1 + words + REFILL, 0),
        Kind::LoadReturn | Kind::Table => (2 + REFILL, 0),
        Kind::Branch | Kind::Call | Kind::ToRegister => (1 + REFILL, 0),
        Kind::Conditional => (1, REFILL),
        Kind::MultiplyAdd if m3 => (2, 0),
        Kind::MultiplyLong if m3 => (4, 0),
        Kind::MultiplyAddLong if m3 => (5, 0),
        Kind::Divide => (7, 0),
        Kind::System => (2, 0),
        Kind::FloatMultiplyAdd => (3, 0),
        Kind::FloatDivide => (14, 0),
        _ => (1, 0),
    }
}

fn kind(name: &str, arm: &ArmInsnDetail<'_>) -> Kind {
    let registers =
        || arm.operands().filter(|given| matches!(given.op_type, ArmOperandType::Reg(_))).count() as u64;
    let to_pc = first_register(arm) == Some(PC);
    let with_pc = arm.operands().any(|given| given.op_type == ArmOperandType::Reg(PC));
    let always = matches!(arm.cc(), ArmCC::ARM_CC_AL | ArmCC::ARM_CC_INVALID);
    match name {
        "cbz" | "cbnz" => Kind::Conditional,
        "b" => {
            if always {
                Kind::Branch
            } else {
                Kind::Conditional
            }
        }
        "bl" => Kind::Call,
        "bx" | "blx" => Kind::ToRegister,
        "mov" | "add" if to_pc => Kind::ToRegister,
        "tbb" | "tbh" => Kind::Table,
        "pop" if with_pc => Kind::PopReturn(registers()),
        "ldm" | "ldmdb" if with_pc => Kind::PopReturn(registers() - 1),
        "push" | "pop" | "vpush" | "vpop" => Kind::Words(registers()),
        "ldm" | "ldmdb" | "stm" | "stmdb" | "vldmia" | "vldmdb" | "vstmia" | "vstmdb" => {
            Kind::Words(registers() - 1)
        }
        "ldrd" | "strd" => Kind::Words(2),
        "div" | "sdiv" | "udiv" => Kind::Divide,
        "mul" => Kind::Multiply,
        "mla" | "mls" => Kind::MultiplyAdd,
        "smull" | "umull" => Kind::MultiplyLong,
        "smlal" | "umlal" | "umaal" => Kind::MultiplyAddLong,
        "msr" | "mrs" | "dsb" | "isb" | "dmb" => Kind::System,
        _ if name.starts_with("ldr") => {
            if to_pc {
                Kind::LoadReturn
            } else {
                Kind::Load
            }
        }
        "vldr" => Kind::Load,
        _ if name.starts_with("str") || name == "vstr" => Kind::Store(indexed(arm)),
        _ if name.starts_with("vdiv") || name.starts_with("vsqrt") => Kind::FloatDivide,
        _ if ["vml", "vfm", "vnm", "vfn"].iter().any(|start| name.starts_with(start)) => {
            Kind::FloatMultiplyAdd
        }
        _ => Kind::Plain,
    }
}

const PC: RegId = RegId(ArmReg::ARM_REG_PC as u16);

fn first_register(arm: &ArmInsnDetail<'_>) -> Option<RegId> {
    match arm.operands().next()?.op_type {
        ArmOperandType::Reg(register) => Some(register),
        _ => None,
    }
}

/// Whether the address is the sum of two registers.
fn indexed(arm: &ArmInsnDetail<'_>) -> bool {
    arm.operands().any(|given| matches!(given.op_type, ArmOperandType::Mem(memory) if memory.index().0 != 0))
}

/// Whether an address depends on this register.
fn reads_through(arm: &ArmInsnDetail<'_>, register: RegId) -> bool {
    arm.operands().any(|given| {
        matches!(given.op_type, ArmOperandType::Mem(memory) if memory.base() == register || memory.index() == register)
    })
}
