//! Second convolutions whose sums are at the limit of what a back end may hold without a special path: see
//! `armv7em::conv2`.

use lenet_core::error::Layer;
use lenet_core::model::{Conv2, Weights};
use lenet_core::shape::{CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS};

/// What the positive weights of a channel add up to, and the negative ones, at the limit.
const LIMIT: usize = 4_112;

type Int8 = [[[u8; 2]; CONV2_TAPS]; CONV2_PAIRS];

/// Two sets of weights, with sums at the limit, and one above it.
static WEIGHTS: [Int8; 2] = [weights(LIMIT), weights(LIMIT + 1)];
static BIASES: [[u8; 4]; CONV2_CHANNELS] = [[0; 4]; CONV2_CHANNELS];
/// Accumulators up to 2^20 become activations up to 255, and none is clamped.
static REQUANTS: [[u8; 3]; CONV2_CHANNELS] = [[0xFF, 0x7F, 4]; CONV2_CHANNELS];

/// A layer at the limit for an even `case`, and beyond it for an odd one.
pub(super) fn conv2(case: u32) -> Conv2<'static> {
    let weights = Weights::Int8(&WEIGHTS[case as usize % 2]);
    Conv2::new(Layer::Conv2, weights, &BIASES, &REQUANTS, 8).expect("all values are in range")
}

/// Four kinds of channels: only positive weights, only negative ones, both in turn, and few but extreme ones. Each
/// channel begins at another tap.
const fn weights(sum: usize) -> Int8 {
    let mut weights = [[[0; 2]; CONV2_TAPS]; CONV2_PAIRS];
    let mut channel = 0;
    while channel < CONV2_CHANNELS {
        let mut tap = 0;
        while tap < CONV2_TAPS {
            let weight = match channel % 4 {
                0 => share(sum, CONV2_TAPS, tap),
                1 => -share(sum, CONV2_TAPS, tap),
                2 if tap % 2 == 0 => share(sum, CONV2_TAPS / 2, tap / 2),
                2 => -share(sum, CONV2_TAPS / 2, tap / 2),
                _ if tap < 33 => share(sum, 33, tap),
                _ if tap < 66 => -share(sum, 33, tap - 33),
                _ => 0,
            };
            let place = (tap + 7 * channel) % CONV2_TAPS;
            weights[channel / 2][place][channel % 2] = weight as u8;
            tap += 1;
        }
        channel += 1;
    }
    weights
}

/// The part of `sum` that is due to the weight at `index` of `count`.
const fn share(sum: usize, count: usize, index: usize) -> i32 {
    (sum / count + (index < sum % count) as usize) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_layer_is_at_the_limit_and_one_is_beyond_it() {
        for (case, limit) in [(0, LIMIT as i32), (1, LIMIT as i32 + 1)] {
            for channel in 0..CONV2_CHANNELS {
                let weights =
                    (0..CONV2_TAPS).map(|tap| conv2(case).weights().tap(channel / 2, tap)[channel % 2]);
                let sum = |positive: bool| {
                    weights.clone().filter(|w| (*w > 0) == positive).map(i32::from).sum::<i32>()
                };
                let expected = match channel % 4 {
                    0 => (limit, 0),
                    1 => (0, -limit),
                    _ => (limit, -limit),
                };
                assert_eq!((sum(true), sum(false)), expected, "channel {channel}");
            }
        }
    }
}
