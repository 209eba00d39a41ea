//! Random orders of images that are the same on every machine and in every release.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The order in which epoch `epoch` trains on `images` images: each of `0..images` once.
///
/// The order depends on the arguments only, so that a resumed run needs no state: it is Fisher-Yates over the
/// ChaCha8 stream number `epoch` of a key that holds `seed`.
///
/// # Panics
///
/// If `images` is beyond `u32`.
pub fn shuffled(seed: u64, epoch: u32, images: usize) -> Vec<u32> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    // Keeps the stream apart from those that other users of the same seed draw from.
    key[8..15].copy_from_slice(b"shuffle");
    permutation(key, u64::from(epoch), images)
}

/// The numbers `0..count` in a random order: Fisher-Yates over the ChaCha8 stream number `stream` of `key`.
///
/// # Panics
///
/// If `count` is beyond `u32`.
pub(super) fn permutation(key: [u8; 32], stream: u64, count: usize) -> Vec<u32> {
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(stream);
    let mut order: Vec<u32> = (0..u32::try_from(count).expect("fewer than 2^32 images")).collect();
    for last in (1..order.len()).rev() {
        // A 32-bit draw scaled to 0..=last; its bias is below 2^-15 for MNIST.
        let draw = (u64::from(random.next_u32()) * (last as u64 + 1)) >> 32;
        order.swap(last, draw as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_an_epoch_never_changes() {
        assert_eq!(shuffled(0, 1, 60_000)[..6], [37077, 47009, 45510, 28117, 45034, 59695]);
        assert_eq!(shuffled(42, 3, 10), [8, 1, 6, 0, 9, 4, 7, 2, 5, 3]);
    }

    #[test]
    fn an_epoch_meets_each_image_once_in_an_order_of_its_own() {
        let orders = [shuffled(7, 1, 1000), shuffled(7, 2, 1000), shuffled(8, 1, 1000)];
        for order in &orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..1000));
        }
        assert!(orders[0] != orders[1] && orders[0] != orders[2] && orders[1] != orders[2]);
        assert!(shuffled(7, 1, 0).is_empty());
    }
}
