//! What C gets for pictures, right ones and wrong ones.

extern crate std;

use super::*;
use crate::capi::{LENET_PIXELS, LenetEngine, LenetPrediction, lenet_classify, lenet_decode};
use crate::picture::MAX_SIDE;
use crate::{Engine, SHIPPED};
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use std::string::ToString;
use std::vec;
use std::vec::Vec;

const DIGITS: &[u8] = include_bytes!("../../../assets/golden-digits.bin");
const WIDTH: usize = 160;
const HEIGHT: usize = 60;

/// Gray paper, 160x60 pixels, with the first `count` golden digits in a row.
fn pixels(count: usize) -> Vec<u8> {
    let mut pixels = vec![190; WIDTH * HEIGHT];
    for (digit, image) in DIGITS.chunks(LENET_PIXELS).enumerate().take(count) {
        for (index, level) in image.iter().enumerate() {
            pixels[(14 + index / 28) * WIDTH + 10 + 36 * digit + index % 28] -= level / 2;
        }
    }
    pixels
}

fn frame(pixels: &[u8]) -> LenetFrame {
    LenetFrame { pixels: pixels.as_ptr(), width: WIDTH, height: HEIGHT, row_stride: WIDTH, pixel_step: 1 }
}

fn any_content() -> LenetPreparer {
    LenetPreparer { words: [usize::MAX / 3; LENET_PREPARER_WORDS] }
}

/// The fields of a digit as C sees them, with a copy of its image.
type Seen = (Vec<u8>, [u16; 4], [u8; 3]);

/// # Safety
///
/// The image of the digit must be there.
unsafe fn seen(digit: &LenetDigit) -> Seen {
    // SAFETY: by the contract of this function.
    let image = unsafe { slice::from_raw_parts(digit.image, LENET_PIXELS) };
    let rect = [digit.left, digit.top, digit.right, digit.bottom];
    (image.to_vec(), rect, [digit.line, digit.contrast, digit.stroke_width])
}

fn expected(digit: &Digit) -> Seen {
    let rect = [digit.rect.left, digit.rect.top, digit.rect.right, digit.rect.bottom];
    (digit.image.to_vec(), rect, [digit.line, digit.contrast, digit.stroke_width])
}

fn prepare(frame: &LenetFrame) -> Result<Seen, LenetStatus> {
    let (mut preparer, mut digit) = (any_content(), MaybeUninit::uninit());
    // SAFETY: a preparer, a frame of pixels that the caller keeps, and room for a digit.
    match unsafe { lenet_prepare(&mut preparer, frame, digit.as_mut_ptr()) } {
        // SAFETY: it was written, and the preparer with its image lives.
        LenetStatus::Ok => Ok(unsafe { seen(digit.assume_init_ref()) }),
        status => Err(status),
    }
}

/// What the callback keeps of each digit, and how many it asks for.
struct Kept {
    digits: Vec<Seen>,
    wanted: usize,
}

unsafe extern "C" fn keep(context: *mut c_void, digit: *const LenetDigit) -> bool {
    // SAFETY: the context is that of `find`, and the digit lives until this returns.
    let (kept, digit) = unsafe { (&mut *context.cast::<Kept>(), seen(&*digit)) };
    kept.digits.push(digit);
    kept.digits.len() < kept.wanted
}

fn find(frame: &LenetFrame, wanted: usize) -> (LenetStatus, Vec<Seen>) {
    let mut kept = Kept { digits: Vec::new(), wanted };
    // SAFETY: a preparer, a frame of pixels that the caller keeps, and a function with its context.
    let status =
        unsafe { lenet_find(&mut any_content(), frame, Some(keep), (&raw mut kept).cast::<c_void>()) };
    (status, kept.digits)
}

#[test]
fn c_gets_the_digit_that_rust_gets() {
    let pixels = pixels(1);
    let mut preparer = Preparer::<LENET_GRID_SIDE>::new();
    let digit = preparer.prepare(&Frame::new(&pixels, WIDTH, HEIGHT).unwrap()).unwrap();
    assert_eq!(prepare(&frame(&pixels)), Ok(expected(digit)));
}

#[test]
fn c_gets_the_digits_that_rust_gets_and_as_many_as_it_wants() {
    let pixels = pixels(4);
    let rust_frame = Frame::new(&pixels, WIDTH, HEIGHT).unwrap();
    let mut preparer = Preparer::<LENET_GRID_SIDE>::new();
    let mut digits = preparer.find::<LENET_MAX_DIGITS>(&rust_frame).unwrap();
    let mut all = Vec::new();
    while let Some(digit) = digits.next() {
        all.push(expected(digit));
    }
    assert_eq!(all.len(), 4);
    for wanted in 1..=4 {
        assert_eq!(find(&frame(&pixels), wanted), (LenetStatus::Ok, all[..wanted].to_vec()));
    }
    assert_eq!(find(&frame(&pixels), 9).1, all);
}

/// The picture as the second of three channels, with gaps between the rows, which end with the last pixel.
#[test]
fn pixels_are_read_in_place_with_their_steps() {
    let plain = pixels(2);
    let stride = 3 * WIDTH + 7;
    let mut channels = vec![99; (HEIGHT - 1) * stride + 3 * WIDTH - 1];
    for (index, pixel) in plain.iter().enumerate() {
        channels[index / WIDTH * stride + index % WIDTH * 3 + 1] = *pixel;
    }
    let frame_of = |pixels: *const u8| LenetFrame { pixels, row_stride: stride, pixel_step: 3, ..frame(&[]) };
    assert_eq!(find(&frame_of(channels[1..].as_ptr()), 9), find(&frame(&plain), 9));
}

#[test]
fn a_digit_can_be_classified_where_it_lies() {
    let pixels = pixels(1);
    let mut engine = LenetEngine { words: [0; crate::capi::LENET_ENGINE_WORDS] };
    let (mut preparer, mut digit) = (any_content(), MaybeUninit::uninit());
    let mut prediction = MaybeUninit::<LenetPrediction>::uninit();
    // SAFETY: an engine, the bytes of a file, a preparer, a frame, and room for a digit and a prediction; each is written
    // before it is read.
    let predicted = unsafe {
        let file = SHIPPED.bytes;
        let statuses = [
            lenet_decode(&mut engine, file.as_ptr(), file.len(), null_mut()),
            lenet_prepare(&mut preparer, &frame(&pixels), digit.as_mut_ptr()),
            lenet_classify(&mut engine, digit.assume_init().image, prediction.as_mut_ptr()),
        ];
        assert_eq!(statuses, [LenetStatus::Ok; 3]);
        prediction.assume_init()
    };
    let mut rust = Preparer::<LENET_GRID_SIDE>::new();
    let image = rust.prepare(&Frame::new(&pixels, WIDTH, HEIGHT).unwrap()).unwrap().image;
    assert_eq!(predicted.predicted_class, Engine::new(&SHIPPED.model).classify(&image).class);
}

#[test]
fn the_reason_for_no_digit_is_a_status_with_the_text_of_the_reason() {
    let blank = pixels(0);
    let mut speck = blank.clone();
    for y in 30..35 {
        speck[y * WIDTH + 80..][..5].fill(20);
    }
    for (pixels, reason) in
        [(blank, NoDigit::NoInk), (speck, NoDigit::TooSmall), (pixels(3), NoDigit::TooMany)]
    {
        assert_eq!(prepare(&frame(&pixels)), Err(reason.into()), "{reason}");
    }
    assert_eq!(find(&frame(&pixels(0)), 9), (LenetStatus::NoInk, Vec::new()));
    for reason in [NoDigit::NoInk, NoDigit::TooSmall, NoDigit::TooLarge, NoDigit::TooMany] {
        let text = crate::capi::message(LenetStatus::from(reason) as i32).to_str().unwrap();
        assert_eq!(text, reason.to_string());
    }
}

#[test]
fn a_frame_that_cannot_be_is_a_status() {
    let pixels = pixels(1);
    let good = frame(&pixels);
    let over = usize::from(MAX_SIDE) + 1;
    for wrong in [
        LenetFrame { width: 0, ..good },
        LenetFrame { height: 0, ..good },
        LenetFrame { width: over, row_stride: over, ..good },
        LenetFrame { height: over, ..good },
        LenetFrame { pixel_step: 0, ..good },
        LenetFrame { row_stride: WIDTH - 1, ..good },
        LenetFrame { row_stride: usize::MAX, ..good },
        LenetFrame { row_stride: usize::MAX / 64, ..good },
        LenetFrame { pixel_step: usize::MAX, ..good },
    ] {
        assert_eq!(prepare(&wrong), Err(LenetStatus::Frame), "{wrong:?}");
        assert_eq!(find(&wrong, 1), (LenetStatus::Frame, Vec::new()), "{wrong:?}");
    }
}

#[test]
fn a_null_or_misaligned_pointer_is_a_status() {
    let pixels = pixels(1);
    let (good, mut preparer, mut digit) = (frame(&pixels), any_content(), MaybeUninit::uninit());
    let digit = digit.as_mut_ptr();
    let nowhere = LenetFrame { pixels: null(), ..good };
    let mut room = [0_usize; LENET_PREPARER_WORDS + 1];
    let odd = room.as_mut_ptr().cast::<u8>().wrapping_add(1);
    let none = null_mut();
    // SAFETY: null pointers, and room for what each other pointer is to, but for the alignment.
    let found = unsafe {
        [
            lenet_prepare(null_mut(), &good, digit),
            lenet_prepare(&mut preparer, null(), digit),
            lenet_prepare(&mut preparer, &good, null_mut()),
            lenet_prepare(&mut preparer, &nowhere, digit),
            lenet_prepare(odd.cast(), &good, digit),
            lenet_prepare(&mut preparer, odd.cast(), digit),
            lenet_prepare(&mut preparer, &good, odd.cast()),
            lenet_find(null_mut(), &good, Some(keep), none),
            lenet_find(&mut preparer, null(), Some(keep), none),
            lenet_find(&mut preparer, &good, None, none),
            lenet_find(&mut preparer, &nowhere, Some(keep), none),
            lenet_find(odd.cast(), &good, Some(keep), none),
            lenet_find(&mut preparer, odd.cast(), Some(keep), none),
        ]
    };
    assert_eq!(found, [LenetStatus::BadPointer; 13]);
}

#[test]
fn memory_that_overlaps_is_a_status() {
    // A preparer in the middle of a room, whose bytes are the pixels too.
    let mut room = [0_usize; 3 * LENET_PREPARER_WORDS];
    let size = size_of::<LenetPreparer>();
    let start = room.as_mut_ptr().cast::<u8>();
    let preparer = start.wrapping_add(size).cast::<LenetPreparer>();
    let small = |offset: usize| LenetFrame {
        pixels: start.wrapping_add(offset),
        width: 10,
        height: 10,
        row_stride: 10,
        pixel_step: 1,
    };
    let mut digit = MaybeUninit::<LenetDigit>::uninit();
    let digit = digit.as_mut_ptr();
    // SAFETY: every pointer is to so many bytes of the room, or to a variable.
    unsafe {
        for inside in [size - 99, size, 2 * size - 1] {
            let found = lenet_prepare(preparer, &small(inside), digit);
            assert_eq!(found, LenetStatus::BadPointer, "pixels at {inside}");
            let found = lenet_find(preparer, &small(inside), Some(keep), null_mut());
            assert_eq!(found, LenetStatus::BadPointer, "pixels at {inside}");
        }
        for beside in [0, size - 100, 2 * size] {
            assert_eq!(
                lenet_prepare(preparer, &small(beside), digit),
                LenetStatus::NoInk,
                "pixels at {beside}"
            );
        }
        let frame = start.cast::<LenetFrame>();
        frame.write(small(2 * size));
        let inside = preparer.cast::<LenetFrame>();
        inside.write(small(2 * size));
        let on_pixels = start.wrapping_add(2 * size).cast::<LenetDigit>();
        let found = [
            lenet_prepare(preparer, inside, digit),
            lenet_find(preparer, inside, Some(keep), null_mut()),
            lenet_prepare(preparer, frame, preparer.cast()),
            lenet_prepare(preparer, frame, frame.cast()),
            lenet_prepare(preparer, frame, on_pixels),
        ];
        assert_eq!(found, [LenetStatus::BadPointer; 5]);
    }
}
