//! A Cortex-M board in QEMU: text through semihosting, instructions through SysTick.

use app::{Board, Memory};
use cortex_m::peripheral::SYST;
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

/// The board.
pub(crate) struct Qemu(SysTick);

impl Qemu {
    pub(crate) fn new(systick: SYST) -> Self {
        Self(SysTick::start(systick))
    }
}

// SAFETY: no interrupt is enabled, there is one core and no DMA, and cortex-m-rt gives the memory from the limit up to
// the main stack.
unsafe impl Board for Qemu {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "instructions";

    fn cycles(&mut self) -> u32 {
        (self.0.ticks() * (SECOND / INSTRUCTION) / CLOCK) as u32
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
