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

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
