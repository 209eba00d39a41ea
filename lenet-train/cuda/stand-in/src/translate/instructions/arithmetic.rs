//! Instructions that are there for integers and for floating point numbers.

use crate::ptx::{Instruction, Kind};
use crate::translate::Translator;
use crate::translate::modifiers::Modifiers;

impl Translator<'_> {
    /// `add` to `sad`, by their type.
    pub(super) fn arithmetic(&self, i: &Instruction, m: &mut Modifiers<'_>) -> Result<String, String> {
        let ty = m.ty()?;
        match ty.kind {
            Kind::Float => self.of_floats(i, m, ty),
            Kind::Predicate => Err("there is no arithmetic of predicates".to_owned()),
            _ => self.of_integers(i, m, ty),
        }
    }
}
