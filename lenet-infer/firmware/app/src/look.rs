//! The program that says which digits a camera sees.

use crate::board::{Board, Console};
use crate::camera::{Camera, Reading};
use core::fmt::{self, Write};
use lenet_infer::picture::{Digit, NoDigit, Preparer};
use lenet_infer::{Engine, Prediction, SHIPPED};

/// Takes pictures with a camera, and prints what each shows: the digit, how sure the model is of it and where it is, or
/// why there is none. Prepares the pictures on a work grid of `SIDE`x`SIDE` cells.
///
/// Returns whether the model was sure of most of them.
pub fn look<const SIDE: usize, B: Board>(board: &mut B, camera: &mut impl Camera, pictures: u32) -> bool {
    let mut preparer = const { Preparer::<SIDE>::new() };
    let mut engine = Engine::new(&SHIPPED.model);
    let mut sure = 0;
    for number in 1..=pictures {
        let seen = capture(&mut preparer, camera).map(|digit| (digit, engine.classify(&digit.image)));
        // A board's `write` reports no failure, so printing does not fail either.
        let _ = print(board, number, &seen);
        let reading =
            seen.map(|(_, prediction)| Reading { class: prediction.class, sure: prediction.is_confident() });
        camera.show(reading);
        sure += u32::from(reading.is_ok_and(|reading| reading.sure));
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

/// Prints what a picture shows.
fn print<B: Board>(
    board: &mut B,
    number: u32,
    seen: &Result<(&Digit, Prediction<'_>), NoDigit>,
) -> fmt::Result {
    let mut out = Console(board);
    write!(out, "picture {number}: ")?;
    let (digit, prediction) = match seen {
        Ok(seen) => seen,
        Err(reason) => return writeln!(out, "{reason}"),
    };
    let (rect, doubt) = (digit.rect, if prediction.is_confident() { "" } else { " (not sure)" });
    writeln!(
        out,
        "{}{doubt}, confidence {} / 256, at {},{} to {},{}, contrast {}",
        prediction.class, prediction.confidence, rect.left, rect.top, rect.right, rect.bottom, digit.contrast
    )
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
