//! Atomic operations. Threads run one after another, so each is a load, an operation and a store.

use super::memory::{ORDERS, space};
use crate::ptx::{Instruction, Operand, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;
use crate::translate::operands::c_type;

impl Translator<'_> {
    /// `atom` and `red`.
    pub(super) fn atomic(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        let space = space(m);
        m.ignore(&ORDERS);
        m.ignore(&["noftz"]);
        let operation = m.take_one(&["add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas"]);
        let operation = operation.ok_or("expected an operation")?;
        let returns = i.name == "atom";
        let first = usize::from(returns);
        self.count(i, first + if operation == "cas" { 3 } else { 2 })?;
        let place = self.place(&i.operands[first], space, ty.size(), true)?;
        let x = self.read(&i.operands[first + 1], ty)?;
        let new = match operation {
            "add" => format!("old + {x}"),
            "and" => format!("old & {x}"),
            "or" => format!("old | {x}"),
            "xor" => format!("old ^ {x}"),
            "exch" => x,
            "min" | "max" if ty.is_integer() => format!("{operation}_{}(old, {x})", c_type(ty)),
            "inc" if ty.is_integer() => format!("old >= {x} ? 0 : old + 1"),
            "dec" if ty.is_integer() => format!("old == 0 || old > {x} ? {x} : old - 1"),
            "cas" => format!("old == {x} ? {} : old", self.read(&i.operands[first + 2], ty)?),
            _ => return Err(format!("`.{operation}` is not supported for this type")),
        };
        let c = c_type(ty);
        let keep = match (returns, &i.operands[0]) {
            (true, to) if *to != Operand::Sink => {
                self.write(to, if ty.is_float() { ty } else { Type::unsigned(ty.bits) }, "old")?
            }
            _ => String::new(),
        };
        Ok(format!("{c} *memory = ({c} *){place}; {c} old = *memory; *memory = {new}; {keep}"))
    }
}
