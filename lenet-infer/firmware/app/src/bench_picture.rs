//! The program whose instructions are counted while it prepares pictures.

use core::fmt::Write;
use core::hint::black_box;

use lenet_infer::picture::{Digit, Frame, NoDigit, Preparer};

use crate::bench::{bench_start, bench_stop, noise};
use crate::board::{Board, Console};
use crate::golden;
use crate::stack;

const WIDTH: usize = 160;
const HEIGHT: usize = 120;

/// Frames in flash: a digit that fills the height, a small one that needs a closer look, and noise.
static FRAMES: [[u8; WIDTH * HEIGHT]; 3] = [scene(4, 24, 4), scene(1, 20, 70), noise()];

/// Prepares a frame. It is a function of its own so that it has its own symbol and stack frame.
#[unsafe(no_mangle)]
#[inline(never)]
fn bench_prepare<'p>(preparer: &'p mut Preparer<48>, frame: &Frame<'_>) -> Result<&'p Digit, NoDigit> {
    preparer.prepare(frame)
}

/// Prepares each of the frames between calls of `bench_start` and `bench_stop`.
///
/// Prints how many bytes of stack the preparation took. Returns false if a digit was not found, or one in the noise.
pub fn bench_picture<B: Board>(board: &mut B) -> bool {
    let mut preparer = Preparer::new();
    let (mut found, mut deepest) = ([false; 3], 0);
    for (found, bytes) in found.iter_mut().zip(&FRAMES) {
        let Ok(frame) = Frame::new(bytes, WIDTH, HEIGHT) else { return false };
        let count = || {
            bench_start();
            let prepared = black_box(bench_prepare(&mut preparer, black_box(&frame))).is_ok();
            bench_stop();
            prepared
        };
        let (prepared, stack) = stack::high_water::<B, _>(count);
        (*found, deepest) = (prepared, deepest.max(stack));
    }
    // A board's `write` reports no failure, so printing does not fail either.
    writeln!(Console(board), "decode 0 classify {deepest}").is_ok() && found == [true, true, false]
}

/// The first golden digit, `zoom` times as large, as dark ink on paper that grows lighter from the left to the right.
const fn scene(zoom: usize, left: usize, top: usize) -> [u8; WIDTH * HEIGHT] {
    let mut pixels = [0; WIDTH * HEIGHT];
    let mut index = 0;
    while index < pixels.len() {
        let (x, y) = (index % WIDTH, index / WIDTH);
        let paper = 150 + x / 4;
        let (column, row) = (x.wrapping_sub(left) / zoom, y.wrapping_sub(top) / zoom);
        let ink = if column < 28 && row < 28 { golden::DIGITS[28 * row + column] as usize } else { 0 };
        pixels[index] = (paper - paper * ink / 400) as u8;
        index += 1;
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    #[test]
    fn the_digits_are_found_and_the_noise_has_none() {
        assert!(bench_picture(&mut Paper::default()));
    }
}
