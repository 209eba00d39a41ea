//! What is known about the registers at one place in a function.

use crate::program::Program;
use crate::step::{Operation, REGISTERS, Register};

/// What is known about a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Unknown,
    Constant(u32),
    /// The value of the stack pointer at the entry of the function, plus a constant.
    Stack(i32),
    /// An address in a table that starts at a constant.
    InTable(u32),
    /// A word of the table that starts at a constant.
    Entry(u32),
    /// The return address of the function.
    Return,
}

impl Value {
    fn plus(self, constant: i32) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(value.wrapping_add_signed(constant)),
            Self::Stack(offset) => Self::Stack(offset.wrapping_add(constant)),
            Self::InTable(start) => Self::InTable(start.wrapping_add_signed(constant)),
            Self::Unknown | Self::Entry(_) | Self::Return => Self::Unknown,
        }
    }

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant(start), Self::Unknown) | (Self::Unknown, Self::Constant(start)) => {
                Self::InTable(start)
            }
            (known, Self::Constant(value)) | (Self::Constant(value), known) => {
                known.plus(value.cast_signed())
            }
            _ => Self::Unknown,
        }
    }
}

/// What is known about all registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State([Value; REGISTERS]);

impl State {
    /// What is known at the entry of a function.
    pub(crate) fn entry(stack: Register, links: &[Register]) -> Self {
        let mut registers = [Value::Unknown; REGISTERS];
        registers[stack] = Value::Stack(0);
        for link in links {
            registers[*link] = Value::Return;
        }
        Self(registers)
    }

    pub(crate) fn get(&self, register: Register) -> Value {
        self.0[register]
    }

    /// What is known after these writes.
    pub(crate) fn after(&self, writes: &[(Register, Operation)], program: &Program) -> Self {
        let mut after = *self;
        for (register, operation) in writes {
            after.0[*register] = self.value(*operation, program);
        }
        after
    }

    /// What is known after a call of a function that may write these registers.
    pub(crate) fn after_call(&self, scratch: &[Register]) -> Self {
        let mut after = *self;
        for register in scratch {
            after.0[*register] = Value::Unknown;
        }
        after
    }

    /// What is known where two paths meet.
    pub(crate) fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for (value, other) in joined.0.iter_mut().zip(other.0) {
            if *value != other {
                *value = Value::Unknown;
            }
        }
        joined
    }

    fn value(&self, operation: Operation, program: &Program) -> Value {
        let load = |address| program.constant(address).map_or(Value::Unknown, Value::Constant);
        match operation {
            Operation::Other => Value::Unknown,
            Operation::Constant(value) => Value::Constant(value),
            Operation::TopHalf(register, top) => match self.get(register) {
                Value::Constant(low) => Value::Constant(low & 0xFFFF | u32::from(top) << 16),
                _ => Value::Unknown,
            },
            Operation::ShiftLeft(register, by) => match self.get(register) {
                Value::Constant(value) => Value::Constant(value.wrapping_shl(by)),
                _ => Value::Unknown,
            },
            Operation::Offset(register, 0) => self.get(register),
            Operation::Offset(register, plus) => self.get(register).plus(plus),
            Operation::AtMostLess(register, bytes) => match self.get(register) {
                // As deep as it can be.
                Value::Stack(offset) => Value::Stack(offset.wrapping_sub_unsigned(bytes)),
                _ => Value::Unknown,
            },
            Operation::Add(a, b) => self.get(a).add(self.get(b)),
            Operation::Subtract(a, b) => match self.get(b) {
                Value::Constant(value) => self.get(a).plus(value.wrapping_neg().cast_signed()),
                _ => Value::Unknown,
            },
            Operation::Load(address) => load(address),
            Operation::LoadOffset(register, plus) => match self.get(register).plus(plus) {
                Value::Constant(address) => load(address),
                Value::InTable(start) => Value::Entry(start),
                _ => Value::Unknown,
            },
            Operation::LoadSum(a, b) => match self.get(a).add(self.get(b)) {
                Value::Constant(address) => load(address),
                Value::InTable(start) => Value::Entry(start),
                _ => Value::Unknown,
            },
        }
    }
}
