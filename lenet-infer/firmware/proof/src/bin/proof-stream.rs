//! `decode` and `push`, for any file and any rows, with the stream in RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_core::shape::IMAGE_SIDE;
use lenet_infer::{Error, Model, Prediction, Stream};
use proof as _;

static mut MODEL: Option<Model<'static>> = None;
static mut STREAM: Option<Stream<'static>> = None;

/// Decodes any file into the stream.
#[unsafe(no_mangle)]
fn proof_decode(file: &'static [u8]) -> Result<(), Error> {
    let (model, _) = Model::decode(file)?;
    // SAFETY: nothing runs this program.
    unsafe { STREAM = Some(Stream::new((*(&raw mut MODEL)).insert(model))) };
    Ok(())
}

/// Takes any row, if a file was decoded.
#[unsafe(no_mangle)]
fn proof_push(row: &[u8; IMAGE_SIDE], answer: &mut Option<Prediction<'static>>) {
    let stream = black_box(&raw mut STREAM);
    // SAFETY: nothing runs this program.
    let stream = unsafe { &mut *stream };
    *answer = stream.as_mut().and_then(|stream| stream.push(row));
}
