//! The two convolutions row by row: conv2 needs six pooled rows of conv1 at a time, so a ring of six is all that is
//! ever kept of them.

use super::{Features, Grey, PATCH_SIDE, Ring, Row, device};
use lenet_core::model::Conv;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL_SIDE, POOL1_SIDE,
    POOL2_SIDE,
};

/// From picture to features, by the back end's `conv_pool_row`.
pub(super) fn features(
    conv1: &Conv<'_, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    conv2: &Conv<'_, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    image: &Grey,
    ring: &mut Ring,
    features: &mut Features,
) {
    let mut pooled = 0;
    for (y, output) in features.iter_mut().enumerate() {
        let first = POOL_SIDE * y;
        while pooled < first + PATCH_SIDE {
            pooled_row(conv1, image, pooled, &mut ring[place(pooled)]);
            pooled += 1;
        }
        features_row(conv2, ring, first, output);
    }
}

/// One pooled row of conv1. A function of its own, as the next is, so that the stack holds the locals of one at a time.
#[inline(never)]
fn pooled_row(
    conv1: &Conv<'_, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    image: &Grey,
    pooled: usize,
    output: &mut Row<CONV1_CHANNELS, POOL1_SIDE>,
) {
    device::conv_pool_row(conv1, rows(image, POOL_SIDE * pooled), output);
}

/// One pooled row of conv2, from the six of conv1 from `first` on.
#[inline(never)]
fn features_row(
    conv2: &Conv<'_, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    ring: &Ring,
    first: usize,
    output: &mut Row<CONV2_CHANNELS, POOL2_SIDE>,
) {
    device::conv_pool_row(conv2, core::array::from_fn(|row| &ring[place(first + row)]), output);
}

/// Where in a ring of six a row is: its index modulo six, for fewer than twelve. Written so, since a small core divides
/// by a call and what it gives must be seen to be in range.
#[inline(always)]
pub(crate) fn place(row: usize) -> usize {
    let row = if row < PATCH_SIDE { row } else { row - PATCH_SIDE };
    row.min(PATCH_SIDE - 1)
}

/// The six rows from `first` on. Where they would leave the picture, which no row of a valid shape does, the last
/// is repeated: a way to say so that needs no panic.
#[inline(always)]
fn rows<Any, const SIDE: usize>(image: &[Any; SIDE], first: usize) -> [&Any; PATCH_SIDE] {
    core::array::from_fn(|row| &image[(first + row).min(SIDE - 1)])
}

const _: () = {
    // `place` wraps once, so fewer than twelve rows may be asked for at a time.
    assert!(POOL1_SIDE <= 2 * PATCH_SIDE);
};
