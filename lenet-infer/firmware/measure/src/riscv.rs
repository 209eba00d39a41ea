//! RV32 instructions as steps.

use crate::step::{Flow, Operation, Register, Step, Target};
use anyhow::{Context, Result};
use capstone::arch::DetailsArchInsn;
use capstone::arch::riscv::{RiscVOperand, RiscVReg};
use capstone::{Capstone, Insn, RegId};

const ZERO: Register = 0;
const RETURN_ADDRESS: Register = 1;
/// The stack pointer.
pub(crate) const STACK: Register = 2;
/// The return address of code that the compiler shares between functions: `t0`.
const SHARED_LINK: Register = 5;
/// The registers in which a call may leave its return address.
pub(crate) const LINKS: [Register; 2] = [RETURN_ADDRESS, SHARED_LINK];
/// The registers that a function need not preserve: `ra`, `t0` to `t6`, `a0` to `a7`.
pub(crate) const SCRATCH: [Register; 16] = [1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31];

/// An operand that is not a floating-point register.
#[derive(Clone, Copy)]
enum Operand {
    Register(Register),
    Immediate(i32),
    Memory(Register, i32),
}

/// Returns what `instruction` does, as a [`Step`].
pub(crate) fn step(capstone: &Capstone, instruction: &Insn<'_>) -> Result<Step> {
    use Operand::{Immediate, Memory, Register};
    let detail = capstone.insn_detail(instruction)?;
    let detail = detail.arch_detail();
    let operands: Vec<_> = detail.riscv().context("no operands")?.operands().filter_map(operand).collect();
    let mnemonic = instruction.mnemonic().context("no mnemonic")?;
    let mnemonic = mnemonic.strip_prefix("c.").unwrap_or(mnemonic);
    let address = u32::try_from(instruction.address())?;
    let relative = |distance: i32| Target::Address(address.wrapping_add_signed(distance));

    let (flow, conditional) = match (mnemonic, &operands[..]) {
        ("j", [Immediate(distance)]) => (Flow::Jump(relative(*distance)), false),
        ("jal", [Immediate(distance)]) => (Flow::Call(relative(*distance)), false),
        ("jal", [Register(RETURN_ADDRESS), Immediate(distance)]) => (Flow::Call(relative(*distance)), false),
        ("jal", [Register(SHARED_LINK), Immediate(distance)]) => (Flow::Share(relative(*distance)), false),
        ("ret", []) | ("jr", [Register(RETURN_ADDRESS)]) => (Flow::Return, false),
        ("jr", [Register(to)]) => (Flow::Jump(Target::Register(*to, 0)), false),
        ("jr", [Register(to), Immediate(plus)] | [Memory(to, plus)]) => {
            (Flow::Jump(Target::Register(*to, *plus)), false)
        }
        ("jalr", [Register(to)]) => (Flow::Call(Target::Register(*to, 0)), false),
        ("jalr", [Register(RETURN_ADDRESS), Register(to), Immediate(plus)]) => {
            (Flow::Call(Target::Register(*to, *plus)), false)
        }
        ("jalr", [Register(SHARED_LINK), Register(to), Immediate(plus)]) => {
            (Flow::Share(Target::Register(*to, *plus)), false)
        }
        ("jalr", [Register(ZERO), Register(to), Immediate(plus)]) => {
            (Flow::Jump(Target::Register(*to, *plus)), false)
        }
        ("jal" | "jalr", _) => {
            anyhow::bail!("a call that leaves its return address where none does: {instruction}")
        }
        ("unimp" | "ebreak", _) => (Flow::Stop, false),
        (branch, [.., Immediate(distance)]) if is_branch(branch) => (Flow::Jump(relative(*distance)), true),
        _ => (Flow::Next, false),
    };
    let writes = match flow {
        Flow::Next => {
            destination(mnemonic, &operands).map(|to| (to, operation(mnemonic, &operands, address)))
        }
        _ => None,
    };
    Ok(Step {
        length: u32::try_from(instruction.len())?,
        conditional,
        flow,
        writes: writes.into_iter().collect(),
    })
}

fn is_branch(mnemonic: &str) -> bool {
    ["beq", "bne", "blt", "bge", "bgt", "ble"].iter().any(|branch| mnemonic.starts_with(branch))
}

/// Returns the register that an instruction writes: its first operand, except for stores.
fn destination(mnemonic: &str, operands: &[Operand]) -> Option<Register> {
    match operands.first()? {
        Operand::Register(to) if !matches!(mnemonic, "sb" | "sh" | "sw" | "swsp") => Some(*to),
        _ => None,
    }
}

fn operation(mnemonic: &str, operands: &[Operand], address: u32) -> Operation {
    use Operand::{Immediate, Memory, Register};
    match (mnemonic, operands) {
        ("addi", [Register(to), Immediate(plus)]) => Operation::Offset(*to, *plus),
        ("addi16sp", [.., Immediate(plus)]) => Operation::Offset(STACK, *plus),
        ("addi" | "addi4spn", [_, Register(from), Immediate(plus)]) => Operation::Offset(*from, *plus),
        ("mv", [_, Register(from)]) => Operation::Offset(*from, 0),
        ("li", [_, Immediate(value)]) => Operation::Constant(value.cast_unsigned()),
        ("lui", [_, Immediate(top)]) => Operation::Constant(top.cast_unsigned() << 12),
        ("auipc", [_, Immediate(top)]) => {
            Operation::Constant(address.wrapping_add(top.cast_unsigned() << 12))
        }
        ("slli", [Register(to), Immediate(by)]) => Operation::ShiftLeft(*to, by.cast_unsigned()),
        ("slli", [_, Register(from), Immediate(by)]) => Operation::ShiftLeft(*from, by.cast_unsigned()),
        ("add", [Register(a), Register(b)] | [_, Register(a), Register(b)]) => Operation::Add(*a, *b),
        ("sub", [Register(a), Register(b)] | [_, Register(a), Register(b)]) => Operation::Subtract(*a, *b),
        ("lw", [_, Memory(from, plus)] | [_, Immediate(plus), Register(from)]) => {
            Operation::LoadOffset(*from, *plus)
        }
        _ => Operation::Other,
    }
}

fn operand(operand: RiscVOperand) -> Option<Operand> {
    match operand {
        RiscVOperand::Reg(id) => register(id).map(Operand::Register),
        RiscVOperand::Imm(value) => Some(Operand::Immediate(value as i32)),
        RiscVOperand::Mem(memory) => Some(Operand::Memory(register(memory.base())?, memory.disp() as i32)),
        RiscVOperand::Invalid => None,
    }
}

fn register(id: RegId) -> Option<Register> {
    let (first, last) = (RiscVReg::RISCV_REG_X0 as u16, RiscVReg::RISCV_REG_X31 as u16);
    (first..=last).contains(&id.0).then(|| usize::from(id.0 - first))
}
