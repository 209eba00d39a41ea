//! Ternary weights, one output at a time.

use lenet_core::model::unpack_ternary;

/// Computes the sums of neighboring outputs, whose rows of `row_bytes` bytes lie `stride` bytes apart.
///
/// # Safety
///
/// `weights` must be valid for reads of a row for each of `sums`.
#[cfg(any(lenet_device = "armv7m"))]
#[allow(unsafe_code)]
#[inline(never)]
pub(super) unsafe fn rows(
    weights: *const u8,
    row_bytes: usize,
    stride: usize,
    input: &[u8],
    sums: &mut [i32],
) {
    let mut weights = weights;
    for found in sums {
        // SAFETY: the caller guarantees it.
        let row = unsafe { core::slice::from_raw_parts(weights, row_bytes) };
        *found = sum(row, input);
        weights = weights.wrapping_add(stride);
    }
}

/// The sum of products of an output's ternary weights and `input`, in units of int8 weights.
///
/// Sums are added by `wrapping_add`, because the compiler does not see that none overflows: `lenet_core` asserts it.
pub(super) fn sum(row: &[u8], input: &[u8]) -> i32 {
    let mut sum = 0_i32;
    // The first weights of all bytes are those of the first inputs, and so on.
    for (place, input) in input.chunks(row.len().max(1)).enumerate() {
        for (activation, byte) in input.iter().zip(row) {
            let weight = unpack_ternary(*byte).get(place).copied().unwrap_or_default();
            sum = sum.wrapping_add(i32::from(*activation).wrapping_mul(weight.into()));
        }
    }
    sum
}
