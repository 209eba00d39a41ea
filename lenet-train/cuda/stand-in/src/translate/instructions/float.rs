//! Arithmetic of floating point numbers. The C functions are in `c/float.h`.

use crate::ptx::{Instruction, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;

/// How results are rounded, as PTX names it.
const ROUNDINGS: [&str; 4] = ["rn", "rz", "rm", "rp"];

impl Translator<'_> {
    /// `add`, `sub`, `mul`, `fma`, `mad`, `div`, `min`, `max`, `abs` and `neg`.
    pub(super) fn of_floats(
        &self,
        i: &Instruction,
        m: &mut Modifiers<'_>,
        ty: Type,
    ) -> Result<String, String> {
        let flush = m.take("ftz");
        let bits = ty.bits;
        let name = i.name.as_str();
        let value = match name {
            "abs" | "neg" => {
                let [a] = self.flushed(i, ty, flush)?;
                format!("{name}_f{bits}({a})")
            }
            "min" | "max" => {
                let nan = if m.take("NaN") { "_nan" } else { "" };
                let [a, b] = self.flushed(i, ty, flush)?;
                format!("{name}{nan}_f{bits}({a}, {b})")
            }
            "add" | "sub" | "mul" => {
                let rounding = rounding(m, ty)?;
                let saturate = m.take("sat");
                let [a, b] = self.flushed(i, ty, flush)?;
                saturated(&format!("{name}_f{bits}{rounding}({a}, {b})"), ty, saturate)?
            }
            "fma" | "mad" => {
                let rounding = rounding(m, ty)?;
                let saturate = m.take("sat");
                let [a, b, c] = self.flushed(i, ty, flush)?;
                saturated(&format!("fma_f{bits}{rounding}({a}, {b}, {c})"), ty, saturate)?
            }
            "div" => {
                // These may be off by 2 in the last place; here they are not.
                m.ignore(&["approx", "full"]);
                let rounding = rounding(m, ty)?;
                let [a, b] = self.flushed(i, ty, flush)?;
                format!("div_f{bits}{rounding}({a}, {b})")
            }
            _ => return Err("not supported for floating point numbers".to_owned()),
        };
        self.result(i, ty, &if flush { format!("flush_f{bits}({value})") } else { value })
    }

    /// `rcp` to `testp`.
    pub(super) fn function_of_float(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        if !ty.is_float() || ty.bits == 16 {
            return Err("supported for .f32 and .f64".to_owned());
        }
        if i.name == "copysign" {
            let [a, b] = self.read_all(i, ty)?;
            return self.result(i, ty, &format!("copysign_f{}({a}, {b})", ty.bits));
        }
        if i.name == "testp" {
            let test = m.take_one(&["finite", "infinite", "number", "notanumber", "normal", "subnormal"]);
            let test = test.ok_or("expected what to test for")?;
            let [a] = self.read_all(i, ty)?;
            return self.result(
                i,
                Type::PREDICATE,
                &format!("is_{test}(({}){a})", crate::translate::operands::c_type(ty)),
            );
        }
        let flush = m.take("ftz");
        let approximate = m.take("approx");
        let rounding = rounding(m, ty)?;
        let [a] = self.flushed(i, ty, flush)?;
        let value = match (i.name.as_str(), ty.bits) {
            // The approximation of f64 has no more than its upper 32 bits.
            ("rcp" | "rsqrt", 64) if approximate => format!("upper_half({}_f64({a}))", i.name),
            ("rcp" | "sqrt", bits) => format!("{}_f{bits}{rounding}({a})", i.name),
            ("rsqrt" | "ex2" | "lg2" | "sin" | "cos" | "tanh", 32) if approximate => {
                format!("{}_f32({a})", i.name)
            }
            _ => return Err("not supported in this form".to_owned()),
        };
        self.result(i, ty, &if flush { format!("flush_f{}({value})", ty.bits) } else { value })
    }

    /// The values of operands 1 and on, numbers below the normal ones as 0 if so wished.
    fn flushed<const N: usize>(&self, i: &Instruction, ty: Type, flush: bool) -> Result<[String; N], String> {
        let values = self.read_all(i, ty)?;
        Ok(if flush { values.map(|value| format!("flush_f{}({value})", ty.bits)) } else { values })
    }
}

/// The ending of the C functions that round as asked: none to the nearest, else `_rz`, `_rm` or `_rp`.
pub(super) fn rounding(m: &mut Modifiers<'_>, ty: Type) -> Result<String, String> {
    match m.take_one(&ROUNDINGS) {
        None | Some("rn") => Ok(String::new()),
        Some(rounding) if ty.bits == 32 => Ok(format!("_{rounding}")),
        Some(rounding) => Err(format!("`.{rounding}` is supported for .f32")),
    }
}

/// A value limited to 0 to 1 if so wished.
pub(super) fn saturated(value: &str, ty: Type, wished: bool) -> Result<String, String> {
    match (wished, ty.bits) {
        (false, _) => Ok(value.to_owned()),
        (true, 32) => Ok(format!("saturate_f32({value})")),
        (true, _) => Err("`.sat` is supported for .f32".to_owned()),
    }
}
