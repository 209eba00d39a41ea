//! Thumb instructions as steps.

use crate::step::{Flow, Operation, Register, Step, Target};
use anyhow::{Context, Result};
use capstone::arch::DetailsArchInsn;
use capstone::arch::arm::{ArmCC, ArmOpMem, ArmOperand, ArmOperandType, ArmReg, ArmShift};
use capstone::{Capstone, Insn, RegId};

/// The stack pointer.
pub(crate) const STACK: Register = 13;
const LINK: Register = 14;
const PROGRAM_COUNTER: Register = 15;
/// The register in which a call leaves its return address.
pub(crate) const LINKS: [Register; 1] = [LINK];
/// The registers that a function need not preserve: `r0` to `r3`, `r12`, `lr`.
pub(crate) const SCRATCH: [Register; 6] = [0, 1, 2, 3, 12, LINK];
/// Bytes in a core register, and in half of a floating-point register.
const WORD: i32 = 4;

/// An operand, as far as it matters to the stack.
#[derive(Clone, Copy)]
enum Operand {
    Register(Register),
    Immediate(i32),
    /// A base, an optional index and a constant.
    Memory(Register, Option<Register>, i32),
    /// A shifted register, or one that cannot hold an address.
    Other,
}

/// Returns what `instruction` does, as a [`Step`].
pub(crate) fn step(capstone: &Capstone, instruction: &Insn<'_>) -> Result<Step> {
    let detail = capstone.insn_detail(instruction)?;
    let arch = detail.arch_detail();
    let arm = arch.arm().context("no operands")?;
    let operands: Vec<_> = arm.operands().map(|given| operand(&given)).collect();
    let name = capstone.insn_name(instruction.id()).context("no name")?;
    let address = u32::try_from(instruction.address())?;
    let mut written: Vec<_> = detail.regs_write().iter().filter_map(|id| register(*id)).collect();
    if matches!(name.as_str(), "vpush" | "vpop") {
        written.push(STACK); // The disassembler omits it.
    }

    let flow = flow(&name, &operands, &written);
    let conditional = name != "it" && !matches!(arm.cc(), ArmCC::ARM_CC_AL | ArmCC::ARM_CC_INVALID);
    let stack_bytes: i32 = arm.operands().map(|given| saved_bytes(&given)).sum();
    let operation = |to: Register| match (name.as_str(), &operands[..]) {
        ("push" | "vpush", _) if to == STACK => Operation::Offset(STACK, -stack_bytes),
        ("pop" | "vpop", _) if to == STACK => Operation::Offset(STACK, stack_bytes),
        _ if arm.writeback() => written_back(to, &operands),
        _ if operands
            .first()
            .is_some_and(|first| matches!(first, Operand::Register(given) if *given == to)) =>
        {
            operation(&name, &operands, address)
        }
        _ => Operation::Other,
    };
    let writes = match flow {
        Flow::Call(_) | Flow::Share(_) | Flow::Jump(_) | Flow::Table(_) | Flow::Stop => Vec::new(),
        Flow::Next | Flow::Return => {
            written.iter().filter(|to| **to != PROGRAM_COUNTER).map(|&to| (to, operation(to))).collect()
        }
    };
    let conditional = conditional || matches!(name.as_str(), "cbz" | "cbnz");
    Ok(Step { length: u32::try_from(instruction.len())?, conditional, flow, writes })
}

fn flow(name: &str, operands: &[Operand], written: &[Register]) -> Flow {
    use Operand::{Immediate, Register};
    match (name, operands) {
        ("b" | "cbz" | "cbnz", [.., Immediate(to)]) => Flow::Jump(Target::Address(to.cast_unsigned())),
        ("bl", [Immediate(to)]) => Flow::Call(Target::Address(to.cast_unsigned())),
        ("blx", [Register(to)]) => Flow::Call(Target::Register(*to, 0)),
        ("bx", [Register(LINK)]) => Flow::Return,
        ("bx", [Register(to)]) | ("mov", [Register(PROGRAM_COUNTER), Register(to)]) => {
            Flow::Jump(Target::Register(*to, 0))
        }
        ("tbb", _) => Flow::Table(1),
        ("tbh", _) => Flow::Table(2),
        ("udf", _) => Flow::Stop,
        // `pop {pc}` and `ldr pc, [sp], #4` end a function. Any other load of `pc` shows as an unbalanced stack.
        _ if written.contains(&PROGRAM_COUNTER) => Flow::Return,
        _ => Flow::Next,
    }
}

/// Returns what a load or store does to its base register besides loading or storing.
fn written_back(to: Register, operands: &[Operand]) -> Operation {
    match operands {
        [.., Operand::Memory(base, None, _), Operand::Immediate(after)] if *base == to => {
            Operation::Offset(to, *after)
        }
        [.., Operand::Memory(base, None, before)] if *base == to => Operation::Offset(to, *before),
        _ => Operation::Other,
    }
}

fn operation(name: &str, operands: &[Operand], address: u32) -> Operation {
    use Operand::{Immediate, Memory, Register};
    /// The value of the program counter that an instruction reads.
    fn here(address: u32) -> u32 {
        (address & !3) + 4
    }
    match (name, operands) {
        ("mov" | "movs" | "movw", [_, Immediate(value)]) => Operation::Constant(value.cast_unsigned()),
        ("mov" | "movs", [_, Register(from)]) => Operation::Offset(*from, 0),
        ("movt", [Register(to), Immediate(top)]) => Operation::TopHalf(*to, *top as u16),
        ("adr", [_, Immediate(plus)]) => Operation::Constant(here(address).wrapping_add_signed(*plus)),
        ("lsl", [_, Register(from), Immediate(by)]) => Operation::ShiftLeft(*from, by.cast_unsigned()),
        ("add" | "addw", [_, Register(PROGRAM_COUNTER), Immediate(plus)]) => {
            Operation::Constant(here(address).wrapping_add_signed(*plus))
        }
        ("sub" | "subw", [_, Register(PROGRAM_COUNTER), Immediate(less)]) => {
            Operation::Constant(here(address).wrapping_add_signed(-less))
        }
        ("add" | "addw", [_, Register(from), Immediate(plus)] | [Register(from), Immediate(plus)]) => {
            Operation::Offset(*from, *plus)
        }
        ("sub" | "subw", [_, Register(from), Immediate(less)] | [Register(from), Immediate(less)]) => {
            Operation::Offset(*from, -less)
        }
        ("add", [_, Register(a), Register(b)] | [Register(a), Register(b)]) => Operation::Add(*a, *b),
        ("sub", [_, Register(a), Register(b)] | [Register(a), Register(b)]) => Operation::Subtract(*a, *b),
        // How the compiler aligns a frame. The stack pointer is a multiple of four before.
        ("bfc", [Register(to), Immediate(0), Immediate(bits @ 2..16)]) => {
            Operation::AtMostLess(*to, (1 << bits) - 4)
        }
        ("ldr", [_, Memory(PROGRAM_COUNTER, None, plus)]) => {
            Operation::Load(here(address).wrapping_add_signed(*plus))
        }
        ("ldr", [_, Memory(base, None, plus)]) => Operation::LoadOffset(*base, *plus),
        ("ldr", [_, Memory(base, Some(index), 0)]) => Operation::LoadSum(*base, *index),
        _ => Operation::Other,
    }
}

fn operand(given: &ArmOperand) -> Operand {
    match &given.op_type {
        ArmOperandType::Reg(id) if given.shift == ArmShift::Invalid => {
            register(*id).map_or(Operand::Other, Operand::Register)
        }
        ArmOperandType::Imm(value) => Operand::Immediate(*value),
        ArmOperandType::Mem(memory) if given.shift == ArmShift::Invalid => memory_operand(memory),
        _ => Operand::Other,
    }
}

fn memory_operand(memory: &ArmOpMem) -> Operand {
    match register(memory.base()) {
        Some(base) => Operand::Memory(base, register(memory.index()), memory.disp()),
        None => Operand::Other,
    }
}

/// Returns the number of bytes that a register takes on the stack.
fn saved_bytes(given: &ArmOperand) -> i32 {
    match given.op_type {
        ArmOperandType::Reg(id) if (ArmReg::ARM_REG_D0..=ArmReg::ARM_REG_D31).contains(&u32::from(id.0)) => {
            2 * WORD
        }
        ArmOperandType::Reg(_) => WORD,
        _ => 0,
    }
}

fn register(id: RegId) -> Option<Register> {
    match u32::from(id.0) {
        id @ ArmReg::ARM_REG_R0..=ArmReg::ARM_REG_R12 => usize::try_from(id - ArmReg::ARM_REG_R0).ok(),
        ArmReg::ARM_REG_SP => Some(STACK),
        ArmReg::ARM_REG_LR => Some(LINK),
        ArmReg::ARM_REG_PC => Some(PROGRAM_COUNTER),
        _ => None,
    }
}
