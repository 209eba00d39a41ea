//! From sums to activations, four windows at a time, by the rule of [`lenet_core::requant`].

use core::arch::wasm32::*;
use lenet_core::Requant;

/// Computes the activations of one channel in four windows: maximum over a window, bias, ReLU and requantization.
#[inline(always)]
pub(super) fn activations([a, b, c, d]: [v128; 4], bias: i32, requant: Requant, max: u8) -> [u8; 4] {
    let sum = i32x4_max(i32x4_max(a, b), i32x4_max(c, d));
    let accumulator = i32x4_add(sum, i32x4_splat(bias));
    let shifted = i32x4_shr(accumulator, requant.pre_shift().into());
    let narrow = i32x4_min(i32x4_max(shifted, i32x4_splat(0)), i32x4_splat(0xFFFF));
    let product = i32x4_mul(narrow, i32x4_splat(requant.multiplier().into()));
    let step = i32x4_min(u32x4_shr(product, Requant::ACTIVATION_SHIFT), i32x4_splat(max.into()));
    [
        i32x4_extract_lane::<0>(step) as u8,
        i32x4_extract_lane::<1>(step) as u8,
        i32x4_extract_lane::<2>(step) as u8,
        i32x4_extract_lane::<3>(step) as u8,
    ]
}
