//! Inference and nothing else: no start-up code, no printing, no model.
//!
//! Two things are read off this program, which is linked and never run:
//!
//! - It links only if no panic is reachable from `decode` and `classify`, whatever the file and the picture: the panic
//!   handler calls a function that does not exist. With feature `counter-proof` one is reachable, and it must not link.
//! - Its sections are the size of the inference code, and its variables, engine and picture, the RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Error, Prediction, decode};

static mut ENGINE: Option<Engine<'static>> = None;
static mut IMAGE: [u8; IMAGE_PIXELS] = [0; IMAGE_PIXELS];

/// Decodes any file into the engine.
#[unsafe(no_mangle)]
fn proof_decode(file: &'static [u8]) -> Result<(), Error> {
    let model = decode(file)?;
    // SAFETY: nothing runs this program.
    unsafe { ENGINE = Some(Engine::new(model)) };
    Ok(())
}

/// Classifies any picture, if a file was decoded.
#[unsafe(no_mangle)]
fn proof_classify(answer: &mut Option<Prediction>) {
    // The compiler must not see that nothing ever writes a picture here.
    let image = black_box(&raw const IMAGE);
    // SAFETY: nothing runs this program.
    let (engine, image) = unsafe { (&mut *&raw mut ENGINE, &*image) };
    #[cfg(feature = "counter-proof")]
    let image = &[image[usize::from(image[0]) * 4]; IMAGE_PIXELS];
    *answer = engine.as_mut().map(|engine| engine.classify(image));
}

unsafe extern "C" {
    /// Undefined, so that a program in which a panic is reachable does not link.
    safe fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}
