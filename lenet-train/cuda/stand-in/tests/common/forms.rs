//! Tables of instructions: each is executed with rows of operands, and every result is compared with what it must be.

use super::{Buffer, HEAD, Launch};
use std::fmt::Write;

/// The most operands of an instruction, its result not counted.
const OPERANDS: usize = 4;

/// Instructions, operands and results.
#[derive(Default)]
pub(crate) struct Forms {
    code: String,
    registers: String,
    rows: Vec<[u64; OPERANDS]>,
    /// What each row must give, and the instruction that it is about.
    expected: Vec<(u64, String)>,
}

/// The bits of a value, as a register holds them, the upper ones 0.
pub(crate) trait Bits: Copy {
    fn bits(self) -> u64;

    /// Those for a register of a type. A literal, which is an `f64` or `i32`, becomes an `f32` or `i64` where the register
    /// is one.
    fn bits_for(self, _: &str) -> u64 {
        self.bits()
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn bits_for(self, ty: &str) -> u64 {
        if ty == "f32" { (self as f32).bits() } else { self.bits() }
    }
}

impl Bits for i32 {
    fn bits(self) -> u64 {
        self.cast_unsigned().into()
    }

    fn bits_for(self, ty: &str) -> u64 {
        if ty == "s64" { i64::from(self).bits() } else { self.bits() }
    }
}

macro_rules! bits {
    ($($ty:ty: $value:ident => $bits:expr),* $(,)?) => {
        $(impl Bits for $ty {
            fn bits(self) -> u64 {
                let $value = self;
                $bits
            }
        })*
    };
}

bits! {
    u8: x => x.into(), u16: x => x.into(), u32: x => x.into(), u64: x => x,
    i8: x => x.cast_unsigned().into(), i16: x => x.cast_unsigned().into(),
    i64: x => x.cast_unsigned(), f32: x => x.to_bits().into(), bool: x => x.into(),
}

impl Forms {
    /// Adds an instruction: its name, the type of the result, those of the operands, what follows the operands (such as
    /// `, 5`), and rows of operands with results.
    pub(crate) fn add<A: Bits, R: Bits, const N: usize>(
        &mut self,
        name: &str,
        to: &str,
        from: [&str; N],
        rows: &[([A; N], R)],
    ) -> &mut Self {
        let row = |(operands, result): &([A; N], R)| {
            let operands = operands.iter().zip(from).map(|(operand, ty)| operand.bits_for(ty));
            (operands.collect(), result.bits_for(to))
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        self.add_bits(name, to, &from, &rows)
    }

    /// The same, of operands that differ in type.
    pub(crate) fn add_bits(
        &mut self,
        name: &str,
        to: &str,
        from: &[&str],
        rows: &[(Vec<u64>, u64)],
    ) -> &mut Self {
        for (operands, result) in rows {
            let row = self.rows.len();
            let _ = writeln!(self.registers, ".reg .{to} %d{row};");
            let mut names = vec![format!("%d{row}")];
            let mut filled = [0; OPERANDS];
            for (k, (&ty, &value)) in from.iter().zip(operands).enumerate() {
                filled[k] = value;
                let register = format!("%x{row}_{k}");
                let _ = writeln!(self.registers, ".reg .{ty} {register};");
                let at = (row * OPERANDS + k) * 8;
                let _ = match ty {
                    "pred" => write!(
                        self.code,
                        "ld.global.b32 %word, [%in+{at}];\nsetp.ne.b32 {register}, %word, 0;\n"
                    ),
                    _ => writeln!(self.code, "ld.global.{ty} {register}, [%in+{at}];"),
                };
                names.push(register);
            }
            let (name, more) = name.split_once(' ').unwrap_or((name, ""));
            let _ = writeln!(self.code, "{name} {}{more};", names.join(", "));
            let _ = match to {
                "pred" => write!(
                    self.code,
                    "selp.b32 %word, 1, 0, %d{row};\nst.global.b32 [%out+{}], %word;\n",
                    row * 8
                ),
                _ => writeln!(self.code, "st.global.{to} [%out+{}], %d{row};", row * 8),
            };
            self.rows.push(filled);
            self.expected.push((*result, format!("{name} of {operands:x?}")));
        }
        self
    }

    /// Executes all of it.
    pub(crate) fn check(&self) {
        let ptx = format!(
            "{HEAD}.visible .entry forms(.param .u64 in, .param .u64 out)\n{{\n.reg .b64 %in, %out;\n.reg .b32 %word;\n{}\
             ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n{}ret;\n}}\n",
            self.registers, self.code
        );
        let from = Buffer::new(&self.rows);
        let to = Buffer::new(&vec![0u64; self.rows.len()]);
        assert_eq!(Launch::new(&ptx, "forms", 1).run(&[from.address, to.address]), 0);
        let wrong: Vec<String> = (self.expected.iter().zip(to.read::<u64>()))
            .filter(|((expected, _), found)| expected != found)
            .map(|((expected, what), found)| format!("{what}: expected {expected:#x}, found {found:#x}"))
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), self.expected.len(), wrong.join("\n"));
    }
}
