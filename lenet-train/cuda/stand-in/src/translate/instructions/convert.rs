//! Conversions between types and address spaces, and moves.

use super::float::saturated;
use crate::ptx::{Instruction, Operand, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;
use crate::translate::operands::c_type;

impl Translator<'_> {
    /// `cvt`, `cvta` and `mov`.
    pub(super) fn conversion(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        match i.name.as_str() {
            "cvt" => self.convert(i, m),
            "cvta" => self.convert_address(i, m),
            _ => self.mov(i, m),
        }
    }

    fn convert(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let (from, to) = (m.ty()?, m.ty()?);
        let flush = m.take("ftz");
        let saturate = m.take("sat");
        let [a] = self.read_all(i, from)?;
        // Only 32 bits are flushed, on whichever side they are.
        let flushes = |ty: Type| flush && ty.is_float() && ty.bits == 32;
        let a = if flushes(from) { format!("flush_f32({a})") } else { a };
        let value = match (to.is_float(), from.is_float()) {
            (true, true) => saturated(&between_floats(&a, from, to, m)?, to, saturate)?,
            (true, false) => saturated(&from_integer(&a, from, to, m)?, to, saturate)?,
            (false, true) => {
                let whole = m.take_one(&["rzi", "rni", "rmi", "rpi"]).ok_or("expected how to round")?;
                // f32 to f64 is exact. NaN becomes 0 only if both are narrow.
                let nan = if from.bits == 64 || to.bits == 64 { "_wide" } else { "" };
                format!("to_{}{nan}(whole_{whole}({a}))", c_type(to))
            }
            (false, false) if saturate => format!("limit_{}({a})", c_type(to)),
            (false, false) => a,
        };
        self.result(i, to, &if flushes(to) { format!("flush_f32({value})") } else { value })
    }

    /// Addresses in `.global`, `.const` and `.local` memory are what they are; those in `.shared` memory count from the
    /// block's first byte.
    fn convert_address(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        let back = m.take("to");
        let space =
            m.take_one(&["global", "const", "local", "shared", "param"]).ok_or("expected a state space")?;
        let [a] = self.read_all(i, ty)?;
        let value = match (space, back) {
            ("shared", false) => format!("(u64)S + {a}"),
            ("shared", true) => format!("{a} - (u64)S"),
            _ => a,
        };
        self.result(i, ty, &value)
    }

    fn mov(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        self.count(i, 2)?;
        let bits = Type::unsigned(ty.bits);
        match (&i.operands[0], &i.operands[1]) {
            (Operand::Vector(parts), from) => {
                let part = part(ty, parts)?;
                let mut c = format!("u64 all = {};", self.bits(from)?);
                for (k, to) in parts.iter().enumerate().filter(|(_, to)| **to != Operand::Sink) {
                    c.push_str(&self.write(to, part, &format!("all >> {}", k as u32 * part.bits))?);
                }
                Ok(c)
            }
            (to, Operand::Vector(parts)) => {
                let part = part(ty, parts)?;
                let mut terms = Vec::new();
                for (k, from) in parts.iter().enumerate() {
                    terms.push(format!(
                        "(u64)(u{}){} << {}",
                        part.bits,
                        self.bits(from)?,
                        k as u32 * part.bits
                    ));
                }
                self.write(to, bits, &terms.join(" | "))
            }
            (to, from) => self.write(to, bits, &self.bits(from)?),
        }
    }
}

/// The type of the parts that a value consists of.
fn part(ty: Type, parts: &[Operand]) -> Result<Type, String> {
    match ty.bits / parts.len() as u32 {
        bits @ (8 | 16 | 32) => Ok(Type::unsigned(bits)),
        bits => Err(format!("parts of {bits} bits are not supported")),
    }
}

fn between_floats(a: &str, from: Type, to: Type, m: &mut Modifiers<'_>) -> Result<String, String> {
    if let Some(whole) = m.take_one(&["rzi", "rni", "rmi", "rpi"]) {
        if from != to {
            return Err("rounding to a whole number keeps the type".to_owned());
        }
        return Ok(format!("whole_{whole}({a})"));
    }
    match (from.bits, to.bits, m.take_one(&["rn", "rz", "rm", "rp"])) {
        (_, _, None | Some("rn")) => Ok(format!("({}){a}", c_type(to))),
        (64, 32, Some(rounding)) => Ok(format!("round_{rounding}({a}, 0)")),
        (_, _, Some(rounding)) => Err(format!("`.{rounding}` is supported from .f64 to .f32")),
    }
}

fn from_integer(a: &str, from: Type, to: Type, m: &mut Modifiers<'_>) -> Result<String, String> {
    match m.take_one(&["rn", "rz", "rm", "rp"]) {
        None | Some("rn") => Ok(format!("({}){a}", c_type(to))),
        Some(rounding) if from.bits <= 32 && to.bits == 32 => Ok(format!("round_{rounding}((double){a}, 0)")),
        Some(rounding) => Err(format!("`.{rounding}` is supported from 32 bits to .f32")),
    }
}
