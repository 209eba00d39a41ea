//! Instructions that older cores have too.

use super::{Access, FLAGS, PROGRAM_COUNTER, REFILL, Registers, STACK, Unit, Work, core, vector};
use anyhow::{Context, Result};
use capstone::arch::DetailsArchInsn;
use capstone::arch::arm::{ArmCC, ArmInsnDetail, ArmOperandType, ArmReg, ArmShift};
use capstone::{Capstone, Insn, RegId};

/// Cycles of a division: 2 to 12 \[M4\].
const DIVISION: u64 = 12;

/// Instructions whose result can be read in the next cycle, if they shift no operand \[L\]. That of others, such as products,
/// can be read a cycle later.
#[rustfmt::skip]
const AT_ONCE: [&str; 33] = [
    "adc", "add", "addw", "adr", "and", "asr", "bfc", "bfi", "bic", "cmn", "cmp", "eor", "lsl", "lsr", "mov", "movs", "movt",
    "movw", "mvn", "nop", "orn", "orr", "rev", "ror", "rsb", "sbc", "sel", "sub", "subw", "teq", "tst", "uxtb", "uxth",
];

pub(super) fn work(capstone: &Capstone, instruction: &Insn<'_>) -> Result<Work> {
    let detail = capstone.insn_detail(instruction)?;
    let arch = detail.arch_detail();
    let arm = arch.arm().context("no operands")?;
    let name = capstone.insn_name(instruction.id()).context("no name")?;
    let set = |ids: &[RegId]| ids.iter().fold(0, |all, id| all | register(*id));
    let (mut reads, mut writes) = (set(detail.regs_read()), set(detail.regs_write()));
    if name != "it" && !matches!(arm.cc(), ArmCC::ARM_CC_AL | ArmCC::ARM_CC_INVALID) {
        reads |= FLAGS;
    }
    if arm.update_flags() {
        writes |= FLAGS;
    }
    let mut work = Work { reads, ..Work::new(u32::try_from(instruction.len())?) };
    let mut latency = if AT_ONCE.contains(&name.as_str()) && !shifts(arm) { 1 } else { 2 };
    // What is there in the next cycle in any case: the flags, and the base of a load or store.
    let mut at_once = FLAGS;
    match name.as_str() {
        _ if let Some((access, cycles)) = transfer(&name, arm) => {
            work.access = access;
            work.cycles = cycles;
            work.unit = Some((Unit::Memory, cycles));
            work.unaligned = u64::from(cycles == 1);
            // A word can be read two cycles after its load starts [L]; of several words, two after the last one comes.
            latency = cycles + 1;
            at_once |= bases(arm) | STACK;
        }
        "sdiv" | "udiv" => (work.cycles, latency) = (DIVISION, DIVISION),
        "msr" | "mrs" | "dsb" | "isb" | "dmb" | "tbb" | "tbh" => work.cycles = 2, // [M4]
        // Floating point, and moves from and to its registers [L].
        _ if name.starts_with('v') => work.unit = Some((Unit::Multiply, 1)),
        _ => {}
    }
    if writes & PROGRAM_COUNTER != 0 || is_branch(&name) {
        work.taken = REFILL;
        if name == "ldr" {
            work.cycles = 2; // [M4]
        }
    }
    work.writes = vec![(writes & at_once, 1), (writes & !at_once, latency)];
    work.pairs = pairs(&name, arm);
    Ok(work)
}

/// Whether a load or a store it is, and the cycles that it takes: one per word, and one more for a list of them \[M4\]. Two
/// words are one cycle by \[S\] and "2 (or more)" by \[L\].
fn transfer(name: &str, arm: &ArmInsnDetail<'_>) -> Option<(Access, u64)> {
    let words = || arm.operands().map(|given| words(&given.op_type)).sum::<u64>();
    let (access, cycles) = match name {
        "pop" | "vpop" => (Access::Load, 1 + words()),
        "push" | "vpush" => (Access::Store, 1 + words()),
        // The first operand is the base.
        "ldm" | "ldmdb" | "vldmia" | "vldmdb" => (Access::Load, words()),
        "stm" | "stmdb" | "vstmia" | "vstmdb" => (Access::Store, words()),
        "ldrd" => (Access::Load, 2),
        "strd" => (Access::Store, 2),
        _ if name.starts_with("ldr") || name == "vldr" => (Access::Load, 1),
        _ if name.starts_with("str") || name == "vstr" => (Access::Store, 1),
        _ => return None,
    };
    Some((access, cycles))
}

/// The words of a register.
fn words(operand: &ArmOperandType) -> u64 {
    match operand {
        ArmOperandType::Reg(id) if (ArmReg::ARM_REG_D0..=ArmReg::ARM_REG_D31).contains(&u32::from(id.0)) => 2,
        ArmOperandType::Reg(_) => 1,
        _ => 0,
    }
}

fn is_branch(name: &str) -> bool {
    matches!(name, "b" | "bl" | "blx" | "bx" | "cbz" | "cbnz" | "tbb" | "tbh")
}

fn shifts(arm: &ArmInsnDetail<'_>) -> bool {
    arm.operands().any(|given| given.shift != ArmShift::Invalid)
}

/// The registers that an address is computed from.
fn bases(arm: &ArmInsnDetail<'_>) -> Registers {
    let mut operands = arm.operands();
    let first = operands.next().map(|given| given.op_type);
    let listed = match first {
        // The base of a list, which the list does not name again where it moves.
        Some(ArmOperandType::Reg(id)) if operands.len() > 1 => register(id),
        _ => 0,
    };
    let in_memory = arm.operands().fold(0, |all, given| match given.op_type {
        ArmOperandType::Mem(memory) => all | register(memory.base()),
        _ => all,
    });
    if in_memory == 0 { listed } else { in_memory }
}

/// Whether it is one that starts together with another instruction of two bytes \[L\].
fn pairs(name: &str, arm: &ArmInsnDetail<'_>) -> bool {
    let has_immediate = || arm.operands().any(|given| matches!(given.op_type, ArmOperandType::Imm(_)));
    match name {
        "nop" | "it" | "mov" | "movs" | "uxtb" | "uxth" | "sxtb" | "sxth" => true,
        "add" | "sub" => has_immediate(),
        _ => is_branch(name),
    }
}

fn register(id: RegId) -> Registers {
    let number = u32::from(id.0);
    let from = |first: u32| (number - first) as usize;
    match number {
        ArmReg::ARM_REG_R0..=ArmReg::ARM_REG_R12 => core(from(ArmReg::ARM_REG_R0)),
        ArmReg::ARM_REG_SP => core(13),
        ArmReg::ARM_REG_LR => core(14),
        ArmReg::ARM_REG_PC => PROGRAM_COUNTER,
        ArmReg::ARM_REG_CPSR => FLAGS,
        ArmReg::ARM_REG_S0..=ArmReg::ARM_REG_S31 => vector(from(ArmReg::ARM_REG_S0) / 4),
        ArmReg::ARM_REG_D0..=ArmReg::ARM_REG_D15 => vector(from(ArmReg::ARM_REG_D0) / 2),
        ArmReg::ARM_REG_Q0..=ArmReg::ARM_REG_Q7 => vector(from(ArmReg::ARM_REG_Q0)),
        _ => 0,
    }
}
