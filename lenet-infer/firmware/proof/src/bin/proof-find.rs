//! The search for the digits of any frame, and of one that comes row by row, with the work grid in RAM.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_infer::picture::{Digit, Frame, Preparer};
use proof as _;

/// For 320x240 pixels row by row.
static mut PREPARER: Preparer<72> = Preparer::new();

/// Finds the digits of any frame.
#[unsafe(no_mangle)]
fn proof_find(frame: &Frame<'_>, visit: &mut [Option<Digit>; 8]) {
    let preparer = black_box(&raw mut PREPARER);
    // SAFETY: nothing runs this program.
    let preparer = unsafe { &mut *preparer };
    let Ok(mut digits) = preparer.find::<8>(frame) else { return };
    for place in visit {
        *place = digits.next().cloned();
    }
}

/// Takes any rows of a picture of any size, and finds its digits.
#[unsafe(no_mangle)]
fn proof_rows(width: usize, height: usize, pixels: &[u8], visit: &mut [Option<Digit>; 8]) {
    let preparer = black_box(&raw mut PREPARER);
    // SAFETY: nothing runs this program.
    let preparer = unsafe { &mut *preparer };
    let Ok(mut rows) = preparer.rows(width, height) else { return };
    for row in pixels.chunks_exact(width.max(1)) {
        rows.push(row.iter().copied());
    }
    let Ok(mut digits) = rows.find::<8>() else { return };
    for place in visit {
        *place = digits.next().cloned();
    }
}
