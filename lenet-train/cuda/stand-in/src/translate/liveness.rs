//! Which registers are needed after each statement, so that a thread that waits saves only those.

use crate::ptx::{Function, Instruction, Operand, Statement};
use std::collections::HashMap;

/// A set of registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    fn new(registers: usize) -> Self {
        Set(vec![0; registers.div_ceil(64)])
    }

    fn insert(&mut self, register: usize) {
        self.0[register / 64] |= 1 << (register % 64);
    }

    fn remove(&mut self, register: usize) {
        self.0[register / 64] &= !(1 << (register % 64));
    }

    /// Adds all of another set.
    fn merge(&mut self, other: &Set) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// The registers, in order.
    pub(super) fn list(&self) -> Vec<usize> {
        (0..self.0.len() * 64).filter(|&register| self.0[register / 64] >> (register % 64) & 1 == 1).collect()
    }
}

/// For each statement, the registers that a thread may read after it and before it writes them.
pub(super) fn needed_after(function: &Function) -> Vec<Set> {
    let body = &function.body;
    let mut labels = HashMap::new();
    for (index, statement) in body.iter().enumerate() {
        if let Statement::Label(name) = statement {
            labels.insert(name.as_str(), index);
        }
    }
    let empty = Set::new(function.registers.len());
    let mut before = vec![empty.clone(); body.len() + 1];
    let mut after = vec![empty; body.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for index in (0..body.len()).rev() {
            let mut needed = Set::new(function.registers.len());
            let (goes_on, target) = next(&body[index]);
            if goes_on {
                needed.merge(&before[index + 1]);
            }
            if let Some(target) = target.and_then(|name| labels.get(name)) {
                needed.merge(&before[*target]);
            }
            after[index].clone_from(&needed);
            if let Statement::Instruction(instruction) = &body[index] {
                step_back(&mut needed, instruction);
            }
            changed |= before[index] != needed;
            before[index] = needed;
        }
    }
    after
}

/// Whether the next statement follows, and the label that may follow instead.
fn next(statement: &Statement) -> (bool, Option<&str>) {
    let Statement::Instruction(instruction) = statement else { return (true, None) };
    let guarded = instruction.guard.is_some();
    match (instruction.name.as_str(), instruction.operands.first()) {
        ("bra", Some(Operand::Name(label))) => (guarded, Some(label)),
        ("ret" | "exit" | "trap", _) => (guarded, None),
        _ => (true, None),
    }
}

/// From the registers needed after an instruction to those needed before it.
fn step_back(needed: &mut Set, instruction: &Instruction) {
    let operands = &instruction.operands[..];
    let (destination, sources) = match (instruction.name.as_str(), operands.split_first()) {
        // These write memory, or nothing.
        ("st" | "red" | "bar" | "barrier" | "call" | "prefetch", _) | (_, None) => (None, operands),
        (_, Some((first, rest))) => (Some(first), rest),
    };
    // A guarded instruction may not write.
    if let Some(destination) = destination.filter(|_| instruction.guard.is_none()) {
        registers(destination, &mut |register| needed.remove(register));
    }
    for operand in sources {
        registers(operand, &mut |register| needed.insert(register));
    }
    if let Some((register, _)) = instruction.guard {
        needed.insert(register);
    }
}

/// All registers in an operand.
fn registers(operand: &Operand, to: &mut dyn FnMut(usize)) {
    match operand {
        Operand::Register(register) | Operand::Not(register) => to(*register),
        Operand::Pair(pair) => pair.iter().for_each(|operand| registers(operand, to)),
        Operand::Memory(base, _) => registers(base, to),
        Operand::Vector(list) | Operand::List(list) => list.iter().for_each(|operand| registers(operand, to)),
        _ => {}
    }
}
