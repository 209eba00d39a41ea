//! Sleep of a Cortex-M until an interrupt is pending, without handlers.
//!
//! With all interrupts masked, a pending one still ends `wfi`. Nothing can come between the check for a byte and the
//! sleep: an interrupt that has become pending in the meantime ends the sleep at once.

use cortex_m::asm;
use cortex_m::interrupt::{self, InterruptNumber};
use cortex_m::peripheral::NVIC;

/// An interrupt that ends the sleep, and never calls its handler.
pub struct Alarm<I>(I);

impl<I: InterruptNumber> Alarm<I> {
    /// Masks all interrupts of the core, for good, and lets `interrupt` end the sleep. The peripheral must be told
    /// separately to raise it.
    pub fn new(interrupt: I) -> Self {
        interrupt::disable();
        // SAFETY: no critical section relies on this mask, and no handler runs, because all interrupts are masked.
        unsafe { NVIC::unmask(interrupt) };
        Self(interrupt)
    }

    /// Sleeps until the interrupt is pending, and forgets it. It is pending again at once if its cause remains.
    pub fn wait(&self) {
        asm::wfi();
        self.forget();
    }

    /// Forgets that the interrupt is pending, when something else has ended the sleep.
    pub fn forget(&self) {
        NVIC::unpend(self.0);
    }
}
