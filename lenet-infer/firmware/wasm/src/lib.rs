//! The engine as a WebAssembly module, for a browser or node.
#![no_std]

use core::arch::wasm32;
use core::panic::PanicInfo;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::{Engine, SHIPPED};

/// Classifies an image with the shipped model: writes its logits and returns its class.
#[unsafe(no_mangle)]
pub extern "C" fn classify(image: &[u8; IMAGE_PIXELS], logits: &mut [i32; CLASSES]) -> u8 {
    let mut engine = Engine::new(&SHIPPED.model);
    let prediction = engine.classify(image);
    // The shipped model has just so many classes.
    logits.iter_mut().zip(prediction.logits).for_each(|(to, from)| *to = *from);
    prediction.class
}

/// Compares the back end with the portable one on the cases of the corpus. Returns the first case that differs, or the
/// number of cases if none does.
#[cfg(feature = "corpus")]
#[unsafe(no_mangle)]
pub extern "C" fn equal_cases() -> u32 {
    use lenet_infer::corpus::{CASES, check};
    (0..CASES).find(|case| check(*case).is_err()).unwrap_or(CASES)
}

/// The number of cases of the corpus.
#[cfg(feature = "corpus")]
#[unsafe(no_mangle)]
pub extern "C" fn all_cases() -> u32 {
    lenet_infer::corpus::CASES
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
