//! Instructions to C, by what they do.

mod arithmetic;
mod atomic;
mod bits;
mod compare;
mod control;
mod convert;
mod float;
mod integer;
mod memory;
mod warp;

use super::Translator;
use super::modifiers::Modifiers;
use crate::ptx::Instruction;

impl Translator<'_> {
    /// C that does an instruction, without its guard.
    pub(super) fn instruction(&mut self, i: &Instruction) -> Result<String, String> {
        let mut m = Modifiers::new(&i.modifiers);
        let code = match i.name.as_str() {
            "add" | "sub" | "mul" | "mad" | "fma" | "div" | "rem" | "min" | "max" | "abs" | "neg"
            | "addc" | "subc" | "madc" | "mul24" | "mad24" | "sad" => self.arithmetic(i, &mut m),
            "rcp" | "sqrt" | "rsqrt" | "ex2" | "lg2" | "sin" | "cos" | "tanh" | "copysign" | "testp" => {
                self.function_of_float(i, &mut m)
            }
            "and" | "or" | "xor" | "not" | "cnot" | "shl" | "shr" | "shf" | "popc" | "clz" | "brev"
            | "bfind" | "bfe" | "bfi" | "prmt" | "lop3" | "dp4a" => self.of_bits(i, &mut m),
            "setp" | "set" | "selp" | "slct" => self.comparison(i, &mut m),
            "cvt" | "cvta" | "mov" => self.conversion(i, &mut m),
            "ld" | "ldu" | "st" | "prefetch" | "prefetchu" => self.memory(i, &mut m),
            "atom" | "red" => self.atomic(i, &mut m),
            "shfl" | "vote" | "redux" | "activemask" => self.of_warp(i, &mut m),
            "bra" | "ret" | "exit" | "trap" | "call" | "bar" | "barrier" | "membar" | "fence"
            | "nanosleep" => self.control(i, &mut m),
            _ => Err("this instruction is not supported".to_owned()),
        }?;
        m.finish()?;
        Ok(code)
    }
}
