//! Arithmetic of integers. C's own wraps around, as `-fwrapv` promises.

use crate::ptx::{Instruction, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;
use crate::translate::operands::c_type;

impl Translator<'_> {
    /// `add` to `sad`.
    pub(super) fn of_integers(
        &self,
        i: &Instruction,
        m: &mut Modifiers<'_>,
        ty: Type,
    ) -> Result<String, String> {
        let carries = m.take("cc");
        if carries || i.name.ends_with('c') {
            return self.with_carry(i, m, ty, carries);
        }
        let value = match i.name.as_str() {
            "mul" | "mad" | "mul24" | "mad24" => return self.product(i, m, ty),
            "add" | "sub" if m.take("sat") => {
                let [a, b] = self.read_all(i, ty)?;
                if ty.bits != 32 || !ty.is_signed() {
                    return Err("`.sat` is supported for .s32".to_owned());
                }
                format!("saturate_s32((s64){a} {} (s64){b})", if i.name == "add" { "+" } else { "-" })
            }
            "add" => self.infix(i, ty, "+")?,
            "sub" => self.infix(i, ty, "-")?,
            "div" | "rem" | "min" | "max" => {
                let [a, b] = self.read_all(i, ty)?;
                format!("{}_{}({a}, {b})", i.name, c_type(ty))
            }
            "abs" => {
                let [a] = self.read_all(i, ty)?;
                format!("{a} < 0 ? -{a} : {a}")
            }
            "neg" => {
                let [a] = self.read_all(i, ty)?;
                format!("-{a}")
            }
            "sad" => {
                let [a, b, c] = self.read_all(i, ty)?;
                format!("({a} < {b} ? {b} - {a} : {a} - {b}) + {c}")
            }
            _ => return Err("not supported for integers".to_owned()),
        };
        self.result(i, ty, &value)
    }

    /// Two operands with an operator of C between them.
    pub(super) fn infix(&self, i: &Instruction, ty: Type, operator: &str) -> Result<String, String> {
        let [a, b] = self.read_all(i, ty)?;
        Ok(format!("{a} {operator} {b}"))
    }

    /// `mul` and `mad`: the lower half, the upper half or all of a product, and what is added to it.
    fn product(&self, i: &Instruction, m: &mut Modifiers<'_>, ty: Type) -> Result<String, String> {
        let part = m.take_one(&["lo", "hi", "wide"]).ok_or("expected .lo, .hi or .wide")?;
        let adds = i.name.starts_with("mad");
        self.count(i, if adds { 4 } else { 3 })?;
        let (mut a, mut b) = (self.read(&i.operands[1], ty)?, self.read(&i.operands[2], ty)?);
        if i.name.ends_with("24") {
            if ty.bits != 32 || part != "lo" {
                return Err("supported as .lo of 32 bits".to_owned());
            }
            (a, b) = (format!("({a} << 8 >> 8)"), format!("({b} << 8 >> 8)"));
        }
        let (to, value) = match part {
            "wide" if ty.bits < 64 => {
                let wide = Type { bits: ty.bits * 2, ..ty };
                (wide, format!("({0}){a} * ({0}){b}", c_type(wide)))
            }
            "hi" => (ty, format!("mul_hi_{}({a}, {b})", c_type(ty))),
            // As unsigned integers: C makes an int, which is signed, of narrow ones.
            "lo" => (ty, format!("(u64){a} * (u64){b}")),
            _ => return Err("there is no wider type".to_owned()),
        };
        let more = if adds { format!(" + {}", self.read(&i.operands[3], to)?) } else { String::new() };
        self.result(i, to, &format!("{value}{more}"))
    }

    /// Sums, differences and products of numbers that are wider than a register: `.cc` keeps the carry, a name that
    /// ends in `c` adds it.
    fn with_carry(
        &self,
        i: &Instruction,
        m: &mut Modifiers<'_>,
        ty: Type,
        keeps: bool,
    ) -> Result<String, String> {
        if ty.bits < 32 {
            return Err("carries are supported for 32 and 64 bits".to_owned());
        }
        let ty = Type::unsigned(ty.bits);
        let bits = ty.bits;
        let carry = if i.name.ends_with('c') { "carry" } else { "0" };
        let (a, b, operator) = match &i.name[..3] {
            "mad" => {
                let part = m.take_one(&["lo", "hi"]).ok_or("expected .lo or .hi")?;
                let [a, b, c] = self.read_all(i, ty)?;
                let product = if part == "lo" {
                    format!("(u{bits})({a} * {b})")
                } else {
                    format!("mul_hi_u{bits}({a}, {b})")
                };
                (product, c, '+')
            }
            name => {
                let [a, b] = self.read_all(i, ty)?;
                (a, b, if name == "sub" { '-' } else { '+' })
            }
        };
        let keep = if keeps { format!(" carry = (u64)(all >> {bits}) & 1;") } else { String::new() };
        let write = self.result(i, ty, "all")?;
        Ok(format!("u128 all = (u128){a} {operator} (u128){b} {operator} {carry};{keep} {write}"))
    }
}
