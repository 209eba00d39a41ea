//! What a board must provide.

use core::fmt;

/// A core with a counter, an output for text and a stack that grows down.
///
/// # Safety
///
/// The memory from [`stack_limit`](Self::stack_limit) up to [`stack_pointer`](Self::stack_pointer) must be free: this
/// program may write aligned words to it at any time, and no interrupt handler, other core or DMA uses it.
pub unsafe trait Board {
    /// The name of the board, as its maker or QEMU writes it.
    const NAME: &str;
    /// The unit of [`cycles`](Self::cycles): "cycles" on silicon, "instructions" in an emulator.
    const UNIT: &str;

    /// Returns a counter that increases by one per cycle and wraps at 2^32.
    fn cycles(&mut self) -> u32;
    /// Writes text without delay. A failure cannot be reported.
    fn write(&mut self, text: &str);
    /// Returns the sizes of the sections of the firmware.
    fn memory(&self) -> Memory;
    /// Returns the lowest address that the stack may reach, a multiple of 4.
    fn stack_limit() -> usize;
    /// Returns the current stack pointer, a multiple of 4. Mark it `#[inline(always)]`.
    fn stack_pointer() -> usize;
}

/// A serial connection to a host: a UART, or serial over USB.
pub trait Serial {
    /// Returns a byte that has been received, or `None`, without waiting.
    fn read(&mut self) -> Option<u8>;
    /// Sends bytes, and waits until the hardware has accepted all of them.
    fn write(&mut self, bytes: &[u8]);
    /// Whether bytes can still come. A UART is always open.
    fn is_open(&mut self) -> bool {
        true
    }
}

/// The sizes of the sections of the firmware, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Code, constants and the initial values of variables: what a flash tool writes.
    pub flash: usize,
    /// Static variables, without the stack.
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
