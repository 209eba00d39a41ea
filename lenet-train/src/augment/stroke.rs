//! Thicker and thinner strokes.

use super::{PADDED_SIDE, Padded};

/// Steps of a share.
pub(super) const UNIT: f32 = 256.0;

/// Replaces the share `amount` (0 to 1) of the image by its dilation by one pixel, or, below 0, the share `-amount` by its
/// erosion. The border stays blank but for what a dilation adds to its inner pixel.
#[inline(always)]
pub(super) fn widen(image: &Padded, amount: f32) -> Padded {
    if amount > 0.0 { blend(image, share(amount), u8::max) } else { blend(image, share(-amount), u8::min) }
}

/// A share in steps of 1 / [`UNIT`], rounded down; none below 0.
#[inline(always)]
pub(super) fn share(amount: f32) -> u16 {
    (amount * UNIT) as u16
}

/// Blends each pixel with the `extreme` of it and its four neighbours.
#[inline(always)]
fn blend(image: &Padded, share: u16, extreme: impl Fn(u8, u8) -> u8) -> Padded {
    let mut blended = [0; PADDED_SIDE * PADDED_SIDE];
    let inner = PADDED_SIDE..PADDED_SIDE * (PADDED_SIDE - 1);
    for index in inner {
        let pixel = image[index];
        let row = extreme(image[index - 1], image[index + 1]);
        let column = extreme(image[index - PADDED_SIDE], image[index + PADDED_SIDE]);
        let target = extreme(pixel, extreme(row, column));
        let sum = u16::from(pixel) * (UNIT as u16 - share) + u16::from(target) * share;
        blended[index] = (sum / UNIT as u16) as u8;
    }
    blended
}
