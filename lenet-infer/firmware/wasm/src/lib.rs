//! The engine as a WebAssembly module, for a browser or node.
#![no_std]

use core::arch::wasm32;
use core::panic::PanicInfo;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::{Engine, SHIPPED_MODEL, decode};

/// Classifies an image with the shipped model: writes its logits and returns its class, or -1 if the model is refused.
#[unsafe(no_mangle)]
pub extern "C" fn classify(image: &[u8; IMAGE_PIXELS], logits: &mut [i32; CLASSES]) -> i32 {
    let Ok(model) = decode(SHIPPED_MODEL) else { return -1 };
    let prediction = Engine::new(model).classify(image);
    *logits = prediction.logits;
    i32::from(prediction.class)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
