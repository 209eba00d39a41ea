//! The bytes that are compared or averaged at the same time: the sixteen of a vector.
//!
//! Each function is safe to call, because this module is compiled for targets with Neon only.

use super::load;
use core::arch::aarch64::*;

/// The number of bytes in [`Lanes`].
pub(crate) const COUNT: usize = 16;

/// Bytes side by side, in the order of memory.
pub(crate) type Lanes = [u8; COUNT];

/// The smaller of each two bytes.
#[inline(always)]
pub(crate) fn min(a: Lanes, b: Lanes) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe { lanes(vminq_u8(load(&a), load(&b))) }
}

/// The larger of each two bytes.
#[inline(always)]
pub(crate) fn max(a: Lanes, b: Lanes) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe { lanes(vmaxq_u8(load(&a), load(&b))) }
}

/// The difference of each two bytes, 0 where it would be negative.
#[inline(always)]
pub(crate) fn saturating_sub(a: Lanes, b: Lanes) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe { lanes(vqsubq_u8(load(&a), load(&b))) }
}

/// The sum of each two bytes, 255 where it would be more.
#[inline(always)]
pub(crate) fn saturating_add(a: Lanes, b: Lanes) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe { lanes(vqaddq_u8(load(&a), load(&b))) }
}

/// The binomial mean of each byte with that before and that after it, [1 2 1] / 4, rounded.
#[inline(always)]
pub(crate) fn binomial(before: Lanes, here: Lanes, after: Lanes) -> Lanes {
    // Half a sum, rounded down, loses nothing that a quarter would keep: the rest is halved once more.
    // SAFETY: the target has Neon.
    unsafe { lanes(vrhaddq_u8(load(&here), vhaddq_u8(load(&before), load(&after)))) }
}

/// The sum of the bytes below a limit, and their number.
#[inline(always)]
pub(crate) fn sum_below(levels: Lanes, limit: u8) -> [u32; 2] {
    // SAFETY: the target has Neon.
    unsafe {
        let levels = load(&levels);
        let below = vcltq_u8(levels, vdupq_n_u8(limit));
        let count = vaddvq_u8(vandq_u8(below, vdupq_n_u8(1)));
        [vaddlvq_u8(vandq_u8(levels, below)).into(), count.into()]
    }
}

/// Each byte in the place of the one after it. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn onward(levels: Lanes, before: u8) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe { lanes(vextq_u8::<15>(vdupq_n_u8(before), load(&levels))) }
}

/// Raises each byte to the one before it, as raised, at most to its limit. `before` comes before the first byte.
///
/// What is done to a byte is a maximum, then a minimum, and so is what two bytes, one after the other, do to what comes
/// before them. So four steps join 16 bytes: each joins what the bytes so far do with what as many before them do.
#[inline(always)]
pub(crate) fn carry_onward(levels: Lanes, limits: Lanes, before: u8) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe {
        let steps = [load(&levels), load(&limits)];
        let [levels, limits] = join::<8>(join::<12>(join::<14>(join::<15>(steps))));
        lanes(vminq_u8(vmaxq_u8(vdupq_n_u8(before), levels), limits))
    }
}

/// Joins what each byte does, its level and its limit, with what the byte `16 - FROM` before it does.
#[inline]
#[target_feature(enable = "neon")]
fn join<const FROM: i32>([levels, limits]: [uint8x16_t; 2]) -> [uint8x16_t; 2] {
    let joined = |earlier| vminq_u8(vmaxq_u8(earlier, levels), limits);
    [joined(vextq_u8::<FROM>(vdupq_n_u8(0), levels)), joined(vextq_u8::<FROM>(vdupq_n_u8(u8::MAX), limits))]
}

/// Raises each byte to the one after it, as raised, at most to its limit. `after` comes after the last byte.
#[inline(always)]
pub(crate) fn carry_backward(levels: Lanes, limits: Lanes, after: u8) -> Lanes {
    reversed(carry_onward(reversed(levels), reversed(limits), after))
}

/// The bytes in the opposite order.
#[inline(always)]
fn reversed(levels: Lanes) -> Lanes {
    // SAFETY: the target has Neon.
    unsafe {
        let halves = vrev64q_u8(load(&levels));
        lanes(vextq_u8::<8>(halves, halves))
    }
}

/// The bytes of a vector.
#[inline]
#[target_feature(enable = "neon")]
fn lanes(vector: uint8x16_t) -> Lanes {
    let mut lanes = [0; COUNT];
    // SAFETY: a reference to 16 bytes; the store needs no alignment.
    unsafe { vst1q_u8(lanes.as_mut_ptr(), vector) };
    lanes
}
