//! `classify` for any image, with the model that has ternary weights, decoded while the program was compiled.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Prediction, SHIPPED_TERNARY};
use proof as _;

static mut ENGINE: Engine<'static> = Engine::new(&SHIPPED_TERNARY.model);
static mut IMAGE: [u8; IMAGE_PIXELS] = [0; IMAGE_PIXELS];

/// Classifies any image.
#[unsafe(no_mangle)]
fn proof_classify(answer: &mut Option<Prediction<'static>>) {
    // The compiler must not see that nothing ever writes an image here.
    let image = black_box(&raw const IMAGE);
    // SAFETY: nothing runs this program.
    let (engine, image) = unsafe { (&mut *(&raw mut ENGINE), &*image) };
    *answer = Some(engine.classify(image));
}
