//! The program that classifies the golden digits.

use crate::board::{Board, Console};
use crate::golden;
use crate::measure::{Measured, classify, measure};
use crate::picture::Picture;
use core::fmt::{self, Write};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, RAM_BYTES, SHIPPED};

/// Classifies the golden digits, and prints the first one with the time and the memory that it took.
///
/// Also prints how many digits have the same ten logits as on every other core. Returns whether all have.
pub fn run<B: Board>(board: &mut B) -> bool {
    // A board's `write` reports no failure, so printing does not fail either.
    try_run(board).unwrap_or(false)
}

fn try_run<B: Board>(board: &mut B) -> Result<bool, fmt::Error> {
    writeln!(Console(board), "LeNet on {}", B::NAME)?;
    let mut engine = Engine::new(&SHIPPED.model);

    if let Some((image, _)) = golden::digits().next() {
        let measured = measure(board, &mut engine, image);
        print(board, image, &measured)?;
    }

    let (mut equal, mut total) = (0, 0);
    for (image, logits) in golden::digits() {
        total += 1;
        equal += u32::from(classify(&mut engine, image).logits == logits);
    }
    writeln!(Console(board), "golden      {equal} of {total} digits with all ten logits equal")?;
    Ok(equal == total)
}

fn print<B: Board>(board: &mut B, image: &[u8; IMAGE_PIXELS], measured: &Measured<'_>) -> fmt::Result {
    let Measured { prediction, cycles, stack } = measured;
    let memory = board.memory();
    let mut out = Console(board);
    writeln!(out, "{}", Picture(image))?;
    writeln!(out, "class       {}", prediction.class)?;
    writeln!(out, "confidence  {} / 256", prediction.confidence)?;
    writeln!(out, "logits      {:?}", prediction.logits)?;
    writeln!(out, "time        {cycles} {} a digit", B::UNIT)?;
    writeln!(out, "stack       {stack} bytes for a digit")?;
    writeln!(out, "RAM         {RAM_BYTES} bytes for the engine, {IMAGE_PIXELS} for an image")?;
    writeln!(out, "variables   {} bytes", memory.variables)?;
    let rest = memory.flash.saturating_sub(SHIPPED.bytes.len() + golden::BYTES);
    let model = SHIPPED.bytes.len();
    let digits = golden::BYTES;
    writeln!(out, "flash       {} bytes: {model} model, {digits} golden digits, {rest} program", memory.flash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    #[test]
    fn a_run_shows_the_first_digit_and_passes_when_all_logits_are_equal() {
        let mut board = Paper::default();
        assert!(run(&mut board));
        for expected in
            ["LeNet on paper\n", "\nclass       ", "\ntime        0 readings a digit\n", "of 100 digits"]
        {
            assert!(board.text.contains(expected), "no {expected:?} in {}", board.text);
        }
    }
}
