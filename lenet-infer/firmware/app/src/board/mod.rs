//! What a board must provide.

mod console;
#[cfg(not(target_os = "none"))]
mod host;
#[cfg(target_os = "none")]
pub(crate) mod linked;

use core::task::{Context, Poll, Waker};

pub(crate) use console::Console;
#[cfg(not(target_os = "none"))]
use host as layout;
#[cfg(target_os = "none")]
use linked as layout;

/// A core with a counter, an output for text and a stack that grows down.
///
/// # Safety
///
/// The memory from [`stack_limit`](Self::stack_limit) up to [`stack_pointer`](Self::stack_pointer) must be free: this
/// program may write aligned words to it at any time, and no other core or DMA uses it. An interrupt handler may use it
/// until it returns. While a classification is measured, what the handler takes counts as the stack of the classification.
pub unsafe trait Board {
    /// The name of the board, as its maker or QEMU writes it.
    const NAME: &str;
    /// The unit of [`cycles`](Self::cycles): "cycles" on silicon, "instructions" in an emulator.
    const UNIT: &str;

    /// Returns a counter that increases by one per cycle and wraps at 2^32.
    fn cycles(&mut self) -> u32;
    /// Writes text without delay. A failure cannot be reported.
    fn write(&mut self, text: &str);

    /// Shows whether all logits are equal, as with an LED. By default, nothing is shown.
    fn show_result(&mut self, passed: bool) {
        let _ = passed;
    }
    /// Returns the sizes of the sections of the firmware. The default reads the symbols of the linker scripts of
    /// cortex-m-rt and riscv-rt; on a host, the sizes are 0.
    fn memory(&self) -> Memory {
        layout::memory()
    }
    /// Returns the lowest address that the stack may reach, a multiple of 4. The default reads it from the same linker
    /// scripts; on a host, no memory is free.
    fn stack_limit() -> usize {
        layout::stack_limit()
    }
    /// Returns the current stack pointer, a multiple of 4.
    #[inline(always)]
    fn stack_pointer() -> usize {
        layout::stack_pointer()
    }
}

/// A serial connection to a host: a UART, or serial over USB.
pub trait Serial {
    /// Returns a byte that has been received, or `None`, without waiting.
    fn read(&mut self) -> Option<u8>;
    /// Sends bytes, and waits until the hardware has accepted all of them. Bytes are lost if nobody is connected.
    fn write(&mut self, bytes: &[u8]);
    /// Whether a host is connected. A UART cannot know, and is always open.
    fn is_open(&mut self) -> bool {
        true
    }
    /// Waits until a byte may have been received or the connection may have changed. A board that can sleep does so
    /// here; the default does not wait.
    fn wait(&mut self) {
        core::hint::spin_loop();
    }
    /// Returns the next byte, or `None` if no host is connected.
    ///
    /// The default waits for it, and is never pending. Where an executor runs other tasks, the implementation must be pending
    /// instead, and wake the task of `context` when there is a byte.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<u8>> {
        let _ = context;
        while self.is_open() {
            if let Some(byte) = self.read() {
                return Poll::Ready(Some(byte));
            }
            self.wait();
        }
        Poll::Ready(None)
    }
}

/// Does what [`Serial::read`] must, where [`Serial::poll_read`] is the one that is implemented: for a driver that wakes a task.
pub fn read_by_polling(serial: &mut impl Serial) -> Option<u8> {
    match serial.poll_read(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(byte) => byte,
        Poll::Pending => None,
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

/// Sends text over a serial connection to a terminal, which expects `\r\n` at the end of a line.
pub fn show(wire: &mut impl Serial, text: &str) {
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                wire.write(line.as_bytes());
                wire.write(b"\r\n");
            }
            None => wire.write(line.as_bytes()),
        }
    }
}
