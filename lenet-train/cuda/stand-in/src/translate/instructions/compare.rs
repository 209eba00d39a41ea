//! Comparisons and selections.

use crate::ptx::{Instruction, Kind, Operand, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;

/// All names of comparisons.
const COMPARISONS: [&str; 18] = [
    "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu",
    "num", "nan",
];

impl Translator<'_> {
    /// `setp`, `set`, `selp` and `slct`.
    pub(super) fn comparison(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        match i.name.as_str() {
            "selp" => {
                self.count(i, 4)?;
                let (a, b) = (self.bits(&i.operands[1])?, self.bits(&i.operands[2])?);
                let chosen = self.read(&i.operands[3], Type::PREDICATE)?;
                self.result(i, Type::unsigned(ty.bits), &format!("{chosen} ? (u64){a} : (u64){b}"))
            }
            "slct" => {
                self.count(i, 4)?;
                let to = m.ty()?;
                let (a, b) = (self.bits(&i.operands[1])?, self.bits(&i.operands[2])?);
                let c = self.read(&i.operands[3], ty)?;
                self.result(i, Type::unsigned(to.bits), &format!("{c} >= 0 ? (u64){a} : (u64){b}"))
            }
            "set" => {
                let to = m.ty()?;
                let test = self.test(i, m, ty)?;
                let value =
                    if to.is_float() { format!("({test}) ? 1 : 0") } else { format!("({test}) ? -1 : 0") };
                self.result(i, to, &value)
            }
            _ => {
                let test = self.test(i, m, ty)?;
                match self.operand(i, 0)? {
                    Operand::Pair(pair) => {
                        let first = self.write(&pair[0], Type::PREDICATE, "test")?;
                        let second = self.write(&pair[1], Type::PREDICATE, &self.inverse(i, m, ty)?)?;
                        Ok(format!("u8 test = {test}; {first} {second}"))
                    }
                    to => self.write(to, Type::PREDICATE, &test),
                }
            }
        }
    }

    /// The comparison of operands 1 and 2, and what it is combined with.
    fn test(&self, i: &Instruction, m: &mut Modifiers<'_>, ty: Type) -> Result<String, String> {
        let flush = m.take("ftz");
        let comparison = m.take_one(&COMPARISONS).ok_or("expected a comparison")?;
        let (a, b) = (self.read(self.operand(i, 1)?, ty)?, self.read(self.operand(i, 2)?, ty)?);
        let flushed = |value: String| if flush { format!("flush_f{}({value})", ty.bits) } else { value };
        let test = compared(comparison, ty, &flushed(a), &flushed(b))?;
        match m.take_one(&["and", "or", "xor"]) {
            None => {
                self.count(i, 3)?;
                Ok(test)
            }
            Some(combined) => {
                self.count(i, 4)?;
                let with = self.read(&i.operands[3], Type::PREDICATE)?;
                let operator = match combined {
                    "and" => '&',
                    "or" => '|',
                    _ => '^',
                };
                Ok(format!("({test}) {operator} {with}"))
            }
        }
    }

    /// The second destination of `setp`: the inverted comparison, combined like the first.
    fn inverse(&self, i: &Instruction, _: &mut Modifiers<'_>, ty: Type) -> Result<String, String> {
        let mut again = Modifiers::new(&i.modifiers);
        again.ty()?;
        if i.modifiers.iter().any(|m| ["and", "or", "xor"].contains(&m.as_str())) {
            return Err("two destinations of a combined comparison are not supported".to_owned());
        }
        Ok(format!("!({})", self.test(i, &mut again, ty)?))
    }
}

/// A comparison in C. Those that end in `u`, and `nan`, are true where a value is NaN.
fn compared(comparison: &str, ty: Type, a: &str, b: &str) -> Result<String, String> {
    let unordered = matches!(comparison, "equ" | "neu" | "ltu" | "leu" | "gtu" | "geu" | "num" | "nan");
    let unsigned = matches!(comparison, "lo" | "ls" | "hi" | "hs");
    let fits = match ty.kind {
        Kind::Float => !unsigned,
        Kind::Bits | Kind::Predicate => matches!(comparison, "eq" | "ne"),
        Kind::Unsigned => !unordered,
        Kind::Signed => !unordered && !unsigned,
    };
    if !fits {
        return Err(format!("there is no `.{comparison}` of this type"));
    }
    Ok(match comparison {
        "eq" => format!("{a} == {b}"),
        "ne" if ty.is_float() => format!("({a} < {b} || {a} > {b})"),
        "ne" | "neu" => format!("{a} != {b}"),
        "lt" | "lo" => format!("{a} < {b}"),
        "le" | "ls" => format!("{a} <= {b}"),
        "gt" | "hi" => format!("{a} > {b}"),
        "ge" | "hs" => format!("{a} >= {b}"),
        "equ" => format!("!({a} < {b} || {a} > {b})"),
        "ltu" => format!("!({a} >= {b})"),
        "leu" => format!("!({a} > {b})"),
        "gtu" => format!("!({a} <= {b})"),
        "geu" => format!("!({a} < {b})"),
        "num" => format!("({a} == {a} && {b} == {b})"),
        _ => format!("({a} != {a} || {b} != {b})"),
    })
}
