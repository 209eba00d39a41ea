//! Whether the sums of conv2 fit in 21 bits, which lets more than one of them share a word.
//!
//! They do if the positive weights of each channel add up to at most 4,112, and the negative ones too: 255 * 4,112 <
//! 2^20. Trained models are far below. The check runs once per engine, at compile time for an engine in a constant.

use core::hint::black_box;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV2_PAIRS, CONV2_TAPS};

/// The largest sum of a channel's positive weights, and of its negative ones, for which 21 bits hold every sum.
const REACH: i32 = (1 << 20) / 255;

/// Whether some channel has sums beyond 21 bits for some input.
pub(super) const fn exceeds_21_bits(layer: &Conv2<'_>) -> bool {
    let weights = layer.weights();
    let mut pair = 0;
    while pair < CONV2_PAIRS {
        let (mut positive, mut negative) = ([0_i32; 2], [0_i32; 2]);
        let mut tap = 0;
        while tap < CONV2_TAPS {
            let [even, odd] = weights.tap(pair, tap);
            add_to_side(&mut positive[0], &mut negative[0], even);
            add_to_side(&mut positive[1], &mut negative[1], odd);
            // Hidden, or the compiler would unroll it, for code that runs once.
            tap = black_box(tap + 1);
        }
        let ([p0, p1], [n0, n1]) = (positive, negative);
        if p0 > REACH || p1 > REACH || n0 < -REACH || n1 < -REACH {
            return true;
        }
        pair += 1;
    }
    false
}

/// Adds a weight to the sum of those with its sign. Wrapping, because the compiler does not see that 150 weights fit.
const fn add_to_side(positive: &mut i32, negative: &mut i32, weight: i8) {
    let side = if weight > 0 { positive } else { negative };
    *side = side.wrapping_add(weight as i32);
}
