//! A Cortex-M board in QEMU: text through semihosting, instructions through SysTick, bytes through the first UART.

use crate::uart::Uart;
use app::{Board, Memory, Serial};
use core::ptr::addr_of;
use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::register::msp;
use semihosting::print;

/// What an instruction lasts under `-icount shift=6`, in ns.
const INSTRUCTION: u64 = 1 << 6;
const SECOND: u64 = 1_000_000_000;
/// SysTick's ticks in a second.
const CLOCK: u64 = match u64::from_str_radix(env!("CLOCK"), 10) {
    Ok(clock) => clock,
    Err(_) => panic!("CLOCK is not a number of Hz"),
};
/// SysTick has 24 bits.
const LARGEST_TICK: u32 = 0x00FF_FFFF;

/// The board, with SysTick running and the UART enabled.
pub struct Qemu {
    /// SysTick's last reading; it counts down.
    last: u32,
    /// Ticks up to that reading.
    ticks: u64,
    uart: Uart,
}

impl Qemu {
    /// The board, once.
    ///
    /// # Panics
    ///
    /// When it has been taken before.
    pub fn take() -> Self {
        let Peripherals { SYST: mut systick, .. } =
            Peripherals::take().expect("the peripherals are taken once, here");
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(LARGEST_TICK);
        systick.clear_current();
        systick.enable_counter();
        Self { last: SYST::get_current(), ticks: 0, uart: Uart::new() }
    }
}

// Symbols of cortex-m-rt's linker script; only their addresses mean anything.
unsafe extern "C" {
    static __vector_table: u32;
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
    static __ebss: u32;
    static _stack_end: u32;
}

// SAFETY: no interrupt is enabled, there is one core and no DMA, and cortex-m-rt gives the memory from `_stack_end` up
// to the main stack.
unsafe impl Board for Qemu {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "instructions";

    /// Right as long as it is called at least once in 2^24 ticks, about 10 million instructions.
    fn cycles(&mut self) -> u32 {
        let now = SYST::get_current();
        self.ticks += u64::from(self.last.wrapping_sub(now) & LARGEST_TICK);
        self.last = now;
        (self.ticks * (SECOND / INSTRUCTION) / CLOCK) as u32
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
    }

    fn memory(&self) -> Memory {
        let [start, initial, data, data_end, bss_end] = [
            addr_of!(__vector_table).addr(),
            addr_of!(__sidata).addr(),
            addr_of!(__sdata).addr(),
            addr_of!(__edata).addr(),
            addr_of!(__ebss).addr(),
        ];
        Memory { flash: initial - start + (data_end - data), variables: bss_end - data }
    }

    fn stack_limit() -> usize {
        addr_of!(_stack_end).addr()
    }

    #[inline(always)]
    fn stack_pointer() -> usize {
        msp::read() as usize
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
