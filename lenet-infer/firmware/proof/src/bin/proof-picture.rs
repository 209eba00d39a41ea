//! The preparation of any frame, and of one that comes row by row, with the work grid in RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_infer::picture::{Digit, Frame, NoDigit, Preparer};
use proof as _;

static mut PREPARER: Preparer<48> = Preparer::new();

/// Prepares the only digit of any frame.
#[unsafe(no_mangle)]
fn proof_prepare(frame: &Frame<'_>, answer: &mut Option<Result<&'static Digit, NoDigit>>) {
    let preparer = black_box(&raw mut PREPARER);
    // SAFETY: nothing runs this program.
    let preparer = unsafe { &mut *preparer };
    *answer = Some(preparer.prepare(frame));
}
