//! A Cortex-M board in QEMU: text through semihosting, instructions through SysTick, bytes through the first UART.

use crate::uart::Uart;
use app::{Board, Memory, Serial};
use cortex_m::Peripherals;
use semihosting::print;
use support::systick::SysTick;

/// What an instruction lasts under `-icount shift=6`, in ns.
const INSTRUCTION: u64 = 1 << 6;
const SECOND: u64 = 1_000_000_000;
/// SysTick's ticks in a second.
const CLOCK: u64 = match u64::from_str_radix(env!("CLOCK"), 10) {
    Ok(clock) => clock,
    Err(_) => panic!("CLOCK is not a number of Hz"),
};

/// The side of the work grid on which the board prepares pictures.
pub const SIDE: usize = match usize::from_str_radix(env!("SIDE"), 10) {
    Ok(side) => side,
    Err(_) => panic!("SIDE is not a number of cells"),
};

/// The board, with SysTick running and the UART enabled.
pub struct Qemu {
    timer: SysTick,
    uart: Uart,
}

impl Qemu {
    /// The board, once.
    ///
    /// # Panics
    ///
    /// When it has been taken before.
    pub fn take() -> Self {
        let core = Peripherals::take().expect("the peripherals are taken once, here");
        Self { timer: SysTick::start(core.SYST), uart: Uart::new() }
    }
}

// SAFETY: no interrupt is enabled, there is one core and no DMA, and cortex-m-rt gives the memory from the limit up to
// the main stack.
unsafe impl Board for Qemu {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "instructions";

    fn cycles(&mut self) -> u32 {
        (self.timer.ticks() * (SECOND / INSTRUCTION) / CLOCK) as u32
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
    }

    fn memory(&self) -> Memory {
        support::memory()
    }

    fn stack_limit() -> usize {
        support::stack_limit()
    }

    #[inline(always)]
    fn stack_pointer() -> usize {
        support::stack_pointer()
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
