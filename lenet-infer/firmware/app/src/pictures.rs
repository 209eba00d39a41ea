//! The program that prepares generated pictures, to compare what cores make of them.

use crate::board::{Board, Console};
use crate::golden;
use core::fmt::{self, Write};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::picture::corpus::{CASES, MAX_HEIGHT, MAX_WIDTH, Scene};
use lenet_infer::picture::{Digit, Digits, Frame, NoDigit, Opinion, Preparer, Rows};
use lenet_infer::{Engine, SHIPPED};

/// What a board has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A work grid of 48x48 cells, or one of 32x32 cells beside a frame of 64x64 pixels: 16 kB of RAM.
    Small,
    /// A work grid of 64x64 cells, or one of 48x48 cells beside a frame of 160x120 pixels.
    Large,
}

/// The most digits that are looked for in a picture.
const DIGITS: usize = 16;

/// One of so many frames is looked at again while the model is unsure of it: up to four looks take long in an emulator.
const LOOKED_AT_AGAIN: u32 = 4;
/// The confidence from which the model is sure.
const ENOUGH: u16 = SHIPPED.model.confidence().threshold;

/// What the model says of an image.
fn opinion(image: &[u8; IMAGE_PIXELS]) -> Opinion {
    Engine::new(&SHIPPED.model).classify(image).into()
}

/// Prepares every picture of the corpus in each way for which there is room, and classifies its digits.
///
/// Prints a line per digit, or per reason why there is none, and at last how many pictures there were. Two cores give
/// the same results if they print the same.
pub fn pictures<B: Board>(board: &mut B, room: Room) {
    // A board's `write` reports no failure, so printing does not fail.
    let _ = match room {
        Room::Small => by_rows::<48, B>(board).and_then(|()| as_frames::<32, { 64 * 64 }, B>(board)),
        Room::Large => {
            by_rows::<64, B>(board).and_then(|()| as_frames::<48, { MAX_WIDTH * MAX_HEIGHT }, B>(board))
        }
    };
}

/// Prepares the pictures row by row.
#[inline(never)]
fn by_rows<const SIDE: usize, B: Board>(board: &mut B) -> fmt::Result {
    let mut preparer = const { Preparer::<SIDE>::new() };
    let mut report = Report { out: Console(board), engine: Engine::new(&SHIPPED.model), case: 0, way: "" };
    for case in 0..CASES {
        let scene = Scene::new(case, golden::images());
        (report.case, report.way) = (case, "rows, the only one");
        report.one(give(&scene, &mut preparer, |rows| rows.finish()))?;
        report.way = "rows, all";
        report.all(give(&scene, &mut preparer, |rows| rows.find::<DIGITS>()))?;
    }
    writeln!(report.out, "rows        {CASES} pictures on {SIDE}x{SIDE} cells")
}

/// Passes the picture, row by row, to `end`. It is never inlined, so that its stack is free again afterwards.
#[inline(never)]
fn give<'p, const SIDE: usize, R>(
    scene: &Scene<'_>,
    preparer: &'p mut Preparer<SIDE>,
    end: impl FnOnce(Rows<'p, SIDE>) -> Result<R, NoDigit>,
) -> Result<R, NoDigit> {
    let (width, height) = (scene.width(), scene.height());
    let mut rows = preparer.rows(width.into(), height.into()).expect("the sides are in range");
    let mut levels = [0; MAX_WIDTH];
    for y in 0..height {
        scene.write_row(y, &mut levels);
        rows.push(levels[..width.into()].iter().copied());
    }
    end(rows)
}

/// Prepares those pictures that have at most `BYTES` pixels, as whole frames.
#[inline(never)]
fn as_frames<const SIDE: usize, const BYTES: usize, B: Board>(board: &mut B) -> fmt::Result {
    let mut preparer = const { Preparer::<SIDE>::new() };
    let mut pixels = [0; BYTES];
    let mut report = Report { out: Console(board), engine: Engine::new(&SHIPPED.model), case: 0, way: "" };
    let mut count = 0;
    for case in 0..CASES {
        let scene = Scene::new(case, golden::images());
        let (width, height) = (usize::from(scene.width()), usize::from(scene.height()));
        if width * height > BYTES {
            continue;
        }
        count += 1;
        for (y, row) in (0..scene.height()).zip(pixels.chunks_mut(width)) {
            scene.write_row(y, row);
        }
        let frame = Frame::new(&pixels, width, height).expect("the sides are in range");
        (report.case, report.way) = (case, "frame, the only one");
        report.one(apart(|| preparer.prepare(&frame)))?;
        report.way = "frame, all";
        report.all(apart(|| preparer.find::<DIGITS>(&frame)))?;
        if case % LOOKED_AT_AGAIN == 0 {
            report.way = "frame, the only one, best look";
            report.one(apart(|| preparer.prepare_best(&frame, ENOUGH, opinion)))?;
            report.way = "frame, all, best look";
            report.all(apart(|| preparer.find_best::<DIGITS>(&frame, ENOUGH, opinion)))?;
        }
    }
    writeln!(report.out, "frames      {count} pictures on {SIDE}x{SIDE} cells")
}

/// Does work in a stack frame of its own, so that the stack is free again afterwards.
#[inline(never)]
fn apart<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// The output, and what stands at the start of each line.
struct Report<'b, B> {
    out: Console<'b, B>,
    engine: Engine<'static>,
    case: u32,
    way: &'static str,
}

impl<B: Board> Report<'_, B> {
    fn one(&mut self, digit: Result<&Digit, NoDigit>) -> fmt::Result {
        match digit {
            Ok(digit) => self.digit(digit),
            Err(reason) => self.reason(reason),
        }
    }

    fn all<const SIDE: usize>(&mut self, digits: Result<Digits<'_, SIDE, DIGITS>, NoDigit>) -> fmt::Result {
        let mut digits = match digits {
            Ok(digits) => digits,
            Err(reason) => return self.reason(reason),
        };
        while let Some(digit) = apart(|| digits.next()) {
            self.digit(digit)?;
        }
        Ok(())
    }

    fn reason(&mut self, reason: NoDigit) -> fmt::Result {
        let Self { out, case, way, .. } = self;
        writeln!(out, "picture {case} ({way}): {reason:?}")
    }

    fn digit(&mut self, digit: &Digit) -> fmt::Result {
        let Self { out, engine, case, way } = self;
        let Digit { image, rect, line, contrast, stroke_width, .. } = digit;
        let prediction = engine.classify(image);
        let logits = hash(prediction.logits.iter().flat_map(|logit| logit.to_le_bytes()));
        writeln!(
            out,
            "picture {case} ({way}): {},{} to {},{}, line {line}, contrast {contrast}, strokes {stroke_width}, image \
             {:08x}, class {}, logits {logits:08x}",
            rect.left,
            rect.top,
            rect.right,
            rect.bottom,
            hash(image.iter().copied()),
            prediction.class,
        )
    }
}

/// The 32-bit FNV-1a hash.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b"foobar".iter().copied()), 0xBF9C_F968);
    }

    #[test]
    fn every_picture_is_reported() {
        for room in [Room::Small, Room::Large] {
            let mut board = Paper::default();
            pictures(&mut board, room);
            let with = |text: &str| board.text.lines().filter(|line| line.contains(text)).count();
            assert_eq!(with("(rows, the only one)"), CASES as usize);
            assert!(with("(frame, the only one)") > CASES as usize / 3);
            assert!(with("(frame, the only one, best look)") > 10 && with("(frame, all, best look)") > 10);
            assert!(with("NoInk") > 10 && with(", line 1, ") > 10);
        }
    }
}
