//! The engine as a static library for C.
//!
//! All there is to see is in `lenet_infer::capi`. A package of its own makes the library, since a library for Rust and
//! one for C differ in what they must define, here the panic handler, and in the profile that they want.
#![no_std]

// For the functions in it that C calls.
use lenet_infer as _;

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Undefined: a library in which a panic is reachable gives no program.
    safe fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}
