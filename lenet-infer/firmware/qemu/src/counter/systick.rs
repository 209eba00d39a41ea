//! Instructions of a Cortex-M, by SysTick: under `-icount` the emulated time depends on nothing else.

use app::systick::SysTick;
use cortex_m::Peripherals;

/// How long an instruction lasts under `-icount shift=6`, in ns.
const INSTRUCTION: u64 = 1 << 6;
const SECOND: u64 = 1_000_000_000;
/// SysTick's ticks per second.
const CLOCK: u64 = match u64::from_str_radix(env!("CLOCK"), 10) {
    Ok(clock) => clock,
    Err(_) => panic!("CLOCK is not a number of Hz"),
};

/// The counter, running.
pub(crate) struct Counter(SysTick);

impl Counter {
    /// Starts the counter.
    ///
    /// # Panics
    ///
    /// Panics if it has been started before.
    pub(crate) fn start() -> Self {
        let core = Peripherals::take().expect("the peripherals are taken once, here");
        Self(SysTick::start(core.SYST))
    }

    /// Returns the instructions since the start, modulo 2^32.
    pub(crate) fn instructions(&mut self) -> u32 {
        (self.0.ticks() * (SECOND / INSTRUCTION) / CLOCK) as u32
    }
}
