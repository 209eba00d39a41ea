//! Changes of the stroke width: dilation and erosion by one pixel.

use super::{PADDED_SIDE, Padded};

/// Number of steps into which a share from 0 to 1 is divided.
const SHARE_STEPS: f32 = 256.0;

/// Blends the image with its dilation by one pixel, or, for a negative `amount`, with its erosion.
///
/// The magnitude of `amount`, at most 1, is the weight of the dilated or eroded image. A dilation changes only the
/// innermost pixels of the border, an erosion none of them.
#[inline(always)]
pub(super) fn change_width(image: &Padded, amount: f32) -> Padded {
    if amount > 0.0 { blend(image, share(amount), u8::max) } else { blend(image, share(-amount), u8::min) }
}

/// Converts a share from 0 to 1 to steps of 1 / [`SHARE_STEPS`], rounded down. Negative shares become 0.
#[inline(always)]
pub(super) fn share(amount: f32) -> u16 {
    (amount * SHARE_STEPS) as u16
}

/// Blends each pixel with the `extreme` (largest or smallest) of itself and its four neighbors.
#[inline(always)]
fn blend(image: &Padded, share: u16, extreme: impl Fn(u8, u8) -> u8) -> Padded {
    let mut blended = [0; PADDED_SIDE * PADDED_SIDE];
    let inner = PADDED_SIDE..PADDED_SIDE * (PADDED_SIDE - 1);
    for index in inner {
        let pixel = image[index];
        let row = extreme(image[index - 1], image[index + 1]);
        let column = extreme(image[index - PADDED_SIDE], image[index + PADDED_SIDE]);
        let target = extreme(pixel, extreme(row, column));
        let sum = u16::from(pixel) * (SHARE_STEPS as u16 - share) + u16::from(target) * share;
        blended[index] = (sum / SHARE_STEPS as u16) as u8;
    }
    blended
}
