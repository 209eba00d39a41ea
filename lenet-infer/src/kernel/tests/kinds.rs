//! The three kinds of products of packed weights, as the assembly of `riscv32` sums them, in the arithmetic of the host.

use proptest::prelude::*;
use std::vec::Vec;

/// Six inputs, one below the other, and what they meet: five taps, one below the other, of `N` channels.
type Column<const N: usize> = ([u8; 6], [[i8; 5]; N]);

fn columns<const N: usize>(count: usize) -> impl Strategy<Value = Vec<Column<N>>> {
    let input = prop_oneof![2 => any::<u8>(), 1 => Just(0), 1 => Just(255)];
    let weight = prop_oneof![4 => any::<i8>(), 1 => Just(-128), 1 => Just(127)];
    let weights = proptest::collection::vec(weight, 5 * N);
    let weights =
        weights.prop_map(|all| core::array::from_fn(|c| core::array::from_fn(|tap| all[5 * c + tap])));
    let inputs = proptest::collection::vec(input, 6).prop_map(|all| all.try_into().unwrap());
    proptest::collection::vec((inputs, weights), count)
}

/// The sums of the upper and of the lower output.
fn by_definition<const N: usize>(columns: &[Column<N>]) -> [[i32; N]; 2] {
    let sum = |row: usize, channel: usize| -> i32 {
        let column = |(inputs, weights): &Column<N>| -> i32 {
            (0..5).map(|tap| i32::from(weights[channel][tap]) * i32::from(inputs[row + tap])).sum()
        };
        columns.iter().map(column).sum()
    };
    [0, 1].map(|row| core::array::from_fn(|channel| sum(row, channel)))
}

/// The words of the upper and of the lower output. `pack` makes words of one value per channel.
fn words<const N: usize, const WORDS: usize>(
    columns: &[Column<N>],
    seed: u32,
    pack: impl Fn([u32; N]) -> [u32; WORDS],
) -> [[u32; WORDS]; 2] {
    let (mut shared, mut upper, mut lower) = (pack([seed; N]), [0; WORDS], [0; WORDS]);
    let add = |sums: &mut [u32; WORDS], packed: [u32; WORDS], line: i16| {
        for (sum, word) in sums.iter_mut().zip(packed) {
            *sum = sum.wrapping_add(word.wrapping_mul(i32::from(line) as u32));
        }
    };
    for (inputs, weights) in columns {
        let [i0, i1, i2, i3, i4, i5] = inputs.map(i16::from);
        let [h0, h1, h2, h3, h4] =
            core::array::from_fn(|tap| pack(weights.map(|weights| i32::from(weights[tap]) as u32)));
        let both =
            |a: [u32; WORDS], b: [u32; WORDS]| core::array::from_fn(|word| a[word].wrapping_add(b[word]));
        let lines = [(both(h0, h1), i1), (both(h2, h3), i3)];
        lines.into_iter().for_each(|(words, line)| add(&mut shared, words, line));
        let lines = [(h0, i0 - i1), (h2, i2 - i3), (h4, i4)];
        lines.into_iter().for_each(|(words, line)| add(&mut upper, words, line));
        let lines = [(h1, i2 - i1), (h3, i4 - i3), (h4, i5)];
        lines.into_iter().for_each(|(words, line)| add(&mut lower, words, line));
    }
    [upper, lower].map(|sums| core::array::from_fn(|word| sums[word].wrapping_add(shared[word])))
}

proptest! {
    #[test]
    fn three_channels_of_conv1_are_read_out_of_two_words(columns in columns::<3>(5)) {
        let seed = 1_u32 << 20;
        let pack = |[a, b, c]: [u32; 3]| [a.wrapping_add(b << 21), c.wrapping_add(b << 11)];
        let found = words(&columns, seed, pack).map(|[first, second]| {
            let low = first >> 21 << 11;
            let rest = second.wrapping_sub(low);
            let sums = [first << 11 >> 11, low.wrapping_add(rest & 0xFFC0_0000) >> 11, rest << 10 >> 10];
            sums.map(|sum| sum.wrapping_sub(seed) as i32)
        });
        prop_assert_eq!(found, by_definition(&columns));
    }

    #[test]
    fn four_channels_of_conv2_are_read_out_of_three_words(columns in columns::<4>(30)) {
        let seed = 1_u32 << 23;
        let pack = |[a, b, c, d]: [u32; 4]| {
            [a.wrapping_add(d << 24), b.wrapping_add(d << 16), c.wrapping_add(d << 8)]
        };
        let found = words(&columns, seed, pack).map(|[first, second, third]| {
            let low = first >> 24;
            let rest = second.wrapping_sub(low << 16);
            let d = (low << 8) + (rest >> 24 << 16);
            let last = third.wrapping_sub(d);
            let sums = [first << 8, rest << 8, last << 8, d + (last & 0xFF00_0000)];
            sums.map(|sum| (sum >> 8).wrapping_sub(seed) as i32)
        });
        prop_assert_eq!(found, by_definition(&columns));
    }
}

#[test]
fn the_extremes_of_conv1_are_read_out() {
    for weight in [-128, 127] {
        let conv1 = [([255; 6], [[weight; 5]; 3]); 5];
        let pack = |[a, b, c]: [u32; 3]| [a.wrapping_add(b << 21), c.wrapping_add(b << 11)];
        let [[first, second], _] = words(&conv1, 1 << 20, pack);
        let sum = i32::from(weight) * 255 * 25;
        assert_eq!((first << 11 >> 11).wrapping_sub(1 << 20) as i32, sum);
        assert_eq!((second.wrapping_sub(first >> 21 << 11) << 11 >> 11).wrapping_sub(1 << 20) as i32, sum);
        assert_eq!(by_definition(&conv1), [[sum; 3]; 2]);
    }
}
