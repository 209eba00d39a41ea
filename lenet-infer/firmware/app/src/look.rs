//! The program that says which digits a camera sees.

use crate::board::{Board, Console};
use crate::camera::Camera;
use core::fmt::{self, Write};
use lenet_infer::picture::{Digit, NoDigit, Preparer};
use lenet_infer::{Engine, SHIPPED};

/// Takes pictures with a camera, and prints what each shows: the digit, how sure the model is of it and where it is, or
/// why there is none. Prepares the pictures on a work grid of `SIDE`x`SIDE` cells.
///
/// Returns whether the model was sure of most of them.
pub fn look<const SIDE: usize, B: Board>(board: &mut B, camera: &mut impl Camera, pictures: u32) -> bool {
    let mut preparer = const { Preparer::<SIDE>::new() };
    let mut engine = Engine::new(&SHIPPED.model);
    let mut sure = 0;
    for number in 1..=pictures {
        let digit = capture(&mut preparer, camera);
        // A board's `write` reports no failure, so printing does not fail either.
        sure += u32::from(show(board, &mut engine, number, digit).unwrap_or(false));
    }
    let _ = writeln!(Console(board), "look        sure of {sure} of {pictures} pictures");
    2 * sure > pictures
}

/// Takes a picture, and prepares its only digit. It is never inlined, so that its stack is free again afterwards.
#[inline(never)]
fn capture<'p, const SIDE: usize>(
    preparer: &'p mut Preparer<SIDE>,
    camera: &mut impl Camera,
) -> Result<&'p Digit, NoDigit> {
    let Ok(mut rows) = preparer.rows(camera.width(), camera.height()) else { return Err(NoDigit::NoInk) };
    camera.capture(|row| rows.push(row.iter().copied()));
    rows.finish()
}

/// Prints what a picture shows. Returns whether the model is sure.
fn show<B: Board>(
    board: &mut B,
    engine: &mut Engine<'_>,
    number: u32,
    digit: Result<&Digit, NoDigit>,
) -> Result<bool, fmt::Error> {
    let mut out = Console(board);
    write!(out, "picture {number}: ")?;
    let digit = match digit {
        Ok(digit) => digit,
        Err(reason) => {
            writeln!(out, "{reason}")?;
            return Ok(false);
        }
    };
    let prediction = engine.classify(&digit.image);
    let sure = prediction.is_confident();
    let (rect, doubt) = (digit.rect, if sure { "" } else { " (not sure)" });
    writeln!(
        out,
        "{}{doubt}, confidence {} / 256, at {},{} to {},{}, contrast {}",
        prediction.class, prediction.confidence, rect.left, rect.top, rect.right, rect.bottom, digit.contrast
    )?;
    Ok(sure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    /// A camera that sees blank paper, and then a bar.
    struct Bar {
        pictures: usize,
    }

    impl Camera for Bar {
        fn width(&self) -> usize {
            60
        }
        fn height(&self) -> usize {
            50
        }
        fn capture(&mut self, mut row: impl FnMut(&[u8])) {
            for y in 0..self.height() {
                let mut levels = [200; 60];
                if self.pictures > 0 && (10..40).contains(&y) {
                    levels[28..32].fill(40);
                }
                row(&levels);
            }
            self.pictures += 1;
        }
    }

    #[test]
    fn each_picture_has_a_line_that_says_what_it_shows() {
        let mut board = Paper::default();
        let mostly = look::<48, _>(&mut board, &mut Bar { pictures: 0 }, 3);
        let mut lines = board.text.lines();
        assert!(mostly);
        assert_eq!(lines.next().unwrap(), std::format!("picture 1: {}", NoDigit::NoInk));
        let line = lines.next().unwrap();
        assert!(line.starts_with("picture 2: 1, confidence ") && line.contains(",10 to "), "{line}");
        assert_eq!(lines.nth(1), Some("look        sure of 2 of 3 pictures"));
    }
}
