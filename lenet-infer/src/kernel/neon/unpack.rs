//! Int4 and ternary weights as int8 weights: those of a convolution, and rows of a fully-connected layer.

use super::load;
use core::arch::aarch64::*;
use lenet_core::model::{TERNARY_PER_BYTE, TERNARY_STEP, ternary_row, unpack};
use lenet_core::shape::POOL2_LEN;

/// The bytes that are unpacked at the same time.
const STEP: usize = 16;
/// The weights of the longest row, with those that ternary bytes have beyond it.
const LONGEST: usize = TERNARY_PER_BYTE * ternary_row(POOL2_LEN);

/// A row of int8 weights, and memory beyond its end.
pub(super) type Row = [u8; LONGEST];

/// Unpacks the int4 weights of a convolution, of which a byte has those of a pair of channels.
#[inline]
pub(super) fn int4_pairs<const TAPS: usize, const PAIRS: usize>(
    packed: &[[u8; TAPS]; PAIRS],
) -> [[[u8; 2]; TAPS]; PAIRS] {
    packed.map(|taps| taps.map(|byte| unpack(byte).map(|weight| weight as u8)))
}

/// Unpacks a row of int4 weights.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn int4<const HALF: usize>(packed: &[u8; HALF], row: &mut Row) {
    const { assert!(STEP <= HALF && 2 * HALF <= LONGEST) };
    for start in (0..HALF).step_by(STEP) {
        // The last step overlaps the one before it.
        let start = start.min(HALF - STEP);
        let (Some(bytes), Some(weights)) =
            (packed[start..].first_chunk(), row[2 * start..].first_chunk_mut::<{ 2 * STEP }>())
        else {
            continue;
        };
        let bytes = load(bytes);
        let pairs = uint8x16x2_t(vshlq_n_u8::<4>(bytes), vandq_u8(bytes, vdupq_n_u8(0xF0)));
        // SAFETY: a reference to 32 bytes; the store needs no alignment.
        unsafe { vst2q_u8(weights.as_mut_ptr(), pairs) };
    }
}

/// Unpacks a row of ternary weights: three times a byte has the next digit above its low eight bits.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn ternary<const FIFTH: usize>(packed: &[u8; FIFTH], row: &mut Row) {
    const { assert!(STEP <= FIFTH && TERNARY_PER_BYTE * FIFTH <= LONGEST) };
    let three = vdupq_n_u8(3);
    for start in (0..FIFTH).step_by(STEP) {
        // The last step overlaps the one before it.
        let start = start.min(FIFTH - STEP);
        let Some(bytes) = packed[start..].first_chunk() else { continue };
        let mut fractions = load(bytes);
        for place in 0..TERNARY_PER_BYTE {
            let tripled = [
                vreinterpretq_u8_u16(vmull_u8(vget_low_u8(fractions), vget_low_u8(three))),
                vreinterpretq_u8_u16(vmull_high_u8(fractions, three)),
            ];
            let digits = vuzp2q_u8(tripled[0], tripled[1]);
            fractions = vuzp1q_u8(tripled[0], tripled[1]);
            // A digit exceeds its weight by one.
            let step = TERNARY_STEP as u8;
            let weights = vmulq_u8(vsubq_u8(digits, vdupq_n_u8(1)), vdupq_n_u8(step));
            if let Some(row) = row[FIFTH * place + start..].first_chunk_mut::<STEP>() {
                // SAFETY: a reference to 16 bytes; the store needs no alignment.
                unsafe { vst1q_u8(row.as_mut_ptr(), weights) };
            }
        }
    }
}
