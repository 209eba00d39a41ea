//! `decode` and `classify`, for any file and any picture, with the engine and the picture in RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Error, Model, Prediction};
use proof as _;

static mut MODEL: Option<Model<'static>> = None;
static mut ENGINE: Option<Engine<'static>> = None;
static mut IMAGE: [u8; IMAGE_PIXELS] = [0; IMAGE_PIXELS];

/// Decodes any file into the engine.
#[unsafe(no_mangle)]
fn proof_decode(file: &'static [u8]) -> Result<(), Error> {
    let (model, _) = Model::decode(file)?;
    // SAFETY: nothing runs this program.
    unsafe { ENGINE = Some(Engine::new((*(&raw mut MODEL)).insert(model))) };
    Ok(())
}

/// Classifies any picture, if a file was decoded.
#[unsafe(no_mangle)]
fn proof_classify(answer: &mut Option<Prediction<'static>>) {
    // The compiler must not see that nothing ever writes a picture here.
    let (engine, image) = (black_box(&raw mut ENGINE), black_box(&raw const IMAGE));
    // SAFETY: nothing runs this program.
    let (engine, image) = unsafe { (&mut *engine, &*image) };
    #[cfg(feature = "counter-proof")]
    let image = &[image[usize::from(image[0]) * 4]; IMAGE_PIXELS];
    *answer = engine.as_mut().map(|engine| engine.classify(image));
}
