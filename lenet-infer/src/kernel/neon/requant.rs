//! From sums to activations, four at a time, by the rule of [`lenet_core::requant`].

use core::arch::aarch64::*;
use lenet_core::Requant;
use lenet_core::model::Hidden;
use lenet_core::shape::CONV2_TAPS;

/// What the upper half of a product leaves of the shift after the multiply.
const REST_OF_SHIFT: i32 = (Requant::ACTIVATION_SHIFT - u16::BITS) as i32;

/// What the convolutions take from an activation, so that it fits in a byte with a sign.
pub(super) const LOWERED: u8 = 128;

// With what that takes from a sum, a bias stays within `i32`: see `MAX_BIAS`.
const _: () = assert!(CONV2_TAPS <= 256 && 256 * 128 * (LOWERED as i64) < 1 << 30);

/// The biases and the requants of four outputs of a convolution, one per lane.
#[derive(Clone, Copy)]
pub(super) struct Finish {
    biases: [i32; 4],
    /// Negative: `SSHL` shifts to the left.
    shifts: [i32; 4],
    multipliers: [u16; 4],
}

impl Finish {
    /// Four outputs that are 0.
    pub(super) const NOTHING: Self = Self { biases: [0; 4], shifts: [0; 4], multipliers: [0; 4] };

    /// Sets the bias and the requant of a lane. `weights` is the sum of the output's weights: the bias makes up for what was
    /// taken from the activations.
    #[inline(always)]
    pub(super) fn set(&mut self, lane: usize, bias: i32, requant: Requant, weights: i32) {
        self.biases[lane % 4] = bias.wrapping_add(i32::from(LOWERED).wrapping_mul(weights));
        self.shifts[lane % 4] = -i32::from(requant.pre_shift());
        self.multipliers[lane % 4] = requant.multiplier();
    }

    /// Computes four activations from the sums of lowered activations: bias, ReLU and requantization.
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn activations(&self, sums: int32x4_t, max: uint16x4_t) -> uint16x4_t {
        // SAFETY: references to 16 and to eight bytes; the loads need no alignment.
        let (biases, shifts, multipliers) = unsafe {
            (
                vld1q_s32(self.biases.as_ptr()),
                vld1q_s32(self.shifts.as_ptr()),
                vld1_u16(self.multipliers.as_ptr()),
            )
        };
        activations(vaddq_s32(sums, biases), shifts, multipliers, max)
    }
}

/// Computes four activations from accumulators.
#[inline]
#[target_feature(enable = "neon")]
fn activations(
    accumulators: int32x4_t,
    shifts: int32x4_t,
    multipliers: uint16x4_t,
    max: uint16x4_t,
) -> uint16x4_t {
    // `SQXTUN` clamps to 16 bits without a sign, as the rule does.
    let narrow = vqmovun_s32(vshlq_s32(accumulators, shifts));
    let halves = vshrn_n_u32::<{ u16::BITS as i32 }>(vmull_u16(narrow, multipliers));
    vmin_u16(vshr_n_u16::<REST_OF_SHIFT>(halves), max)
}

/// Computes the activations of a layer from its accumulators, eight at a time.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn all<W: Copy, const OUT: usize>(
    layer: &Hidden<'_, W, OUT>,
    accumulators: &[i32; OUT],
    output: &mut [u8; OUT],
) {
    /// Outputs at a time.
    const STEP: usize = 8;
    const { assert!(OUT >= STEP) };
    let max = vdup_n_u16(layer.largest_activation().into());
    let requants = layer.requants().as_bytes();
    for start in (0..OUT).step_by(STEP) {
        // The last step overlaps the one before it.
        let start = start.min(OUT - STEP);
        let (Some(accumulators), Some(requants), Some(output)) = (
            accumulators[start..].first_chunk::<STEP>(),
            requants[start..].first_chunk::<STEP>(),
            output[start..].first_chunk_mut::<STEP>(),
        ) else {
            continue;
        };
        // SAFETY: references to 24 and to 32 bytes; the loads need no alignment.
        let (uint8x8x3_t(low, high, shift), accumulators) =
            unsafe { (vld3_u8(requants.as_ptr().cast()), vld1q_s32_x2(accumulators.as_ptr())) };
        let multipliers = vorrq_u16(vmovl_u8(low), vshll_n_u8::<8>(high));
        let shifts = vnegq_s16(vreinterpretq_s16_u16(vmovl_u8(shift)));
        let first =
            activations(accumulators.0, vmovl_s16(vget_low_s16(shifts)), vget_low_u16(multipliers), max);
        let last = activations(accumulators.1, vmovl_high_s16(shifts), vget_high_u16(multipliers), max);
        // SAFETY: a reference to eight bytes; the store needs no alignment.
        unsafe { vst1_u8(output.as_mut_ptr(), vmovn_u16(vcombine_u16(first, last))) };
    }
}
