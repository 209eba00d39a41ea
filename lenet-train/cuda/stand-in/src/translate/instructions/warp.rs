//! Exchanges between the threads of a warp. A thread leaves what it brings in `k->exchange`, waits, and finds what it
//! gets there; `c/run_together.h` makes the exchange when all threads of the mask have come.

use crate::ptx::{Instruction, Kind, Operand, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;

/// All bits of a warp's threads.
const WORD: Type = Type::unsigned(32);

impl Translator<'_> {
    /// `shfl`, `vote` and `redux`.
    pub(super) fn of_warp(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        if !m.take("sync") {
            return Err("without `.sync`, which threads take part depends on the GPU".to_owned());
        }
        match i.name.as_str() {
            "shfl" => self.shuffle(i, m),
            "vote" => self.vote(i, m),
            "redux" => self.reduce(i, m),
            _ => Err("this instruction is not supported".to_owned()),
        }
    }

    fn shuffle(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        m.ty()?;
        let mode = m.take_one(&["up", "down", "bfly", "idx"]).ok_or("expected .up, .down, .bfly or .idx")?;
        self.count(i, 5)?;
        let mut values = Vec::new();
        for operand in &i.operands[1..] {
            values.push(self.read(operand, WORD)?);
        }
        let mut c = format!("k->exchange = (struct exchange){{SHUFFLE_{}, ", mode.to_uppercase());
        c.push_str(&format!("{}, {}, {}, {}}}; ", values[3], values[0], values[1], values[2]));
        c.push_str(&self.wait()?);
        match &i.operands[0] {
            Operand::Pair(pair) => {
                c.push_str(&self.write(&pair[0], WORD, "k->exchange.value")?);
                c.push_str(&self.write(&pair[1], Type::PREDICATE, "k->exchange.b")?);
            }
            to => c.push_str(&self.write(to, WORD, "k->exchange.value")?),
        }
        Ok(c)
    }

    fn vote(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let to = m.ty()?;
        let mode =
            m.take_one(&["all", "any", "uni", "ballot"]).ok_or("expected .all, .any, .uni or .ballot")?;
        self.count(i, 3)?;
        if (mode == "ballot") == (to.kind == Kind::Predicate) {
            return Err("expected .b32 of .ballot, .pred of others".to_owned());
        }
        let (brought, mask) = (self.read(&i.operands[1], Type::PREDICATE)?, self.read(&i.operands[2], WORD)?);
        self.exchange(i, &format!("VOTE_{}", mode.to_uppercase()), &mask, &brought, to)
    }

    fn reduce(&mut self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        let operation =
            m.take_one(&["add", "min", "max", "and", "or", "xor"]).ok_or("expected an operation")?;
        self.count(i, 3)?;
        let signed = if ty.is_signed() && matches!(operation, "min" | "max") { "_SIGNED" } else { "" };
        let (brought, mask) = (self.read(&i.operands[1], WORD)?, self.read(&i.operands[2], WORD)?);
        self.exchange(i, &format!("REDUCE_{}{signed}", operation.to_uppercase()), &mask, &brought, WORD)
    }

    /// An exchange of one value for another.
    fn exchange(
        &mut self,
        i: &Instruction,
        kind: &str,
        mask: &str,
        brought: &str,
        to: Type,
    ) -> Result<String, String> {
        let wait = self.wait()?;
        let write = self.result(i, to, "k->exchange.value")?;
        Ok(format!("k->exchange = (struct exchange){{{kind}, {mask}, {brought}, 0, 0}}; {wait} {write}"))
    }
}
