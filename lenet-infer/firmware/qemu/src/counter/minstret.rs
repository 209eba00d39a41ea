//! Instructions of a RISC-V core, which counts them.

use riscv::register::minstret;

/// The counter, which always runs.
pub(crate) struct Counter;

impl Counter {
    /// Returns the counter.
    pub(crate) fn start() -> Self {
        Self
    }

    /// Returns the instructions since the start, modulo 2^32.
    pub(crate) fn instructions(&mut self) -> u32 {
        minstret::read() as u32
    }
}
