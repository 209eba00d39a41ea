//! What an instruction does to the stack and to the order of execution, in one form for every instruction set.

/// The number of a register. The stack pointer is 13 on Arm and 2 on RISC-V.
pub(crate) type Register = usize;

/// The number of registers of the instruction set that has the most.
pub(crate) const REGISTERS: usize = 32;

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The length in bytes.
    pub(crate) length: u32,
    /// Whether execution may continue at the next instruction without any effect of this one.
    pub(crate) conditional: bool,
    pub(crate) flow: Flow,
    /// The registers that the instruction writes. It reads all its operands before it writes any.
    pub(crate) writes: Vec<(Register, Operation)>,
}

/// Where execution continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// At the next instruction.
    Next,
    /// At another address, without a return.
    Jump(Target),
    /// At a function that returns to the next instruction.
    Call(Target),
    /// At code that the compiler shares between functions. It works on the frame of its caller, so it may move the stack
    /// pointer, and returns to the next instruction.
    Share(Target),
    /// At a target in the table of forward distances after the instruction. The number is the bytes per distance.
    Table(u32),
    /// In the caller.
    Return,
    /// Nowhere, because the instruction is a trap.
    Stop,
}

/// The target of a jump or call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Address(u32),
    /// A register plus a constant.
    Register(Register, i32),
}

/// How an instruction computes the value of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// In a way that does not matter to the stack.
    Other,
    Constant(u32),
    /// The register with its top half replaced.
    TopHalf(Register, u16),
    ShiftLeft(Register, u32),
    /// A register plus a constant.
    Offset(Register, i32),
    /// A register less a number of bytes from 0 to this one: an address that is rounded down.
    AtMostLess(Register, u32),
    Add(Register, Register),
    Subtract(Register, Register),
    /// A word from memory at a constant address.
    Load(u32),
    /// A word from memory at a register plus a constant.
    LoadOffset(Register, i32),
    /// A word from memory at the sum of two registers.
    LoadSum(Register, Register),
}
