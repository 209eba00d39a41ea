//! From frames to images, as a caller sees it.

extern crate std;

use super::*;
use crate::{Engine, SHIPPED};
use lenet_core::shape::IMAGE_SIDE;
use proptest::prelude::*;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

/// Digits of MNIST, with all their classes among the first.
const DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");

fn digits(count: usize) -> impl Iterator<Item = &'static [u8; IMAGE_PIXELS]> {
    DIGITS.as_chunks().0.iter().take(if cfg!(miri) { 1 } else { count })
}

/// A square picture of dark ink on light paper, of `side` pixels, with a digit enlarged to `size` in its middle.
fn written(digit: &[u8; IMAGE_PIXELS], size: usize, side: usize) -> Vec<u8> {
    let mut pixels = vec![200; side * side];
    let margin = (side - size) / 2;
    for y in 0..size {
        for x in 0..size {
            let ink = digit[y * IMAGE_SIDE / size * IMAGE_SIDE + x * IMAGE_SIDE / size];
            pixels[(margin + y) * side + margin + x] -= ink / 2 + ink / 8;
        }
    }
    pixels
}

fn prepare(bytes: &[u8], width: usize, height: usize) -> Result<Digit, NoDigit> {
    let frame = Frame::new(bytes, width, height).unwrap();
    Preparer::<48>::new().prepare(&frame).cloned()
}

fn by_rows(bytes: &[u8], width: usize, height: usize) -> Result<Digit, NoDigit> {
    let mut preparer = Preparer::<48>::new();
    let mut rows = preparer.rows(width, height).unwrap();
    for row in bytes.chunks_exact(width) {
        assert!(!rows.is_complete());
        rows.push(row.iter().copied());
    }
    assert!(rows.is_complete());
    rows.finish().cloned()
}

#[test]
fn levels_beyond_the_width_of_a_row_are_not_used() {
    // The edge cuts the last column of cells.
    let side = 50;
    let pixels = written(digits(1).next().unwrap(), side * 3 / 4, side);
    let cells = |beyond: usize| {
        let mut preparer = Preparer::<48>::new();
        let mut rows = preparer.rows(side, side).unwrap();
        for row in pixels.chunks_exact(side) {
            rows.push(row.iter().copied().chain(vec![255; beyond]));
        }
        preparer.grid.planes().0.cells.to_vec()
    };
    let expected = cells(0);
    assert!(expected.len() == 48 * 48 && expected[47] == 200);
    assert_eq!(cells(9), expected);
}

#[test]
fn one_channel_of_a_color_frame_gives_the_digit_of_the_gray_frame() {
    for digit in digits(10) {
        for side in [44, 100] {
            let gray = written(digit, side * 3 / 4, side);
            let expected = prepare(&gray, side, side);
            assert!(expected.is_ok());
            for step in [2, 3] {
                let bytes: Vec<u8> =
                    gray.iter().flat_map(|level| [*level, 7, 250].into_iter().take(step)).collect();
                let frame = Frame::with_layout(&bytes, side, side, side * step, step).unwrap();
                assert_eq!(Preparer::<48>::new().prepare(&frame).cloned(), expected);
            }
        }
    }
}

#[test]
fn ink_gives_the_same_image_whether_it_is_dark_or_light() {
    for digit in digits(100) {
        // On a grid of its own size, where nothing is rounded.
        let dark = written(digit, 36, 48);
        let light: Vec<u8> = dark.iter().map(|level| 255 - level).collect();
        assert_eq!(prepare(&light, 48, 48), prepare(&dark, 48, 48));
    }
}

#[test]
fn digits_of_any_size_and_polarity_are_classified_as_their_images() {
    let mut engine = Engine::new(&SHIPPED.model);
    let (mut right, mut all) = (0, 0);
    for (digit, size) in digits(100).zip((30..300).step_by(13).cycle()) {
        let expected = engine.classify(digit).class;
        let dark = written(digit, size, size * 3 / 2);
        let light: Vec<u8> = dark.iter().map(|level| 255 - level).collect();
        for bytes in [dark, light] {
            let class =
                prepare(&bytes, size * 3 / 2, size * 3 / 2).map(|digit| engine.classify(&digit.image).class);
            right += u32::from(class == Ok(expected));
            all += 1;
        }
    }
    assert!(right * 100 >= all * 98, "{right} of {all}");
}

#[test]
fn rows_that_do_not_come_are_black_whatever_the_picture_before() {
    let digit = digits(1).next().unwrap();
    for side in [48, 100, 130] {
        let pixels = written(digit, side * 3 / 4, side);
        for taken in [0, 1, side / 2, side / 2 + 1, side - 1] {
            let mut padded = pixels.clone();
            padded[taken * side..].fill(0);
            let mut preparer = Preparer::<48>::new();
            // The picture before leaves nothing.
            preparer.prepare(&Frame::new(&pixels, side, side).unwrap()).unwrap();
            let mut rows = preparer.rows(side, side).unwrap();
            for row in pixels.chunks_exact(side).take(taken) {
                rows.push(row.iter().copied());
            }
            assert!(!rows.is_complete());
            assert_eq!(rows.finish().cloned(), by_rows(&padded, side, side), "{taken} of {side}");
        }
    }
}

#[test]
fn levels_and_rows_beyond_a_picture_are_not_used_and_missing_levels_are_black() {
    let digit = digits(1).next().unwrap();
    for side in [48, 100] {
        let pixels = written(digit, side * 3 / 4, side);
        let mut preparer = Preparer::<48>::new();
        let mut rows = preparer.rows(side, side).unwrap();
        for row in pixels.chunks_exact(side) {
            rows.push(row.iter().copied().chain([0; 300]));
        }
        rows.push(core::iter::repeat_n(0, side));
        assert_eq!(rows.finish().cloned(), by_rows(&pixels, side, side));

        let mut cut = pixels.clone();
        let mut rows = preparer.rows(side, side).unwrap();
        for row in cut.chunks_exact_mut(side) {
            rows.push(row[..side - 5].iter().copied());
            row[side - 5..].fill(0);
        }
        assert_eq!(rows.finish().cloned(), by_rows(&cut, side, side));
    }
}

#[test]
fn rows_of_a_size_out_of_range_are_refused() {
    let mut preparer = Preparer::<28>::new();
    for (width, height) in [(0, 1), (1, 0), (4_097, 1), (1, 4_097), (65_537, 1), (1, usize::MAX)] {
        assert_eq!(preparer.rows(width, height).err(), Some(FrameError::Size { width, height }));
    }
    assert!(preparer.rows(4_096, 4_096).is_ok());
}

#[test]
fn the_memory_of_a_preparer_is_bounded() {
    assert!(size_of::<Preparer<48>>() <= 6_000, "{}", size_of::<Preparer<48>>());
    assert!(size_of::<Preparer<72>>() <= 12_000, "{}", size_of::<Preparer<72>>());
}

#[test]
fn ink_that_is_too_small_or_too_large_or_not_alone_is_named() {
    let with = |width: usize, height: usize, boxes: &[Rect]| {
        let mut pixels = vec![220; width * height];
        for rect in boxes {
            for row in pixels.chunks_exact_mut(width).take(rect.bottom.into()).skip(rect.top.into()) {
                row[rect.left.into()..rect.right.into()].fill(30);
            }
        }
        prepare(&pixels, width, height).map(|digit| digit.rect)
    };
    let one = Rect { left: 8, top: 10, right: 12, bottom: 30 };
    assert_eq!(with(40, 40, &[one]), Ok(one));
    assert_eq!(with(40, 40, &[one, Rect { left: 26, right: 30, ..one }]), Err(NoDigit::TooMany));
    assert_eq!(with(40, 40, &[Rect { left: 18, top: 18, right: 20, bottom: 22 }]), Err(NoDigit::TooSmall));
    assert_eq!(with(13, 28, &[Rect { left: 2, top: 2, right: 11, bottom: 26 }]), Err(NoDigit::TooLarge));
}

#[test]
fn pencil_on_paper_is_found_beside_a_table_that_is_far_darker() {
    let side = 96;
    for digit in digits(10) {
        let mut pixels = written(digit, 40, side);
        for row in pixels.chunks_exact_mut(side) {
            row.iter_mut().for_each(|level| *level = 215 - (200 - *level) / 5);
        }
        let expected = prepare(&pixels, side, side).unwrap().rect;
        for row in pixels.chunks_exact_mut(side) {
            row[..5].fill(10);
            row[side - 3..].fill(20);
        }
        assert_eq!(prepare(&pixels, side, side).map(|digit| digit.rect), Ok(expected));
        pixels.iter_mut().filter(|level| **level > 20).for_each(|level| *level = 215);
        assert_eq!(prepare(&pixels, side, side), Err(NoDigit::NoInk));
    }
}

#[test]
fn each_reason_says_what_to_do() {
    for (reason, advice) in [
        (NoDigit::NoInk, "no digit: nothing stands out from the paper; use more light or a thicker pen"),
        (NoDigit::TooSmall, "no digit: the ink is less than 8 pixels tall and wide; come closer"),
        (NoDigit::TooLarge, "no digit: the ink covers most of the picture; leave paper around the digit"),
        (NoDigit::TooMany, "no digit: there are several; show one alone, or ask for all of them"),
    ] {
        assert_eq!(reason.to_string(), advice);
    }
}

/// A picture of anything: boxes on paper, under noise.
#[derive(Clone, Debug)]
struct Anything {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

fn anything(most: usize) -> impl Strategy<Value = Anything> {
    let boxes = proptest::collection::vec((0..most, 0..most, 1..most / 2, 1..most / 2, any::<u8>()), 0..8);
    (1..=most, 1..=most, any::<u8>(), boxes, 0..8_u32, any::<u32>()).prop_map(
        |(width, height, paper, boxes, quiet, seed)| {
            let mut random = seed | 1;
            let mut pixels = vec![paper; width * height];
            for (left, top, wide, high, level) in boxes {
                for row in pixels.chunks_exact_mut(width).skip(top).take(high) {
                    row.iter_mut().skip(left).take(wide).for_each(|pixel| *pixel = level);
                }
            }
            for pixel in &mut pixels {
                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                *pixel = pixel.saturating_add((random >> 24 >> quiet) as u8);
            }
            Anything { width, height, pixels }
        },
    )
}

/// What holds for every digit that is found in a frame.
fn check(digit: &Digit, frame: &Frame<'_>) -> Result<(), TestCaseError> {
    let rect = digit.rect;
    prop_assert!(rect.right <= frame.width() && rect.bottom <= frame.height(), "{:?}", rect);
    prop_assert!(rect.left < rect.right && rect.top < rect.bottom, "{:?}", rect);
    prop_assert!(rect.longer_side() >= LEAST_SIDE, "{:?}", rect);
    prop_assert!(digit.contrast >= LEAST_CONTRAST);
    prop_assert_eq!(digit.image.iter().max(), Some(&255));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 512 }))]

    #[test]
    fn every_frame_gives_a_digit_in_it_or_a_reason(picture in anything(200)) {
        let frame = Frame::new(&picture.pixels, picture.width, picture.height).unwrap();
        let mut preparer = Preparer::<48>::new();
        if let Ok(digit) = preparer.prepare(&frame) {
            check(digit, &frame)?;
        }
        if let Ok(digit) = by_rows(&picture.pixels, picture.width, picture.height) {
            check(&digit, &frame)?;
        }
        if let Ok(mut digits) = preparer.find::<8>(&frame) {
            let (mut count, mut line) = (0, 0);
            while let Some(digit) = digits.next() {
                check(digit, &frame)?;
                prop_assert!(digit.line >= line);
                line = digit.line;
                count += 1;
            }
            prop_assert!(count <= 8);
        }
    }

    #[test]
    fn a_preparer_keeps_nothing_of_the_picture_before(before in anything(120), picture in anything(120)) {
        let mut preparer = Preparer::<48>::new();
        let _ = preparer.prepare(&Frame::new(&before.pixels, before.width, before.height).unwrap());
        let frame = Frame::new(&picture.pixels, picture.width, picture.height).unwrap();
        prop_assert_eq!(preparer.prepare(&frame).cloned(), prepare(&picture.pixels, picture.width, picture.height));
    }

    #[test]
    fn a_picture_that_fits_the_grid_gives_the_same_digit_row_by_row(picture in anything(48)) {
        let Anything { width, height, pixels } = picture;
        prop_assert_eq!(by_rows(&pixels, width, height), prepare(&pixels, width, height));
    }

    #[test]
    fn blank_paper_of_any_level_has_no_ink(width in 1..=300_usize, height in 1..=300_usize, level: u8) {
        let pixels = vec![level; width * height];
        prop_assert_eq!(prepare(&pixels, width, height), Err(NoDigit::NoInk));
        prop_assert_eq!(by_rows(&pixels, width, height), Err(NoDigit::NoInk));
    }
}
