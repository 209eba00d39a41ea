//! Four products per instruction, as the assembly of `armv7em` does it, in the arithmetic of the host.

use proptest::prelude::*;
use std::vec::Vec;

/// Twelve columns of activations and the five weights of a kernel row, for one input channel.
type Group = ([u8; 12], [i8; 5]);

/// Words of two neighboring activations, and words of two neighboring weights, the later one below.
fn words((activations, weights): &Group) -> ([i64; 6], [i64; 3]) {
    let activations = core::array::from_fn(|at| {
        i64::from(activations[2 * at]) + (i64::from(activations[2 * at + 1]) << 21)
    });
    let [w0, w1, w2, w3, w4] = weights.map(i64::from);
    (activations, [w1 + (w0 << 21), w3 + (w2 << 21), w4 << 21])
}

/// The sums of eight columns, read out of the lanes after all groups.
fn from_lanes(groups: &[Group]) -> [i32; 8] {
    let (mut accumulators, mut edge) = ([0x8000_0200_0010_0000_u64; 4], 0x10_0000_u32);
    for group in groups {
        let (activations, weights) = words(group);
        for (column, accumulator) in accumulators.iter_mut().enumerate() {
            for (x, w) in activations[column..].iter().zip(weights) {
                *accumulator = accumulator.wrapping_add((x * w) as u64);
            }
        }
        // `SMLABB`: the low halves only.
        let low = |word: i64| i32::from(word as i16);
        let products = low(activations[4]) * low(weights[0]) + low(activations[5]) * low(weights[1]);
        edge = edge.wrapping_add(products as u32);
    }
    let lows = accumulators.map(|accumulator| accumulator as u32);
    core::array::from_fn(|column| {
        let (low, high) = (lows[column / 2], (accumulators[column / 2] >> 32) as u32);
        let lane = if column % 2 == 0 {
            high << 22 | low >> 10
        } else {
            let next = *lows.get(column / 2 + 1).unwrap_or(&edge);
            (next << 11).wrapping_add(high << 1)
        };
        (lane >> 11) as i32 - 0x10_0000
    })
}

fn by_definition(groups: &[Group]) -> [i32; 8] {
    core::array::from_fn(|column| {
        let sum = |(activations, weights): &Group| -> i32 {
            weights.iter().zip(&activations[column..]).map(|(w, x)| i32::from(*w) * i32::from(*x)).sum()
        };
        groups.iter().map(sum).sum()
    })
}

/// Makes the positive weights add up to `limit` at most, and the negative ones to `-limit` at least.
fn limit_sums(groups: &mut [Group], limit: i32) {
    let mut left = [limit; 2];
    for weight in groups.iter_mut().flat_map(|(_, weights)| weights) {
        let left = &mut left[usize::from(*weight < 0)];
        *weight = i32::from(*weight).clamp(-*left, *left) as i8;
        *left -= i32::from(*weight).abs();
    }
}

/// The largest input for an output column, or the smallest: ink under the weights of one sign.
fn ink_under(groups: &mut [Group], column: usize, positive: bool) {
    for (activations, weights) in groups {
        for (activation, weight) in activations[column..].iter_mut().zip(*weights) {
            *activation = if (weight > 0) == positive { 255 } else { 0 };
        }
    }
}

fn groups(count: usize) -> impl Strategy<Value = Vec<Group>> {
    let activation = prop_oneof![2 => any::<u8>(), 1 => Just(0), 1 => Just(255)];
    let weight = prop_oneof![4 => any::<i8>(), 1 => Just(-128), 1 => Just(127), 1 => Just(0)];
    let group = (proptest::collection::vec(activation, 12), proptest::collection::vec(weight, 5));
    let group = group.prop_map(|(a, w)| (a.try_into().unwrap(), w.try_into().unwrap()));
    proptest::collection::vec(group, count)
}

proptest! {
    #[test]
    fn the_lanes_hold_150_products_of_weights_that_add_up_to_4112(
        mut groups in groups(30), column in 0..8_usize, positive in any::<bool>(),
    ) {
        limit_sums(&mut groups, 4_112);
        prop_assert_eq!(from_lanes(&groups), by_definition(&groups));
        ink_under(&mut groups, column, positive);
        prop_assert_eq!(from_lanes(&groups), by_definition(&groups));
    }

    #[test]
    fn the_lanes_hold_30_products_of_any_weights(
        mut groups in groups(6), column in 0..8_usize, positive in any::<bool>(),
    ) {
        prop_assert_eq!(from_lanes(&groups), by_definition(&groups));
        ink_under(&mut groups, column, positive);
        prop_assert_eq!(from_lanes(&groups), by_definition(&groups));
    }
}

#[test]
fn the_limit_is_exact() {
    let ink = |sum: usize| -> Vec<Group> {
        let weight = |tap: usize| (sum / 150 + usize::from(tap < sum % 150)) as i8;
        (0..30).map(|group| ([255; 12], core::array::from_fn(|at| weight(5 * group + at)))).collect()
    };
    assert_eq!(from_lanes(&ink(4_112)), by_definition(&ink(4_112)));
    assert_ne!(from_lanes(&ink(4_113)), by_definition(&ink(4_113)));
}

#[test]
fn the_extremes_of_a_kernel_row_are_held() {
    for weight in [-128, 127] {
        let groups = [([255; 12], [weight; 5]); 6];
        assert_eq!(from_lanes(&groups), by_definition(&groups));
    }
}

#[test]
fn the_lanes_hold_the_sums_of_the_shipped_models() {
    for model in [&crate::SHIPPED.model, &crate::SHIPPED_INT4.model] {
        let weights = model.conv2().weights();
        for channel in 0..16 {
            let weights = (0..150).map(|tap| i32::from(weights.tap(channel / 2, tap)[channel % 2]));
            let positive: i32 = weights.clone().filter(|weight| *weight > 0).sum();
            let negative: i32 = weights.filter(|weight| *weight < 0).sum();
            assert!(positive <= 4_112 && negative >= -4_112, "channel {channel}: {positive}, {negative}");
        }
    }
}
