//! A board in QEMU: text through semihosting, an instruction counter, bytes through the first UART.

use crate::counter::Counter;
use crate::uart::Uart;
use app::{Board, Serial};
use semihosting::print;

/// The side of the work grid on which the board prepares pictures.
pub const SIDE: usize = match usize::from_str_radix(env!("SIDE"), 10) {
    Ok(side) => side,
    Err(_) => panic!("SIDE is not a number of cells"),
};

/// The board, with the counter running and the UART enabled.
pub struct Qemu {
    counter: Counter,
    uart: Uart,
}

impl Qemu {
    /// Returns the board, once.
    ///
    /// # Panics
    ///
    /// Panics on a Cortex-M if the board has been taken before.
    pub fn take() -> Self {
        // What plays the flash on `virt`.
        #[cfg(target_arch = "riscv32")]
        app::trap::forbid_writes(0x8000_0000, 1 << 20);
        Self { counter: Counter::start(), uart: Uart::new() }
    }
}

// SAFETY: no interrupt is enabled, one core runs, there is no DMA, and the memory map gives the memory from the limit up to
// the stack.
unsafe impl Board for Qemu {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "instructions";

    fn cycles(&mut self) -> u32 {
        self.counter.instructions()
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
    }
}

impl Serial for Qemu {
    fn read(&mut self) -> Option<u8> {
        self.uart.read()
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.uart.write(byte);
        }
    }
}
