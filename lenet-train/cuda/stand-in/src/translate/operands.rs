//! Operands to C expressions, and C expressions to where results go.

use super::Translator;
use crate::ptx::{Instruction, Kind, Operand, Space, Type};

/// The C type of a value.
pub(super) fn c_type(ty: Type) -> String {
    match (ty.kind, ty.bits) {
        (Kind::Float, 16) => "_Float16".to_owned(),
        (Kind::Float, 32) => "float".to_owned(),
        (Kind::Float, _) => "double".to_owned(),
        (Kind::Signed, bits) => format!("s{bits}"),
        (_, bits) => format!("u{bits}"),
    }
}

impl Translator<'_> {
    /// The operand at a place, or an error that counts.
    pub(super) fn operand<'i>(&self, i: &'i Instruction, index: usize) -> Result<&'i Operand, String> {
        i.operands.get(index).ok_or(format!("expected operand {}, found {}", index + 1, i.operands.len()))
    }

    /// Fails unless there are so many operands.
    pub(super) fn count(&self, i: &Instruction, count: usize) -> Result<(), String> {
        if i.operands.len() == count {
            return Ok(());
        }
        Err(format!("expected {count} operands, found {}", i.operands.len()))
    }

    /// A C expression of an operand's value.
    pub(super) fn read(&self, operand: &Operand, ty: Type) -> Result<String, String> {
        let bits = self.bits(operand)?;
        Ok(match ty.kind {
            Kind::Float => format!("f{}_of({bits})", ty.bits),
            Kind::Predicate => format!("({bits} != 0)"),
            _ => format!("(({}){bits})", c_type(ty)),
        })
    }

    /// The values of operands 1 and on.
    pub(super) fn read_all<const N: usize>(&self, i: &Instruction, ty: Type) -> Result<[String; N], String> {
        self.count(i, N + 1)?;
        let mut out = [const { String::new() }; N];
        for (value, operand) in out.iter_mut().zip(&i.operands[1..]) {
            *value = self.read(operand, ty)?;
        }
        Ok(out)
    }

    /// A C expression of an operand's bits.
    pub(super) fn bits(&self, operand: &Operand) -> Result<String, String> {
        Ok(match operand {
            Operand::Register(register) => format!("r{register}"),
            Operand::Not(register) => format!("(!r{register})"),
            Operand::Integer(value) => format!("{value}ull"),
            Operand::Float(bits) => format!("{bits}u"),
            Operand::Double(bits) => format!("{bits}ull"),
            Operand::Local(index) => {
                let variable = &self.function.variables[*index];
                match (variable.space, self.shared.function[*index]) {
                    (Space::Shared, Some(offset)) => format!("{offset}u"),
                    _ => format!("((u64)v{index})"),
                }
            }
            Operand::Global(index) => match self.shared.module[*index] {
                Some(offset) => format!("{offset}u"),
                None => format!("task->globals[{index}]"),
            },
            Operand::Name(name) => special(name)?.to_owned(),
            other => return Err(format!("{other:?} is not supported as a value")),
        })
    }

    /// C that gives an operand a value of a type. A register that is wider gets it extended.
    pub(super) fn write(&self, operand: &Operand, ty: Type, value: &str) -> Result<String, String> {
        let register = match operand {
            Operand::Register(register) => register,
            Operand::Sink => return Ok(format!("(void)({value});")),
            other => return Err(format!("{other:?} is not supported as a destination")),
        };
        let to = self.function.registers[*register];
        if to.bits < ty.bits {
            return Err(format!("a register of {} bits is too narrow", to.bits));
        }
        Ok(match ty.kind {
            Kind::Float => format!("r{register} = bits_f{}({value});", ty.bits),
            Kind::Predicate => format!("r{register} = ({value}) != 0;"),
            Kind::Signed => format!("r{register} = (u{0})(s{0})(s{1})({value});", to.bits, ty.bits),
            _ => format!("r{register} = (u{})({value});", ty.bits),
        })
    }

    /// The first operand gets a value.
    pub(super) fn result(&self, i: &Instruction, ty: Type, value: &str) -> Result<String, String> {
        self.write(self.operand(i, 0)?, ty, value)
    }
}

/// A special register as C.
fn special(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "%tid.x" => "at.tid_x",
        "%tid.y" => "at.tid_y",
        "%tid.z" => "at.tid_z",
        "%ctaid.x" => "at.ctaid_x",
        "%ctaid.y" => "at.ctaid_y",
        "%ctaid.z" => "at.ctaid_z",
        "%ntid.x" => "task->block[0]",
        "%ntid.y" => "task->block[1]",
        "%ntid.z" => "task->block[2]",
        "%nctaid.x" => "task->grid[0]",
        "%nctaid.y" => "task->grid[1]",
        "%nctaid.z" => "task->grid[2]",
        "%laneid" => "(at.index % 32)",
        "%warpid" => "(at.index / 32)",
        "%lanemask_eq" => "(1u << at.index % 32)",
        "%lanemask_lt" => "((1u << at.index % 32) - 1)",
        "%lanemask_le" => "((2u << at.index % 32) - 1)",
        "%lanemask_gt" => "(~((2u << at.index % 32) - 1))",
        "%lanemask_ge" => "(~((1u << at.index % 32) - 1))",
        "%dynamic_smem_size" => "task->dynamic_shared",
        "%total_smem_size" => "(STATIC_SHARED + task->dynamic_shared)",
        "WARP_SZ" => "32u",
        other => return Err(format!("`{other}` is not supported as a value")),
    })
}
