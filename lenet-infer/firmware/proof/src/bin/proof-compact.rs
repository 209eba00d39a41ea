//! `classify` for any image, with the engine that overwrites it, and a model that was decoded while the program was compiled.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_infer::{CompactEngine, Prediction, SHIPPED};
use proof as _;

static mut ENGINE: CompactEngine<'static> = CompactEngine::new(&SHIPPED.model);

/// Classifies any image.
#[unsafe(no_mangle)]
fn proof_classify_compact(answer: &mut Option<Prediction<'static>>) {
    // The compiler must not see that nothing ever writes an image here.
    let engine = black_box(&raw mut ENGINE);
    // SAFETY: nothing runs this program.
    let engine = unsafe { &mut *engine };
    *answer = Some(engine.classify());
}
