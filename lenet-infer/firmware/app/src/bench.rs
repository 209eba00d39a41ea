//! The program that is counted: a classification between two symbols that an instruction counter waits for.

use crate::board::{Board, Console};
use crate::golden;
use crate::stack;
use core::fmt::{self, Write};
use core::hint::black_box;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Error, Model, Prediction, SHIPPED_MODEL, decode};

/// Instructions are counted from the entry of this function.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bench_start() {
    black_box(0);
}

/// Instructions are counted up to the entry of this function. Its body is not that of [`bench_start`], so that the
/// two are not merged.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bench_stop() {
    black_box(1);
}

/// Decoding, as one symbol with its own stack frame.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_decode(file: &[u8]) -> Result<Model<'_>, Error> {
    decode(file)
}

/// Classification, as one symbol with its own stack frame.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_classify(engine: &mut Engine<'_>, image: &[u8; IMAGE_PIXELS]) -> Prediction {
    engine.classify(image)
}

/// Classifies a blank picture, a golden digit and noise, each between `bench_start` and `bench_stop`, and prints
/// how much stack `decode` and `classify` took. False if the model or the digit is unusable.
pub fn bench<B: Board>(board: &mut B) -> bool {
    // A board's `write` reports no failure, so printing does not fail either.
    try_bench(board).unwrap_or(false)
}

fn try_bench<B: Board>(board: &mut B) -> Result<bool, fmt::Error> {
    let (model, decode_stack) = stack::high_water::<B, _>(|| bench_decode(black_box(SHIPPED_MODEL)));
    let (Ok(model), Some((digit, _))) = (model, golden::digits().next()) else {
        return Ok(false);
    };
    let mut engine = Engine::new(model);
    for image in [&[0; IMAGE_PIXELS], digit, &noise()] {
        count(&mut engine, image);
    }
    let (_, classify_stack) =
        stack::high_water::<B, _>(|| black_box(bench_classify(&mut engine, black_box(digit))));
    writeln!(Console(board), "decode {decode_stack} classify {classify_stack}")?;
    Ok(true)
}

/// What is counted; never inlined, so that all pictures meet the same code.
#[inline(never)]
fn count(engine: &mut Engine<'_>, image: &[u8; IMAGE_PIXELS]) {
    bench_start();
    black_box(bench_classify(engine, black_box(image)));
    bench_stop();
}

/// Pixels that no digit has, the same on every core: the top byte of a 32-bit xorshift generator.
fn noise() -> [u8; IMAGE_PIXELS] {
    let mut state = 0x2545_F491_u32;
    [(); IMAGE_PIXELS].map(|()| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
}
