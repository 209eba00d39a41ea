//! The packing of several sums in fewer words, as the assembly of `armv6m` does it, in the arithmetic of the host.

use proptest::prelude::*;

proptest! {
    /// The packing of conv1 in `armv6m`, in the arithmetic of the host.
    #[test]
    fn three_sums_of_25_products_are_read_out_of_two_words(
        taps in proptest::collection::vec((any::<u8>(), any::<[i8; 3]>()), 25),
    ) {
        let (mut low, mut high, mut expected) = (0_u32, 0_u32, [0_i32; 3]);
        for (activation, weights) in taps {
            let [a, b, c] = weights.map(|weight| weight as i32 as u32);
            low = low.wrapping_add(a.wrapping_add(b << 21).wrapping_mul(activation.into()));
            high = high.wrapping_add(c.wrapping_add(b << 11).wrapping_mul(activation.into()));
            for (sum, weight) in expected.iter_mut().zip(weights) {
                *sum += i32::from(activation) * i32::from(weight);
            }
        }
        let a = (low << 11) as i32 >> 11;
        let low = low.wrapping_sub(a as u32);
        let high = high.wrapping_sub(low >> 10);
        let c = (high << 10) as i32 >> 10;
        // The low 11 bits of b are in one word, the rest in the other.
        let b = (low >> 21).wrapping_add((high.wrapping_sub(c as u32) as i32 >> 11) as u32) as i32;
        prop_assert_eq!([a, b, c], expected);
    }

    /// The packing of conv2 in `armv6m`: four sums of 150 products in three words.
    #[test]
    fn four_sums_of_150_products_are_read_out_of_three_words(
        taps in proptest::collection::vec((any::<u8>(), any::<[i8; 4]>()), 150),
    ) {
        let (mut words, mut expected) = ([0_u32; 3], [0_i32; 4]);
        for (activation, weights) in taps {
            let [a, b, c, d] = weights.map(|weight| weight as i32 as u32);
            let packed = [a.wrapping_add(d << 24), c.wrapping_add(d << 8), b.wrapping_add(d << 16)];
            for (word, packed) in words.iter_mut().zip(packed) {
                *word = word.wrapping_add(packed.wrapping_mul(activation.into()));
            }
            for (sum, weight) in expected.iter_mut().zip(weights) {
                *sum += i32::from(activation) * i32::from(weight);
            }
        }
        let sign_extended = |word: u32| (word << 8) as i32 >> 8;
        let [first, second, third] = words;
        let a = sign_extended(first);
        let low = first.wrapping_sub(a as u32);
        let rest = third.wrapping_sub(low >> 8);
        let b = sign_extended(rest);
        let middle = rest.wrapping_sub(b as u32);
        let rest = second.wrapping_sub(low >> 16).wrapping_sub(middle >> 8);
        let c = sign_extended(rest);
        let high = rest.wrapping_sub(c as u32) as i32 >> 8;
        let d = high.wrapping_add((middle >> 16) as i32).wrapping_add((low >> 24) as i32);
        prop_assert_eq!([a, b, c, d], expected);
    }
}
