//! What the web page runs: the preparation of a picture, inference and feature maps, as `lenet_infer` has them for boards.
//!
//! The page writes the RGBA pixels of a picture, or a model file, to [`bytes`], calls a function, and reads records and
//! planes at the addresses that the functions return. What a function returned stays as it is until a picture is next
//! looked at.
#![no_std]

mod gray;
mod lone;
mod model;
mod picture;
mod steps;

use core::arch::wasm32;
use core::cell::RefCell;
use core::panic::PanicInfo;
use lone::Lone;

/// Room for the pixels of a picture: 1024x1024, four bytes each.
const MAX_BYTES: usize = 4 << 20;

static BYTES: Lone<RefCell<[u8; MAX_BYTES]>> = Lone::new(RefCell::new([0; MAX_BYTES]));

/// Returns where the page writes what it gives to the module.
#[unsafe(no_mangle)]
pub extern "C" fn bytes() -> *mut u8 {
    BYTES.as_ptr().cast()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
