//! SysTick as a counter of its clock's ticks.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// SysTick has 24 bits.
const LARGEST_TICK: u32 = 0x00FF_FFFF;

/// A timer, running from the core's clock, with the ticks counted beyond its 24 bits.
pub struct SysTick {
    /// Its last reading; it counts down.
    last: u32,
    /// Ticks up to that reading.
    ticks: u64,
}

impl SysTick {
    /// Starts the timer.
    pub fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(LARGEST_TICK);
        systick.clear_current();
        systick.enable_counter();
        Self { last: SYST::get_current(), ticks: 0 }
    }

    /// Returns the ticks since the start. They are right as long as it is called at least once in 2^24 ticks; what passed between two calls
    /// is right modulo 2^24 in any case.
    pub fn ticks(&mut self) -> u64 {
        let now = SYST::get_current();
        self.ticks += u64::from(self.last.wrapping_sub(now) & LARGEST_TICK);
        self.last = now;
        self.ticks
    }
}
