//! The activations of the convolutions, for programs that show how a model sees an image.

use crate::kernel::{self, DeviceRow, Image, PATCH_SIDE, PooledRow};
use bytemuck::Zeroable;
use lenet_core::Model;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_PIXELS, POOL_SIDE, POOL1_SIDE, POOL2_SIDE};

/// The feature maps of one image: the activations of both convolutions after ReLU and pooling.
///
/// They are what [`Engine::classify`](crate::Engine::classify) computes on its way to the logits, by the same kernels. The
/// engine keeps few of them at a time, so they are computed here once more, in 1,120 bytes that the caller owns. An
/// activation is 0 to 255, or less in a model with narrower activations.
///
/// # Example
///
/// ```
/// use lenet_infer::{FeatureMaps, SHIPPED};
///
/// let image = [0; 784];
/// let maps = FeatureMaps::new(&SHIPPED.model, &image);
/// let brightest = maps.conv1[0].as_flattened().iter().max();
/// assert!(brightest.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureMaps {
    /// The six maps of the first convolution, `[channel][row][column]`.
    pub conv1: [[[u8; POOL1_SIDE]; POOL1_SIDE]; CONV1_CHANNELS],
    /// The sixteen maps of the second convolution, `[channel][row][column]`.
    pub conv2: [[[u8; POOL2_SIDE]; POOL2_SIDE]; CONV2_CHANNELS],
}

impl FeatureMaps {
    /// Computes the feature maps that `model` has for `image`: 0 for paper to 255 for ink, row by row.
    #[must_use]
    pub fn new(model: &Model<'_>, image: &[u8; IMAGE_PIXELS]) -> Self {
        let image: &Image = bytemuck::must_cast_ref(image);
        let device = kernel::device(model.conv2());
        let mut pooled1 = [DeviceRow::zeroed(); POOL1_SIDE];
        for (y, output) in pooled1.iter_mut().enumerate() {
            kernel::conv1_row(device, model.conv1(), patch_rows(image, y), output);
        }
        let mut pooled2 = [[[0; CONV2_CHANNELS]; POOL2_SIDE]; POOL2_SIDE];
        for (y, output) in pooled2.iter_mut().enumerate() {
            kernel::conv2_row(device, model.conv2(), patch_rows(&pooled1, y), output);
        }
        Self { conv1: by_channel(&pooled1.map(PooledRow::from)), conv2: by_channel(&pooled2) }
    }
}

/// The input rows of pooled row `y`. Clamped so that no bounds check is needed.
fn patch_rows<T, const ROWS: usize>(input: &[T; ROWS], y: usize) -> [&T; PATCH_SIDE] {
    core::array::from_fn(|row| &input[(POOL_SIDE * y + row).min(ROWS - 1)])
}

/// Turns `[row][column][channel]`, as activations lie in memory, into `[channel][row][column]`.
fn by_channel<const CHANNELS: usize, const SIDE: usize>(
    activations: &[[[u8; CHANNELS]; SIDE]; SIDE],
) -> [[[u8; SIDE]; SIDE]; CHANNELS] {
    core::array::from_fn(|channel| activations.map(|row| row.map(|position| position[channel])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SHIPPED, SHIPPED_INT4};
    use lenet_core::model::{ConvWeights, Hidden};
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The definition: the requantized maximum of the accumulators under each pooling window, `[channel][row][column]`.
    fn naive<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        layer: &Hidden<'_, ConvWeights<'_, TAPS, PAIRS>, OUT>,
        (channels, side): (usize, usize),
        input: impl Fn(usize, usize, usize) -> u8,
    ) -> Vec<u8> {
        let accumulator = |out: usize, bias: i32, y: usize, x: usize| {
            let taps =
                (0..5).flat_map(|dy| (0..5).flat_map(move |dx| (0..channels).map(move |c| (c, dy, dx))));
            taps.enumerate().fold(bias, |sum, (tap, (channel, dy, dx))| {
                let weight = layer.weights().tap(out / 2, tap)[out % 2];
                sum + i32::from(weight) * i32::from(input(channel, y + dy, x + dx))
            })
        };
        let pooled = (side - 4) / 2;
        let outputs = layer.biases().iter().zip(layer.requants().iter()).enumerate();
        let maps = outputs.flat_map(|(out, (bias, requant))| {
            (0..pooled * pooled).map(move |at| {
                let (y, x) = (at / pooled * 2, at % pooled * 2);
                let window = [(0, 0), (0, 1), (1, 0), (1, 1)];
                let largest = window.map(|(dy, dx)| accumulator(out, bias, y + dy, x + dx)).into_iter().max();
                requant.activation(largest.unwrap(), layer.largest_activation())
            })
        });
        maps.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn feature_maps_are_the_pooled_convolutions_by_definition(
            pixels in proptest::array::uniform32(any::<[u8; 32]>()),
            int4 in any::<bool>(),
        ) {
            let image: &[u8; 784] = pixels.as_flattened().first_chunk().unwrap();
            let model = if int4 { &SHIPPED_INT4.model } else { &SHIPPED.model };
            let maps = FeatureMaps::new(model, image);
            let conv1 = naive(model.conv1(), (1, 28), |_, y, x| image[28 * y + x]);
            prop_assert_eq!(maps.conv1.as_flattened().as_flattened(), conv1);
            let conv2 = naive(model.conv2(), (6, 12), |channel, y, x| maps.conv1[channel][y][x]);
            prop_assert_eq!(maps.conv2.as_flattened().as_flattened(), conv2);
        }
    }
}
