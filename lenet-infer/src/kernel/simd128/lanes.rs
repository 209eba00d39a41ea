//! The bytes that are compared or averaged at the same time: the sixteen of a vector.

use core::arch::wasm32::*;

/// The number of bytes in [`Lanes`].
pub(crate) const COUNT: usize = 16;

/// Bytes side by side, in the order of memory.
pub(crate) type Lanes = [u8; COUNT];

/// The smaller of each two bytes.
#[inline(always)]
pub(crate) fn min(a: Lanes, b: Lanes) -> Lanes {
    lanes(u8x16_min(vector(a), vector(b)))
}

/// The larger of each two bytes.
#[inline(always)]
pub(crate) fn max(a: Lanes, b: Lanes) -> Lanes {
    lanes(u8x16_max(vector(a), vector(b)))
}

/// The difference of each two bytes, 0 where it would be negative.
#[inline(always)]
pub(crate) fn saturating_sub(a: Lanes, b: Lanes) -> Lanes {
    lanes(u8x16_sub_sat(vector(a), vector(b)))
}

/// The sum of each two bytes, 255 where it would be more.
#[inline(always)]
pub(crate) fn saturating_add(a: Lanes, b: Lanes) -> Lanes {
    lanes(u8x16_add_sat(vector(a), vector(b)))
}

/// The binomial mean of each byte with that before and that after it, [1 2 1] / 4, rounded.
#[inline(always)]
pub(crate) fn binomial(before: Lanes, here: Lanes, after: Lanes) -> Lanes {
    let (before, after) = (vector(before), vector(after));
    // Half a sum, rounded down, loses nothing that a quarter would keep: the rest is halved once more.
    let sides = u8x16_add(v128_and(before, after), u8x16_shr(v128_xor(before, after), 1));
    lanes(u8x16_avgr(vector(here), sides))
}

/// The sum of the bytes below a limit, and their number.
#[inline(always)]
pub(crate) fn sum_below(levels: Lanes, limit: u8) -> [u32; 2] {
    let levels = vector(levels);
    let below = u8x16_lt(levels, u8x16_splat(limit));
    let words = u32x4_extadd_pairwise_u16x8(u16x8_extadd_pairwise_u8x16(v128_and(levels, below)));
    let halves = u32x4_add(words, u32x4_shuffle::<2, 3, 0, 1>(words, words));
    let sum = u32x4_extract_lane::<0>(halves).wrapping_add(u32x4_extract_lane::<1>(halves));
    [sum, u8x16_bitmask(below).count_ones()]
}

/// Each byte in the place of the one after it. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn onward(levels: Lanes, before: u8) -> Lanes {
    let levels =
        u8x16_shuffle::<15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>(vector(levels), vector(levels));
    lanes(u8x16_replace_lane::<0>(levels, before))
}

/// Raises each byte to the one before it, as raised, at most to its limit. `before` comes before the first byte.
///
/// What is done to a byte is a maximum, then a minimum, and so is what two bytes, one after the other, do to what comes
/// before them. So four steps join 16 bytes: each joins what the bytes so far do with what as many before them do.
#[inline(always)]
pub(crate) fn carry_onward(levels: Lanes, limits: Lanes, before: u8) -> Lanes {
    let (mut levels, mut limits) = (vector(levels), vector(limits));
    let (zeros, ones) = (u8x16_splat(0), u8x16_splat(u8::MAX));
    macro_rules! join {
        ($($lane:literal)*) => {{
            let earlier_levels = u8x16_shuffle::<$($lane),*>(zeros, levels);
            let earlier_limits = u8x16_shuffle::<$($lane),*>(ones, limits);
            let joined = |earlier| u8x16_min(u8x16_max(earlier, levels), limits);
            (levels, limits) = (joined(earlier_levels), joined(earlier_limits));
        }};
    }
    join!(15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30);
    join!(14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29);
    join!(12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27);
    join!(8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
    lanes(u8x16_min(u8x16_max(u8x16_splat(before), levels), limits))
}

/// Raises each byte to the one after it, as raised, at most to its limit. `after` comes after the last byte.
#[inline(always)]
pub(crate) fn carry_backward(levels: Lanes, limits: Lanes, after: u8) -> Lanes {
    reversed(carry_onward(reversed(levels), reversed(limits), after))
}

/// The bytes in the opposite order.
#[inline(always)]
fn reversed(levels: Lanes) -> Lanes {
    let levels = vector(levels);
    lanes(u8x16_shuffle::<15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0>(levels, levels))
}

#[inline(always)]
fn vector(lanes: Lanes) -> v128 {
    // SAFETY: a reference to 16 bytes; the load needs no alignment.
    unsafe { v128_load(lanes.as_ptr().cast()) }
}

#[inline(always)]
fn lanes(vector: v128) -> Lanes {
    let mut lanes = [0; COUNT];
    // SAFETY: a reference to 16 bytes; the store needs no alignment.
    unsafe { v128_store(lanes.as_mut_ptr().cast(), vector) };
    lanes
}
