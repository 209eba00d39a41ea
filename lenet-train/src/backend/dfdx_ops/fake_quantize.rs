//! FakeQuantize from dfdx's own operations, for every device: what a GPU runs.
//!
//! Every step is exact in f32. The product of a 16-bit number and the 16-bit multiplier is not, so the multiplier is
//! split into its bytes: `floor(t * m / 2^8) = t * high + floor(t * low / 2^8)`, where nothing exceeds 2^24.

use super::rounding::floor;
use crate::backend::{Batch, FakeQuantize};
use dfdx::prelude::{
    Axes, Axis, BroadcastShapeTo, BroadcastTo, Device, HasShape, PutTape, ReshapeTo, Shape, SplitTape, Tape,
    Tensor, TryAdd, TryMul, TrySub,
};
use lenet_core::Requant;

/// Bits of the multiplier's low byte.
const LOW_BITS: i32 = 8;
/// Shift of what is left of the product once the low byte's bits are shifted out.
const REST_BITS: i32 = Requant::ACTIVATION_SHIFT as i32 - LOW_BITS;

/// One number a channel.
type Channels<D> = Tensor<(usize,), f32, D>;

/// A [`FakeQuantize`] whose constants are on a device.
#[derive(Clone, Debug)]
pub struct DfdxFakeQuantize<D: Device<f32>> {
    /// 2^-pre_shift.
    unit: Channels<D>,
    /// The multiplier's high byte.
    high: Channels<D>,
    /// Its low byte, divided by 2^8.
    low: Channels<D>,
    factor: Channels<D>,
    largest: f32,
}

impl<D: Device<f32>> DfdxFakeQuantize<D> {
    /// Uploads the constants of `rounding`.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
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

    /// Rounds accumulators, magnitudes below 2^24, whose channels lie along the axis that is not `Ax`.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub fn apply<S: Shape, Ax: Axes, T: Tape<f32, D>>(
        &self,
        accumulators: Tensor<S, f32, D, T>,
    ) -> Result<Tensor<S, f32, D, T>, D::Err>
    where
        (usize,): BroadcastShapeTo<S, Ax>,
    {
        let shape = *accumulators.shape();
        let (accumulators, tape) = accumulators.split_tape();
        let spread = |channels: &Channels<D>| channels.clone().try_broadcast_like::<_, Ax>(&shape);
        let scaled = accumulators.clone().try_mul(spread(&self.factor)?)?;
        let slopes = self.passes(&accumulators, scaled)?.try_mul(spread(&self.factor)?)?;
        // What is missing from `slope * accumulator` to the activation. f32 has room for the sum to be exact.
        let line = accumulators.clone().try_mul(slopes.clone())?;
        let corrections = self.activations(accumulators.clone(), spread)?.try_sub(line)?;
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

    /// [`Requant::activation`].
    fn activations<S: Shape>(
        &self,
        accumulators: Tensor<S, f32, D>,
        spread: impl Fn(&Channels<D>) -> Result<Tensor<S, f32, D>, D::Err>,
    ) -> Result<Tensor<S, f32, D>, D::Err> {
        let shifted = accumulators.try_mul(spread(&self.unit)?)?.try_clamp(0.0, u16::MAX)?;
        let narrow = floor(shifted)?;
        let low = floor(narrow.clone().try_mul(spread(&self.low)?)?)?;
        let product = narrow.try_mul(spread(&self.high)?)?.try_add(low)?;
        // The largest product that still gives the largest activation.
        let limit = (self.largest + 1.0) * 2_f32.powi(REST_BITS) - 1.0;
        floor(product.try_clamp(0.0, limit)?.try_mul(2_f32.powi(-REST_BITS))?)
    }

    /// 1 where the gradient passes, else 0, from the accumulators and those times their factor: where the one is above
    /// 0, and the other below the end of the range.
    fn passes<S: Shape>(
        &self,
        accumulators: &Tensor<S, f32, D>,
        scaled: Tensor<S, f32, D>,
    ) -> Result<Tensor<S, f32, D>, D::Err> {
        // The end is a power of two; the f32 number before it is less by 2^-24 of it.
        let whole = 2_f32.powi(24);
        let below = scaled.try_mul(-whole / (self.largest + 1.0))?.try_add(whole)?.try_clamp(0.0, 1.0)?;
        accumulators.clone().try_clamp(0.0, 1.0)?.try_mul(below)
    }
}

fn per_channel<D: Device<f32>>(device: &D, numbers: Vec<f32>) -> Result<Channels<D>, D::Err> {
    let len = numbers.len();
    device.try_tensor_from_vec(numbers, (len,))
}
