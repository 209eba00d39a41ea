//! The program whose instructions are counted: each classification runs between calls of two functions that the
//! counter waits for.

use crate::board::{Board, Console};
use crate::golden;
use crate::stack;
use core::fmt::Write;
use core::hint::black_box;
use lenet_core::shape::IMAGE_PIXELS;
#[cfg(feature = "int4")]
use lenet_infer::SHIPPED_INT4;
#[cfg(all(feature = "int4", feature = "ternary"))]
use lenet_infer::SHIPPED_TERNARY;
use lenet_infer::{CompactEngine, Engine, Error, Model, Prediction, SHIPPED};

/// Marks the start of the counted instructions: its entry.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn bench_start() {
    black_box(0);
}

/// Marks the end of the counted instructions: its entry. Its body differs from that of [`bench_start`], so that the
/// two are not merged.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn bench_stop() {
    black_box(1);
}

/// Decodes a model. It is a function of its own so that it has its own symbol and stack frame.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_decode(file: &[u8]) -> Result<(Model<'_>, usize), Error> {
    Model::decode(file)
}

/// Classifies an image. It is a function of its own so that it has its own symbol and stack frame.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_classify<'e>(engine: &'e mut Engine<'_>, image: &[u8; IMAGE_PIXELS]) -> Prediction<'e> {
    engine.classify(image)
}

/// Classifies a blank image, a golden digit and noise with a model that it decodes at run time.
///
/// Each classification is between calls of `bench_start` and `bench_stop`. Prints how many bytes of stack `decode` and
/// `classify` took. Returns false if the model or the digit is unusable.
pub fn bench<B: Board>(board: &mut B) -> bool {
    let (decoded, decode_stack) = stack::high_water::<B, _>(|| bench_decode(black_box(SHIPPED.bytes)));
    let Ok((model, _)) = decoded else { return false };
    let Some(classify_stack) = bench_model::<B>(&model) else { return false };
    // A board's `write` reports no failure, so printing does not fail either.
    writeln!(Console(board), "decode {decode_stack} classify {classify_stack}").is_ok()
}

/// Does the same as [`bench`](fn@bench) with the model that was decoded while the program was compiled.
pub fn bench_included<B: Board>(board: &mut B) -> bool {
    bench_compiled(board, &SHIPPED.model)
}

/// Does the same as [`bench_included`] with the model that has int4 weights.
#[cfg(feature = "int4")]
pub fn bench_int4<B: Board>(board: &mut B) -> bool {
    bench_compiled(board, &SHIPPED_INT4.model)
}

/// Does the same as [`bench_included`] with the model that has ternary weights.
#[cfg(all(feature = "int4", feature = "ternary"))]
pub fn bench_ternary<B: Board>(board: &mut B) -> bool {
    bench_compiled(board, &SHIPPED_TERNARY.model)
}

/// Does the same as [`bench_included`] with the engine that overwrites its image.
pub fn bench_compact<B: Board>(board: &mut B) -> bool {
    let Some((digit, _)) = golden::digits().next() else { return false };
    let mut engine = CompactEngine::new(&SHIPPED.model);
    for image in [&[0; IMAGE_PIXELS], digit, &noise()] {
        *engine.image() = *image;
        count_compact(&mut engine);
    }
    *engine.image() = *digit;
    let classify = || black_box(bench_classify_compact(black_box(&mut engine))).class;
    let (_, classify_stack) = stack::high_water::<B, _>(classify);
    // A board's `write` reports no failure, so printing does not fail either.
    writeln!(Console(board), "decode 0 classify {classify_stack}").is_ok()
}

/// As [`bench_classify`], with the engine that overwrites its image.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_classify_compact<'e>(engine: &'e mut CompactEngine<'_>) -> Prediction<'e> {
    engine.classify()
}

/// As [`count`], with the engine that overwrites its image.
#[inline(never)]
fn count_compact(engine: &mut CompactEngine<'_>) {
    bench_start();
    black_box(bench_classify_compact(black_box(engine)));
    bench_stop();
}

fn bench_compiled<B: Board>(board: &mut B, model: &Model<'_>) -> bool {
    let Some(classify_stack) = bench_model::<B>(model) else { return false };
    // A board's `write` reports no failure, so printing does not fail either.
    writeln!(Console(board), "decode 0 classify {classify_stack}").is_ok()
}

/// Classifies the three images, and returns the bytes of stack that it took.
fn bench_model<B: Board>(model: &Model<'_>) -> Option<usize> {
    let (digit, _) = golden::digits().next()?;
    let mut engine = Engine::new(model);
    for image in [&[0; IMAGE_PIXELS], digit, &noise()] {
        count(&mut engine, image);
    }
    let classify = || black_box(bench_classify(&mut engine, black_box(digit))).class;
    let (_, classify_stack) = stack::high_water::<B, _>(classify);
    Some(classify_stack)
}

/// Classifies one image between the marks. It is never inlined, so that all images run the same code.
#[inline(never)]
fn count(engine: &mut Engine<'_>, image: &[u8; IMAGE_PIXELS]) {
    bench_start();
    black_box(bench_classify(engine, black_box(image)));
    bench_stop();
}

/// Returns pixels that no digit has, the same on every core: the top bytes of a 32-bit xorshift generator.
pub(crate) const fn noise<const N: usize>() -> [u8; N] {
    let mut pixels = [0; N];
    let mut state = 0x2545_F491_u32;
    let mut index = 0;
    while index < N {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        pixels[index] = state.to_be_bytes()[0];
        index += 1;
    }
    pixels
}
