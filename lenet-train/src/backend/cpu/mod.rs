//! The CPU: convolutions of our own, since dfdx has none on stable Rust.

mod arithmetic;
pub(crate) mod conv;
pub(crate) mod simd;

pub use arithmetic::{Arithmetic, arithmetic};

use crate::backend::{Backend, Batch, ConvLayers, FakeQuantize, Features, Pixels};
use dfdx::prelude::{Cpu, Storage, Tape};

impl Backend for Cpu {
    const NAME: &'static str = "cpu";
    const KEEPS_IMAGES: bool = false;
    type ConvIndices = ();
    type FakeQuantizer = FakeQuantize;

    fn conv_indices(&self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn fake_quantizer(&self, fake_quantize: FakeQuantize) -> Result<FakeQuantize, Self::Err> {
        Ok(fake_quantize)
    }

    fn features<T: Tape<f32, Self>>(
        (): &(),
        layers: &ConvLayers<'_, Self>,
        pixels: Pixels<Self>,
        tape: T,
        fake_quantizers: Option<[&FakeQuantize; 2]>,
    ) -> Result<Features<Self, T>, Self::Err> {
        conv::features(layers, fake_quantizers, &pixels, tape)
    }

    fn fake_quantize<const LEN: usize, T: Tape<f32, Self>>(
        fake_quantize: &FakeQuantize,
        accumulators: Batch<LEN, Self, T>,
    ) -> Result<Batch<LEN, Self, T>, Self::Err> {
        fake_quantize.apply(accumulators)
    }

    fn flush_subnormals(buffer: &mut <Self as Storage<f32>>::Vec) {
        buffer.iter_mut().filter(|value| value.is_subnormal()).for_each(|value| *value = 0.0);
    }
}
