//! Loads and stores. The C functions are in `c/memory.h`.

use crate::ptx::{Instruction, Operand, Space, Type};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;

/// State spaces, as instructions name them.
const SPACES: [&str; 5] = ["global", "const", "shared", "local", "param"];

/// What asks for an order among threads, or hints at caches. Threads run one after another, so all of it holds.
pub(super) const ORDERS: [&str; 19] = [
    "volatile", "weak", "relaxed", "acquire", "release", "acq_rel", "seq_cst", "sc", "cta", "cluster", "gpu",
    "sys", "ca", "cg", "cs", "lu", "cv", "wb", "wt",
];
const CACHES: [&str; 9] = [
    "nc",
    "L1::evict_normal",
    "L1::evict_unchanged",
    "L1::evict_first",
    "L1::evict_last",
    "L1::no_allocate",
    "L2::64B",
    "L2::128B",
    "L2::256B",
];

impl Translator<'_> {
    /// `ld`, `st` and `prefetch`.
    pub(super) fn memory(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        if i.name.starts_with("prefetch") {
            m.ignore(&["global", "local", "L1", "L2"]);
            return Ok(String::new());
        }
        let ty = m.ty()?;
        let space = space(m);
        m.ignore(&ORDERS);
        m.ignore(&CACHES);
        let vector = m.take_one(&["v2", "v4"]).is_some();
        self.count(i, 2)?;
        let (value, at) = if i.name == "st" { (1, 0) } else { (0, 1) };
        let values = match &i.operands[value] {
            Operand::Vector(list) if vector => &list[..],
            one if !vector => std::slice::from_ref(one),
            _ => return Err("expected registers in braces".to_owned()),
        };
        let place = self.place(&i.operands[at], space, ty.size() * values.len(), i.name == "st")?;
        let bits = ty.bits;
        let mut c = format!("u{bits} *memory = (u{bits} *){place};");
        // A register that is an address may be loaded too: the address was taken before.
        for (k, value) in values.iter().enumerate() {
            c.push_str(&if i.name == "st" {
                format!(" memory[{k}] = (u{bits}){};", self.bits(value)?)
            } else {
                let ty = if ty.is_float() { Type::unsigned(bits) } else { ty };
                format!(" {}", self.write(value, ty, &format!("memory[{k}]"))?)
            });
        }
        Ok(c)
    }

    /// A C pointer to memory that so many bytes are read from or written to.
    pub(super) fn place(
        &self,
        operand: &Operand,
        space: Option<Space>,
        size: usize,
        writes: bool,
    ) -> Result<String, String> {
        let Operand::Memory(base, offset) = operand else {
            return Err(format!("expected an address in brackets, found {operand:?}"));
        };
        let address = self.bits(base)?;
        Ok(match space {
            Some(Space::Param) => format!("({address} + {offset})"),
            Some(Space::Shared) => {
                let writes = u8::from(writes);
                format!("in_shared(S, at.index, (u32)({address} + ({offset})), {size}, {writes})")
            }
            _ => format!("in_memory({address} + ({offset}ll), {size})"),
        })
    }
}

/// The state space that an instruction names.
pub(super) fn space(m: &mut Modifiers<'_>) -> Option<Space> {
    m.ignore(&["shared::cta"]);
    Some(match m.take_one(&SPACES)? {
        "global" => Space::Global,
        "const" => Space::Const,
        "shared" => Space::Shared,
        "local" => Space::Local,
        _ => Space::Param,
    })
}
