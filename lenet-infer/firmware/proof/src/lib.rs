//! What the programs of this package share: they hold inference and nothing else, no start-up code, no printing, no
//! model. Three things are read off a program, which is linked and never run:
//!
//! - It links only if no panic is reachable from its roots, whatever they are given: the panic handler calls a function
//!   that does not exist. With feature `counter-proof` a panic is reachable in `proof-engine`, which must not link.
//! - Under the profile `checked` it links only if no addition, subtraction, multiplication or shift can overflow either:
//!   each check that the compiler cannot remove calls the panic handler. With feature `counter-overflow` an addition in
//!   `proof-link` can overflow, and it must not link. The programs that prepare pictures do not link under this profile.
//! - Its sections are the size of the inference code, and its variables the RAM.
#![no_std]

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Undefined, so that a program in which a panic is reachable does not link.
    safe fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}
