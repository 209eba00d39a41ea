//! What a board must offer.

use core::fmt;

/// A core with a counter, a way to show text, and a stack that grows down.
///
/// # Safety
///
/// The memory from [`stack_limit`](Self::stack_limit) up to [`stack_pointer`](Self::stack_pointer) must be free for
/// this program to write, aligned words, whenever it runs: no interrupt handler, other core or DMA uses it.
pub unsafe trait Board {
    /// The board's name, as its maker or QEMU writes it.
    const NAME: &str;
    /// What [`cycles`](Self::cycles) counts: "cycles" on silicon, "instructions" in an emulator.
    const UNIT: &str;

    /// A counter that goes up by one a cycle and wraps at 2^32.
    fn cycles(&mut self) -> u32;
    /// Shows text, at once; there is nobody to tell when that fails.
    fn write(&mut self, text: &str);
    /// What the linker placed where.
    fn memory(&self) -> Memory;
    /// The lowest address that the stack may grow to, a multiple of 4.
    fn stack_limit() -> usize;
    /// The stack pointer now, a multiple of 4. Mark it `#[inline(always)]`.
    fn stack_pointer() -> usize;
}

/// A wire to a host that carries bytes both ways: a UART, or serial over USB.
pub trait Serial {
    /// A byte that has come, without waiting.
    fn read(&mut self) -> Option<u8>;
    /// Sends bytes, and waits until all are on their way.
    fn write(&mut self, bytes: &[u8]);
}

/// The sizes of a firmware's sections, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Code, constants and the initial values of variables: what flashing writes.
    pub flash: usize,
    /// Variables that live as long as the program; not the stack.
    pub variables: usize,
}

/// A board's text output as the target of `write!`.
pub(crate) struct Console<'b, B>(pub(crate) &'b mut B);

impl<B: Board> fmt::Write for Console<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text);
        Ok(())
    }
}
