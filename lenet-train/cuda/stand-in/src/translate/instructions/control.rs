//! Branches, calls, barriers and the end of a thread.

use crate::ptx::{Instruction, Operand, Type};
use crate::translate::modifiers::Modifiers;
use crate::translate::{Translator, c_name};
use std::fmt::Write;

impl Translator<'_> {
    /// `bra` to `nanosleep`.
    pub(super) fn control(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        match i.name.as_str() {
            "bra" => {
                m.ignore(&["uni"]);
                match self.operand(i, 0)? {
                    Operand::Name(label) => Ok(format!("goto {};", c_name(label))),
                    other => Err(format!("expected a label, found {other:?}")),
                }
            }
            "ret" => {
                m.ignore(&["uni"]);
                Ok(if self.function.entry { "return 0;" } else { "return;" }.to_owned())
            }
            "exit" if self.function.entry => Ok("return 0;".to_owned()),
            "exit" => Err("supported in kernels, but not in functions that they call".to_owned()),
            "trap" => Ok("stop(\"the kernel executed `trap`\");".to_owned()),
            "call" => self.call(i, m),
            "bar" | "barrier" => self.barrier(i, m),
            "membar" | "fence" => {
                // Threads run one after another, so what one wrote is what the next one reads.
                m.ignore(&["gl", "cta", "sys", "gpu", "cluster", "sc", "acq_rel"]);
                Ok(String::new())
            }
            _ => {
                m.ignore(&["u32"]);
                Ok(String::new())
            }
        }
    }

    /// `bar.sync` and `bar.red` of all threads of a block, and `bar.warp.sync` of those of a mask.
    fn barrier(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let warp = m.take("warp");
        m.ignore(&["cta", "aligned"]);
        if m.take("red") {
            return self.barrier_with_result(i, m);
        }
        if !m.take("sync") {
            return Err("expected `.sync`: others are not supported".to_owned());
        }
        self.count(i, 1)?;
        let number = self.read(&i.operands[0], Type::unsigned(32))?;
        if self.variant.without_barriers {
            return Ok(String::new());
        }
        let kind = if warp { "WARP_BARRIER" } else { "BARRIER" };
        let wait = self.wait()?;
        Ok(format!("k->exchange = (struct exchange){{{kind}, {number}, 0, 0, 0}}; {wait}"))
    }

    /// A barrier at which all threads learn how many of them bring a true predicate, whether all do, or whether one does.
    fn barrier_with_result(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        let operation = m.take_one(&["popc", "and", "or"]).ok_or("expected .popc, .and or .or")?;
        self.count(i, 3)?;
        let number = self.read(&i.operands[1], Type::unsigned(32))?;
        let brought = self.read(&i.operands[2], Type::PREDICATE)?;
        let result = match operation {
            "popc" => "k->exchange.value",
            "and" => "k->exchange.value == k->exchange.b",
            _ => "k->exchange.value != 0",
        };
        let write = self.result(i, ty, result)?;
        if self.variant.without_barriers {
            return Ok(format!("k->exchange.value = {brought}; k->exchange.b = 1; {write}"));
        }
        let wait = self.wait()?;
        Ok(format!("k->exchange = (struct exchange){{BARRIER, {number}, {brought}, 0, 0}}; {wait} {write}"))
    }

    /// A call of a function of the module, or of the assertion that the CUDA library offers.
    fn call(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        m.ignore(&["uni"]);
        let mut arguments = Vec::new();
        let mut called = None;
        for operand in &i.operands {
            match operand {
                Operand::List(list) => arguments.extend(list),
                Operand::Name(name) if called.is_none() => called = Some(name.as_str()),
                other => return Err(format!("{other:?} is not supported in a call")),
            }
        }
        let called = called.ok_or("expected the name of a function")?;
        let mut c = if called == "__assertfail" {
            "assertion_failed(at".to_owned()
        } else {
            let index = self.module.functions.iter().position(|f| !f.entry && f.name == called);
            let index = index.ok_or(format!("the function `{called}` is not supported"))?;
            self.calls.push(index);
            format!("function_{index}(at, S")
        };
        for argument in arguments {
            match argument {
                Operand::Local(variable) => drop(write!(c, ", v{variable}")),
                other => return Err(format!("{other:?} is not supported as an argument")),
            }
        }
        Ok(c + ");")
    }
}
