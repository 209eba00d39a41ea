//! The variables of a module that runs on one thread.

use core::ops::Deref;

/// Makes a variable with interior mutability a static.
pub(crate) struct Lone<T>(T);

// SAFETY: the module is compiled without the target feature `atomics`, so its memory is never shared with another thread.
unsafe impl<T> Sync for Lone<T> {}

impl<T> Lone<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Lone<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
