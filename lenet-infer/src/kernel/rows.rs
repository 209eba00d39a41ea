//! The two convolutions row by row: conv2 needs six pooled rows of conv1 at a time, so a ring of six is all that is
//! ever kept of them.

use super::{Features, Grey, PATCH_SIDE, Ring, device};
use lenet_core::model::Conv;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL_SIDE,
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
            device::conv_pool_row(conv1, rows(image, POOL_SIDE * pooled), &mut ring[pooled % PATCH_SIDE]);
            pooled += 1;
        }
        let rows = core::array::from_fn(|row| &ring[(first + row) % PATCH_SIDE]);
        device::conv_pool_row(conv2, rows, output);
    }
}

/// The six rows from `first` on. Where they would leave the picture, which no row of a valid shape does, the last
/// is repeated: a way to say so that needs no panic.
#[inline(always)]
fn rows<Row, const SIDE: usize>(image: &[Row; SIDE], first: usize) -> [&Row; PATCH_SIDE] {
    core::array::from_fn(|row| &image[(first + row).min(SIDE - 1)])
}
