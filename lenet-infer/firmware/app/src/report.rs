//! The golden digits: all logits compared, the first digit shown with the time and the memory that it took.

use core::fmt::{self, Write};

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, RAM_BYTES, SHIPPED};

use crate::board::{Board, Console};
use crate::golden;
use crate::measure::{Measured, classify, measure};
use crate::picture::Picture;

/// Classifies the golden digits, and prints the first one with the time and the memory that it took.
///
/// Also prints how many digits have the same ten logits as on every other core. Returns whether all have.
pub fn run<B: Board>(board: &mut B) -> bool {
    let mut engine = Engine::new(&SHIPPED.model);
    let report = Report::new(board, &mut engine);
    report.print(board);
    report.passed()
}

/// What the board made of the golden digits.
pub(crate) struct Report<'e> {
    /// The first digit, with what it took.
    first: Option<(&'static [u8; IMAGE_PIXELS], Measured<'e>)>,
    /// How many digits have the expected logits.
    equal: u32,
    total: u32,
}

impl<'e> Report<'e> {
    /// Classifies the golden digits, without printing.
    pub(crate) fn new<B: Board>(board: &mut B, engine: &'e mut Engine<'_>) -> Self {
        let (mut equal, mut total) = (0, 0);
        for (image, logits) in golden::digits() {
            total += 1;
            equal += u32::from(classify(engine, image).logits == logits);
        }
        let first = golden::digits().next().map(|(image, _)| (image, measure(board, engine, image)));
        Self { first, equal, total }
    }

    /// Whether all logits are equal.
    pub(crate) fn passed(&self) -> bool {
        self.equal == self.total
    }

    /// Prints the report.
    pub(crate) fn print<B: Board>(&self, board: &mut B) {
        // A board's `write` reports no failure, so printing does not fail either.
        let _ = self.try_print(board);
    }

    fn try_print<B: Board>(&self, board: &mut B) -> fmt::Result {
        writeln!(Console(board), "LeNet on {}", B::NAME)?;
        if let Some((image, measured)) = &self.first {
            print_digit(board, image, measured)?;
        }
        let Self { equal, total, .. } = self;
        writeln!(Console(board), "golden      {equal} of {total} digits with all ten logits equal")
    }
}

fn print_digit<B: Board>(board: &mut B, image: &[u8; IMAGE_PIXELS], measured: &Measured<'_>) -> fmt::Result {
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
