//! What an instruction does, as far as the stack and the order of execution go: the same for every instruction set.

/// A register by its number; on Arm 13 is the stack pointer, on RISC-V 2.
pub(crate) type Register = usize;

/// Registers of the instruction set that has most.
pub(crate) const REGISTERS: usize = 32;

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes that it takes.
    pub(crate) length: u32,
    /// Whether it may do nothing but go on to the next.
    pub(crate) conditional: bool,
    pub(crate) flow: Flow,
    /// The registers it writes. All are read before any is written.
    pub(crate) writes: Vec<(Register, Operation)>,
}

/// Where execution goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// At the next instruction.
    Next,
    /// Elsewhere, and not back.
    Jump(Target),
    /// At a function that returns to the next instruction.
    Call(Target),
    /// At code that the compiler shares between functions. It works on the frame of its caller, so it may move the stack
    /// pointer, and returns to the next instruction.
    Share(Target),
    /// One of the targets in the table of forward distances behind the instruction: how many bytes each takes.
    Table(u32),
    /// In the caller.
    Return,
    /// Nowhere: the instruction is a trap.
    Stop,
}

/// An address to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Address(u32),
    /// A register plus a constant.
    Register(Register, i32),
}

/// How a register gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// In a way that does not matter.
    Other,
    Constant(u32),
    /// The top half given, the low half kept.
    TopHalf(Register, u16),
    ShiftLeft(Register, u32),
    /// A register plus a constant.
    Offset(Register, i32),
    Add(Register, Register),
    Subtract(Register, Register),
    /// A word from memory at a constant address.
    Load(u32),
    /// A word from memory at a register plus a constant.
    LoadOffset(Register, i32),
    /// A word from memory at the sum of two registers.
    LoadSum(Register, Register),
}
