//! The types of registers and instructions.

/// How bits are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A truth value.
    Predicate,
    /// Bits without a meaning.
    Bits,
    /// An integer from 0.
    Unsigned,
    /// An integer in two's complement.
    Signed,
    /// An IEEE 754 number.
    Float,
}

/// A type: how many bits, and how they are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// How the bits are meant.
    pub kind: Kind,
    /// 8, 16, 32 or 64; 8 for a predicate.
    pub bits: u32,
}

impl Type {
    /// A truth value.
    pub const PREDICATE: Type = Type { kind: Kind::Predicate, bits: 8 };

    /// An integer from 0.
    pub const fn unsigned(bits: u32) -> Type {
        Type { kind: Kind::Unsigned, bits }
    }

    /// A type by the name that PTX gives it, without the dot. None for what is no type, and for types that are not
    /// known here: `b128`, `f16x2`, `bf16` and so on.
    pub fn named(name: &str) -> Option<Type> {
        if name == "pred" {
            return Some(Type::PREDICATE);
        }
        let kind = match name.get(..1)? {
            "b" => Kind::Bits,
            "u" => Kind::Unsigned,
            "s" => Kind::Signed,
            "f" => Kind::Float,
            _ => return None,
        };
        let bits = match &name[1..] {
            "8" if kind != Kind::Float => 8,
            "16" => 16,
            "32" => 32,
            "64" => 64,
            _ => return None,
        };
        Some(Type { kind, bits })
    }

    /// In bytes.
    pub const fn size(self) -> usize {
        self.bits as usize / 8
    }

    /// Whether it is a floating point number.
    pub fn is_float(self) -> bool {
        self.kind == Kind::Float
    }

    /// Whether it is a signed integer.
    pub fn is_signed(self) -> bool {
        self.kind == Kind::Signed
    }

    /// Whether it is an integer or bits.
    pub fn is_integer(self) -> bool {
        matches!(self.kind, Kind::Bits | Kind::Unsigned | Kind::Signed)
    }
}
