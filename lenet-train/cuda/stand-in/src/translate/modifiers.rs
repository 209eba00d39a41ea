//! The parts of an instruction's name, each of which must be understood.

use crate::ptx::Type;

/// The parts of an instruction's name that were not used yet.
pub(super) struct Modifiers<'a> {
    left: Vec<&'a str>,
}

impl<'a> Modifiers<'a> {
    pub(super) fn new(modifiers: &'a [String]) -> Self {
        Modifiers { left: modifiers.iter().map(String::as_str).collect() }
    }

    /// Uses a part if it is there.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.take_one(&[name]).is_some()
    }

    /// Uses the first part that is one of some.
    pub(super) fn take_one(&mut self, names: &[&str]) -> Option<&'a str> {
        let at = self.left.iter().position(|left| names.contains(left))?;
        Some(self.left.remove(at))
    }

    /// Uses every part that is one of some. For what has no effect here.
    pub(super) fn ignore(&mut self, names: &[&str]) {
        self.left.retain(|left| !names.contains(left));
    }

    /// Uses the last part, a type.
    pub(super) fn ty(&mut self) -> Result<Type, String> {
        let name = self.left.pop().ok_or("expected a type")?;
        Type::named(name).ok_or(format!("type `.{name}` is not supported"))
    }

    /// Fails if a part was not used.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.left.first() {
            None => Ok(()),
            Some(left) => Err(format!("`.{left}` is not supported here")),
        }
    }
}
