//! From accumulators to activations, by the rule of [`lenet_core::requant`], in halfwords.
//!
//! `VPACKUSDW` clamps to 16 bits without a sign, as the rule does, and the upper half of a product of halfwords is the
//! product shifted by 16. So two registers of accumulators are finished at a time, and four are stored.
//!
//! Packing keeps what comes from one quarter of a register, 128 bits, in that quarter. A function here takes quarters as
//! they come, and says what is in them.

use super::{LANES, Stored};
use bytemuck::must_cast;
use core::arch::x86_64::*;
use lenet_core::Requant;
use lenet_core::model::Hidden;

/// What the upper half of a product leaves of the shift after the multiply.
const REST_OF_SHIFT: u32 = Requant::ACTIVATION_SHIFT - u16::BITS;
/// Lanes in a quarter of a register.
const QUARTER: usize = LANES / 4;

/// For each quarter, the order that exchanges its words and the bytes in them.
pub(super) const BYTES_TRANSPOSED: [u8; LANES] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

/// The requants of the 16 lanes of a register of accumulators.
pub(super) type Requants = [Requant; LANES];

/// The requants of all outputs in pairs of registers, with factors of 0 after the last output.
pub(super) fn in_pairs<W: Copy, const OUT: usize, const PAIRS: usize>(
    layer: &Hidden<'_, W, OUT>,
) -> [[Requants; 2]; PAIRS] {
    const { assert!(OUT <= 2 * LANES * PAIRS) };
    let nothing = Requant::new(0, 0).expect("a shift of 0 is in range");
    let mut pairs = [[[nothing; LANES]; 2]; PAIRS];
    let lanes = pairs.as_flattened_mut().as_flattened_mut();
    lanes.iter_mut().zip(layer.requants().iter()).for_each(|(lane, requant)| *lane = requant);
    pairs
}

/// The requants of two registers of accumulators.
pub(super) struct Pair {
    shifts: [Stored; 2],
    /// Halfwords: for each quarter, four of the first register and four of the second.
    multipliers: Stored,
}

impl Pair {
    pub(super) fn new(requants: [Requants; 2]) -> Self {
        let shifts = requants.map(|lanes| Stored::words(lanes.map(|requant| requant.pre_shift().into())));
        let multipliers: [u16; 2 * LANES] = core::array::from_fn(|at| {
            let (quarter, register, lane) = (at / (2 * QUARTER), at / QUARTER % 2, at % QUARTER);
            requants[register][QUARTER * quarter + lane].multiplier()
        });
        Self { shifts, multipliers: Stored(must_cast(multipliers)) }
    }

    /// Requantizes accumulators, but for the clamp to the largest activation: 0 to 511. Each quarter of the result has
    /// four halfwords of the first register and four of the second.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn steps(&self, [a, b]: [__m512i; 2]) -> __m512i {
        let [first, second] = &self.shifts;
        let (a, b) = (_mm512_srav_epi32(a, first.load()), _mm512_srav_epi32(b, second.load()));
        let product = _mm512_mulhi_epu16(_mm512_packus_epi32(a, b), self.multipliers.load());
        _mm512_srli_epi16::<REST_OF_SHIFT>(product)
    }
}

/// The largest activation of a layer, in all bytes.
pub(super) fn largest<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>) -> Stored {
    Stored::quarters([layer.largest_activation(); _])
}

/// Clamps the steps of four registers of accumulators to the largest activation. Each quarter of the result has four
/// bytes of each register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn activations([a, b]: [__m512i; 2], max: &Stored) -> __m512i {
    _mm512_min_epu8(_mm512_packus_epi16(a, b), max.load())
}

/// Brings the activations of four registers into the order of the registers, 16 of each.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn by_register(activations: __m512i) -> __m512i {
    _mm512_permutexvar_epi32(words_transposed(), activations)
}

/// The order that exchanges quarters and the words in them.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn words_transposed() -> __m512i {
    _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
}
