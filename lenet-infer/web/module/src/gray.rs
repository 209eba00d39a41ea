//! RGBA pixels as gray levels.

use lenet_infer::picture::{luma, on_white};

/// Replaces RGBA pixels by their gray levels, one byte each, at the start of `bytes`. White lies behind what is
/// transparent.
pub(crate) fn grays_in_place(bytes: &mut [u8], pixels: usize) {
    for index in 0..pixels {
        if let Some(&[red, green, blue, alpha]) = bytes.get(4 * index..).and_then(|rest| rest.first_chunk()) {
            bytes[index] = on_white(luma([red, green, blue]), alpha);
        }
    }
}
