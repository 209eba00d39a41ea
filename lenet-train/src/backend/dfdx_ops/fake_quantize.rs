//! Fake quantization, built from dfdx's own operations.
//!
//! Every step is exact in f32. The product of a 16-bit number and the 16-bit multiplier would not be, so the multiplier is
//! split into its two bytes: `floor(t * m / 2^8) = t * high + floor(t * low / 2^8)`, where no number exceeds 2^24.

use super::rounding::floor;
use crate::backend::{Batch, FakeQuantize};
use dfdx::prelude::{
    Axes, Axis, BroadcastShapeTo, BroadcastTo, Device, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape,
    Tensor, TryAdd, TryMul, TrySub,
};
use lenet_core::Requant;

/// The number of bits in the multiplier's low byte.
const LOW_BITS: i32 = 8;
/// The shift that is left after the product was shifted right by the bits of the low byte.
const REST_BITS: i32 = Requant::ACTIVATION_SHIFT as i32 - LOW_BITS;

/// One number per channel.
type Channels<D> = Tensor<(usize,), f32, D>;

/// A [`FakeQuantize`] with its constants on a device.
#[derive(Clone, Debug)]
pub struct DfdxFakeQuantize<D: Device<f32>> {
    /// 2^-pre_shift of each requantization.
    unit: Channels<D>,
    /// The high byte of each multiplier.
    high: Channels<D>,
    /// The low byte of each multiplier, divided by 2^8.
    low: Channels<D>,
    /// The factor of each requantization as one f32 number.
    factor: Channels<D>,
    /// The largest activation.
    largest: f32,
}

impl<D: Device<f32>> DfdxFakeQuantize<D> {
    /// Uploads the constants of `fake_quantize`.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn new(device: &D, fake_quantize: &FakeQuantize) -> Result<Self, D::Err> {
        let upload = |number: fn(&Requant) -> f32| {
            per_channel(device, fake_quantize.requants.iter().map(number).collect())
        };
        Ok(DfdxFakeQuantize {
            unit: upload(|requant| 2_f32.powi(-i32::from(requant.pre_shift())))?,
            high: upload(|requant| f32::from(requant.multiplier() >> LOW_BITS))?,
            low: upload(|requant| f32::from(requant.multiplier() as u8) * 2_f32.powi(-LOW_BITS))?,
            factor: per_channel(device, fake_quantize.factors.clone())?,
            largest: f32::from(fake_quantize.largest),
        })
    }

    /// Fake-quantizes accumulators with magnitudes below 2^24. `Ax` are the axes that are not the axis of the channels.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn apply<S: Shape, Ax: Axes, T: Tape<f32, D>>(
        &self,
        accumulators: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>, D::Err>
    where
        (usize,): BroadcastShapeTo<S, Ax>,
    {
        let shape = *accumulators.shape();
        let (accumulators, tape) = accumulators.split_tape();
        let broadcast = |channels: &Channels<D>| channels.clone().try_broadcast_like::<_, Ax>(&shape);
        let scaled = accumulators.clone().try_mul(broadcast(&self.factor)?)?;
        let slopes = self.passes(&accumulators, scaled)?.try_mul(broadcast(&self.factor)?)?;
        // The difference between the activation and `slope * accumulator`. Their sum is exact in f32.
        let line = accumulators.clone().try_mul(slopes.clone())?;
        let corrections = self.activations(accumulators.clone(), broadcast)?.try_sub(line)?;
        accumulators.put_tape(tape).try_mul(slopes)?.try_add(corrections)
    }

    /// Fake-quantizes the accumulators of a fully-connected layer with `LEN` outputs.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn apply_dense<const LEN: usize, T: Tape<f32, D>>(
        &self,
        accumulators: Batch<LEN, D, T>,
    ) -> Result<Batch<LEN, D, T>, D::Err> {
        let shape = *accumulators.shape();
        let matrix: Tensor<(usize, usize), f32, D, T> = accumulators.try_reshape_like(&(shape.0, LEN))?;
        self.apply::<_, Axis<0>, _>(matrix)?.try_reshape_like(&shape)
    }

    /// Computes [`Requant::activation`] of each accumulator.
    fn activations<S: Shape>(
        &self,
        accumulators: Tensor<S, f32, D>,
        broadcast: impl Fn(&Channels<D>) -> Result<Tensor<S, f32, D>, D::Err>,
    ) -> Result<Tensor<S, f32, D>, D::Err> {
        let shifted = accumulators.try_mul(broadcast(&self.unit)?)?.try_clamp(0.0, u16::MAX)?;
        let narrow = floor(shifted)?;
        let low = floor(narrow.clone().try_mul(broadcast(&self.low)?)?)?;
        let product = narrow.try_mul(broadcast(&self.high)?)?.try_add(low)?;
        // The largest product that still gives the largest activation.
        let limit = (self.largest + 1.0) * 2_f32.powi(REST_BITS) - 1.0;
        floor(product.try_clamp(0.0, limit)?.try_mul(2_f32.powi(-REST_BITS))?)
    }

    /// Returns 1 where the gradient passes, else 0. It passes where the accumulator is above 0, and `scaled`, the
    /// accumulator times its factor, is below the end of the activation range.
    fn passes<S: Shape>(
        &self,
        accumulators: &Tensor<S, f32, D>,
        scaled: Tensor<S, f32, D>,
    ) -> Result<Tensor<S, f32, D>, D::Err> {
        // The end of the range is a power of two, and the next smaller f32 number is smaller by 2^-24 of it.
        let resolution = 2_f32.powi(24);
        let below =
            scaled.try_mul(-resolution / (self.largest + 1.0))?.try_add(resolution)?.try_clamp(0.0, 1.0)?;
        accumulators.clone().try_clamp(0.0, 1.0)?.try_mul(below)
    }
}

fn per_channel<D: Device<f32>>(device: &D, numbers: Vec<f32>) -> Result<Channels<D>, D::Err> {
    let len = numbers.len();
    device.try_tensor_from_vec(numbers, (len,))
}
