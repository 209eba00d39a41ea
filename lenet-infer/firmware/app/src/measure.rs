//! The cycles and the stack that a classification takes.

use core::hint::black_box;

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Prediction};

use crate::board::Board;
use crate::stack;

/// The prediction of one classification, and what it took.
pub(crate) struct Measured<'e> {
    pub(crate) prediction: Prediction<'e>,
    pub(crate) cycles: u32,
    /// Bytes of stack.
    pub(crate) stack: usize,
}

/// Classifies an image. It is never inlined, so that the measured call has its own symbol and stack frame.
#[inline(never)]
pub(crate) fn classify<'e>(engine: &'e mut Engine<'_>, image: &[u8; IMAGE_PIXELS]) -> Prediction<'e> {
    engine.classify(image)
}

/// Classifies `image` twice: once to measure the stack, once to count cycles.
pub(crate) fn measure<'e, B: Board>(
    board: &mut B,
    engine: &'e mut Engine<'_>,
    image: &[u8; IMAGE_PIXELS],
) -> Measured<'e> {
    let (_, stack) = stack::high_water::<B, _>(|| black_box(classify(engine, black_box(image))).class);
    let (prediction, cycles) = count(board, engine, image);
    Measured { prediction, cycles, stack }
}

/// Classifies `image`, and counts the cycles without those that a reading of the counter takes.
pub(crate) fn count<'e, B: Board>(
    board: &mut B,
    engine: &'e mut Engine<'_>,
    image: &[u8; IMAGE_PIXELS],
) -> (Prediction<'e>, u32) {
    let idle = board.cycles();
    let start = board.cycles();
    let prediction = black_box(classify(engine, black_box(image)));
    let end = board.cycles();
    let reading = start.wrapping_sub(idle);
    (prediction, end.wrapping_sub(start).saturating_sub(reading))
}
