//! The engine as a static library for C.
//!
//! The functions are those of `lenet_infer::capi`. The library is a package of its own because a library for C must
//! define a panic handler, which one for Rust must not, and because it wants another profile.
#![no_std]

// Links the functions that C calls.
use lenet_infer as _;

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Defined nowhere, so that a program does not link if a panic is reachable.
    safe fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}
