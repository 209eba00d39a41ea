//! The preparation of any frame with further looks, for any model's opinion, with the work grid in RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::picture::{Digit, Frame, NoDigit, Opinion, Preparer};
use proof as _;

static mut PREPARER: Preparer<48> = Preparer::new();

/// Prepares the only digit of any frame by the best of several looks.
#[unsafe(no_mangle)]
fn proof_prepare_best(
    frame: &Frame<'_>,
    enough: u16,
    classify: fn(&[u8; IMAGE_PIXELS]) -> Opinion,
    answer: &mut Option<Result<&'static Digit, NoDigit>>,
) {
    let preparer = black_box(&raw mut PREPARER);
    // SAFETY: nothing runs this program.
    let preparer = unsafe { &mut *preparer };
    *answer = Some(preparer.prepare_best(frame, enough, classify));
}

/// Finds the digits of any frame by the best of several looks.
#[unsafe(no_mangle)]
fn proof_find_best(
    frame: &Frame<'_>,
    enough: u16,
    classify: fn(&[u8; IMAGE_PIXELS]) -> Opinion,
    visit: &mut [Option<Digit>; 8],
) {
    let preparer = black_box(&raw mut PREPARER);
    // SAFETY: nothing runs this program.
    let preparer = unsafe { &mut *preparer };
    let Ok(mut digits) = preparer.find_best::<8>(frame, enough, classify) else { return };
    for place in visit {
        *place = digits.next().cloned();
    }
}
