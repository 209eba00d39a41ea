//! Instructions on bits. The C functions are in `c/integer.h`.

use crate::ptx::{Instruction, Kind, Operand, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;
use crate::translate::operands::c_type;

impl Translator<'_> {
    /// `and` to `dp4a`.
    pub(super) fn of_bits(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        if i.name == "dp4a" {
            return self.dot_product(i, m);
        }
        let ty = m.ty()?;
        let word = Type::unsigned(32);
        let signed = if ty.is_signed() { 's' } else { 'u' };
        let bits = ty.bits;
        let as_unsigned = Type::unsigned(bits);
        let value = match i.name.as_str() {
            "and" => self.infix(i, ty, "&")?,
            "or" => self.infix(i, ty, "|")?,
            "xor" => self.infix(i, ty, "^")?,
            "not" | "cnot" => {
                let [a] = self.read_all(i, ty)?;
                let flips = i.name == "not" && ty.kind != Kind::Predicate;
                format!("{}{a}", if flips { '~' } else { '!' })
            }
            "shl" | "shr" => {
                self.count(i, 3)?;
                let a = self.read(&i.operands[1], if i.name == "shl" { as_unsigned } else { ty })?;
                let b = self.read(&i.operands[2], word)?;
                let name = if i.name == "shl" { "shl_u".to_owned() } else { format!("shr_{signed}") };
                format!("{name}{bits}({a}, {b})")
            }
            "shf" => {
                let direction = m.take_one(&["l", "r"]).ok_or("expected .l or .r")?;
                let amount = m.take_one(&["wrap", "clamp"]).ok_or("expected .wrap or .clamp")?;
                let [a, b, c] = self.read_all(i, as_unsigned)?;
                format!(
                    "shf_{direction}({a}, {b}, {})",
                    if amount == "wrap" { format!("{c} % 32") } else { format!("min_u32({c}, 32)") }
                )
            }
            "popc" | "clz" => {
                let [a] = self.read_all(i, as_unsigned)?;
                return self.result(i, word, &format!("{}_{bits}({a})", i.name));
            }
            "bfind" => {
                let shift = m.take("shiftamt");
                let [a] = self.read_all(i, ty)?;
                let found = format!("bfind_{signed}{bits}({a})");
                let value =
                    if shift { format!("({found} == ~0u ? ~0u : {} - {found})", bits - 1) } else { found };
                return self.result(i, word, &value);
            }
            "brev" => {
                let [a] = self.read_all(i, as_unsigned)?;
                format!("brev_{bits}({a})")
            }
            "bfe" => {
                self.count(i, 4)?;
                let (at, length) = (self.read(&i.operands[2], word)?, self.read(&i.operands[3], word)?);
                format!("bfe_{signed}{bits}({}, {at}, {length})", self.read(&i.operands[1], ty)?)
            }
            "bfi" => {
                self.count(i, 5)?;
                let (a, b) = (self.read(&i.operands[1], ty)?, self.read(&i.operands[2], ty)?);
                let (at, length) = (self.read(&i.operands[3], word)?, self.read(&i.operands[4], word)?);
                format!("bfi_{bits}({a}, {b}, {at}, {length})")
            }
            "prmt" => {
                let [a, b, c] = self.read_all(i, ty)?;
                format!("prmt({a}, {b}, {c})")
            }
            "lop3" => {
                self.count(i, 5)?;
                let Operand::Integer(table) = i.operands[4] else {
                    return Err("expected a table of 8 bits".to_owned());
                };
                let values =
                    [&i.operands[1], &i.operands[2], &i.operands[3]].map(|operand| self.read(operand, ty));
                let [a, b, c] = values;
                format!("lop3({}, {}, {}, {table})", a?, b?, c?)
            }
            _ => return Err("this instruction is not supported".to_owned()),
        };
        self.result(i, ty, &value)
    }

    /// The sum of four products of bytes and a number.
    fn dot_product(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let (of_b, of_a) = (m.ty()?, m.ty()?);
        let ty =
            if of_a.is_signed() || of_b.is_signed() { Type { kind: Kind::Signed, bits: 32 } } else { of_a };
        let [a, b, c] = self.read_all(i, Type::unsigned(32))?;
        let byte = |ty: Type| c_type(Type { bits: 8, ..ty });
        let (x, y) = (byte(of_a), byte(of_b));
        let products: Vec<String> =
            (0..4).map(|k| format!("({x})({a} >> {0}) * ({y})({b} >> {0})", 8 * k)).collect();
        self.result(i, ty, &format!("{} + {c}", products.join(" + ")))
    }
}
