//! The hot loops of inference: 281,640 multiply-accumulates per image, nearly all of the time of a classification.
//!
//! # Where the time goes
//!
//! | layer | multiply-accumulates | weights |
//! |---|---|---|
//! | conv1 | 86,400 | 150 |
//! | conv2 | 153,600 | 2,400 |
//! | fc1 | 30,720 | 30,720 |
//! | fc2 | 10,080 | 10,080 |
//! | fc3 | 840 | 840 |
//!
//! conv1 uses each weight 576 times, conv2 uses each 64 times, and a fully-connected layer uses each weight once. This
//! decides the shape of the loops:
//!
//! - A convolution loads a weight once and multiplies it at as many positions as the registers can serve: the four
//!   positions under one pooling window.
//! - The file stores the weights of two output channels side by side, so an activation that is loaded once serves
//!   both.
//! - The maximum of a window is taken on sums of products. The bias is the same at all four positions, so it is added
//!   after the maximum, and only one position in four is requantized.
//! - A fully-connected layer reads its weights in the order in which the file stores them.
//!
//! # Terms
//!
//! - *Sum*: a sum of products of activations and weights, that is, an accumulator without its bias.
//! - *Tap*: a position in the kernel of an output channel: a kernel row, a kernel column and an input channel.
//! - *Window*: a 2x2 block of a convolution's output, four positions. The pool keeps the maximum of a window.
//! - *Patch*: the input of a window, 6x6 positions with all their input channels.
//! - *Pair*: two neighboring output channels, an even one and the odd one after it, as the file stores them.
//! - *Tile*: the outputs that a loop computes at the same time.
//!
//! # Contract
//!
//! A back end implements [`Backend`]: five functions. Each computes a layer with all its steps, or one row of it, and
//! gives the same result as its counterpart in `portable`, bit for bit, for every model and every input, with int8 and
//! with int4 weights. None allocates, panics, or reads its output before it writes it.
//!
//! Every back end is a folder with the same modules: `conv1`, `conv2`, `dense`, `requant`, and `window` where both
//! convolutions share code. Most folders of boards have the same functions, so `board` implements the trait once, for the
//! instruction set that is compiled in; `armv7em`, `armv7m`, `neon`, `portable`, `avx2` and `avx512` implement it themselves.
//! [`driver`] calls the kernels. It owns the order of the layers, the ring of rows and the scratch memory, for all back
//! ends. The rows in the ring have the form that a back end chooses, [`Backend::Row`].
//!
//! Inputs, outputs and the model may lie at any address. The kernels in `armv7m`, `armv7em` and `mve`, for Armv7-M and
//! Armv8-M Mainline, load words from addresses that are not multiples of four. These cores allow such loads after
//! reset; a program must leave `CCR.UNALIGN_TRP` clear. The other back ends have no such requirement.
//!
//! # Back ends
//!
//! | core | module | how it multiplies |
//! |---|---|---|
//! | Cortex-M55, M85 by `-Ctarget-cpu` | `mve` | sixteen products per instruction |
//! | Cortex-M4, M7; M33, M35P by `-Ctarget-cpu` | `armv7em` | four products per instruction, two in the fully-connected layers |
//! | Cortex-M0, M0+, M23 | `armv6m` | the weights of three or four channels packed in two or three words |
//! | Cortex-M3; other Armv8-M Mainline | `armv7m` | three products per two instructions, one in the fully-connected layers |
//! | RV32IMC | `riscv32` | the weights of three or four channels packed in two or three words, with a fifth fewer multiplies |
//! | WebAssembly with `-Ctarget-feature=+simd128` | `simd128` | eight products per instruction |
//! | 64-bit Arm, if it has the dot product extension | `neon` | sixteen products per instruction |
//! | 64-bit Arm | `neon` | four products per instruction |
//! | x86-64 with feature `host`, if the processor has AVX2 | `avx2` | sixteen products per instruction |
//! | the same, if it has AVX-512 with VNNI, for weights that are prepared once | `avx512` | 64 products per instruction |
//! | any other, and every core with `--cfg lenet_backend="portable"` | `portable` | as the compiler chooses |
//!
//! In a *small build*, one with `--cfg lenet_backend="small"`, the loops of the kernels of `armv7em` and `armv6m` are not
//! unrolled, and the cores of `armv7m` take those of `armv6m`. Other back ends stay as they are.
//!
//! The preparation of pictures compares and averages bytes, and takes from here how many at the same time: module `lanes`.
//!
//! This file is the only place that selects a back end, with cfgs that `build.rs` derives from the target; `prepared`
//! selects among those that a processor has where the weights of a model are prepared once.
//! `KERNELS.md`, beside the crate's `Cargo.toml`, explains how the kernels work and why.

use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2};
use lenet_core::shape::IMAGE_PIXELS;

#[cfg(lenet_device = "armv6m")]
mod armv6m;
#[cfg(lenet_device = "armv7em")]
mod armv7em;
#[cfg(lenet_device = "armv7m")]
mod armv7m;
#[cfg(lenet_x86_64)]
mod avx2;
#[cfg(lenet_x86_64)]
mod avx512;
mod backend;
#[cfg(lenet_board)]
mod board;
mod compact;
#[cfg(any(feature = "corpus", test))]
#[cfg_attr(
    not(feature = "corpus"),
    expect(unreachable_pub, reason = "public where a board's firmware calls it")
)]
pub mod corpus;
mod driver;
#[cfg(not(any(
    lenet_device = "armv7em",
    lenet_device = "mve",
    lenet_device = "neon",
    lenet_device = "simd128"
)))]
pub(crate) mod lanes;
#[cfg(lenet_device = "mve")]
mod mve;
#[cfg(lenet_device = "neon")]
mod neon;
#[cfg(any(lenet_device = "portable", feature = "corpus", test))]
mod portable;
#[cfg(feature = "host")]
mod prepared;
#[cfg(any(lenet_device = "armv7em", lenet_device = "armv7m"))]
mod range;
#[cfg(lenet_device = "riscv32")]
mod riscv32;
mod row_by_row;
#[cfg(any(lenet_device = "riscv32", test))]
mod scalar;
#[cfg(lenet_device = "simd128")]
mod simd128;
#[cfg(test)]
mod tests;
#[cfg(any(lenet_x86_64, lenet_device = "simd128"))]
mod unpack;

#[cfg(lenet_device = "armv7em")]
pub(crate) use armv7em::lanes;
use backend::Backend;
pub(crate) use backend::{FeatureRow, Features, Image, ImageRow, PATCH_SIDE, PooledRow, Ring};
pub(crate) use compact::Memory as CompactMemory;
pub(crate) use driver::Scratch;
#[cfg(lenet_device = "mve")]
pub(crate) use mve::lanes;
#[cfg(lenet_device = "neon")]
pub(crate) use neon::lanes;
#[cfg(feature = "host")]
pub(crate) use prepared::Prepared;
pub(crate) use row_by_row::{Memory as StreamMemory, WAITING};
#[cfg(lenet_device = "simd128")]
pub(crate) use simd128::lanes;

/// The back end of the target. On a host it is the one to use where the processor has nothing better.
#[cfg(lenet_device = "armv7em")]
use armv7em::Armv7em as Device;
#[cfg(lenet_device = "armv7m")]
use armv7m::Armv7m as Device;
#[cfg(lenet_board)]
use board::Board as Device;
#[cfg(lenet_device = "neon")]
use neon::RowByRow as Device;
#[cfg(lenet_device = "portable")]
use portable::Portable as Device;

/// One row of the pooled output of conv1 as [`Device`] keeps it.
pub(crate) type DeviceRow = <Device as Backend>::Row;

/// Whether this is a small build, by `--cfg lenet_backend="small"`: then the loops of a kernel are not unrolled.
const SMALL: bool = cfg!(lenet_backend = "small");

/// Calls a function of [`driver`] with the best back end that this processor has.
macro_rules! with_backend {
    ($function:path, $scratch:ident, $($argument:expr),*) => {{
        #[cfg(lenet_x86_64)]
        if let Some(avx2) = avx2::Avx2::detect() {
            return $function(avx2, $($argument,)* $scratch);
        }
        let backend = $scratch.device();
        #[cfg(lenet_device = "neon")]
        let backend = backend.for_images();
        $function(backend, $($argument,)* $scratch)
    }};
}

/// The back end of the target for a model with this second convolution.
pub(crate) const fn device(conv2: &Conv2<'_>) -> Device {
    #[cfg(any(lenet_device = "armv7em", lenet_device = "armv7m"))]
    return Device::new(conv2);
    #[cfg(not(any(lenet_device = "armv7em", lenet_device = "armv7m")))]
    {
        let _ = conv2;
        Device
    }
}

/// Runs all layers on `image` and returns the logits, one per class. They lie in `scratch`.
#[inline]
pub(crate) fn classify<'s>(
    model: &Model<'_>,
    image: &[u8; IMAGE_PIXELS],
    scratch: &'s mut Scratch,
) -> &'s [i32] {
    with_backend!(driver::classify, scratch, model, bytemuck::must_cast_ref(image))
}

/// Runs all layers on the image in `memory`, which it overwrites, and returns the logits, one per class. They lie in
/// `memory`.
#[inline]
pub(crate) fn classify_over<'m>(model: &Model<'_>, memory: &'m mut CompactMemory) -> &'m [i32] {
    with_backend!(compact::classify, memory, model)
}

/// Runs the fully-connected layers on the features in `memory` and returns the logits, which also lie in `memory`.
#[inline]
pub(crate) fn dense_layers<'m>(model: &Model<'_>, memory: &'m mut StreamMemory) -> &'m [i32] {
    with_backend!(row_by_row::dense_layers, memory, model)
}

/// Computes one pooled row of conv1, for an image that arrives row by row.
///
/// It always uses a [`Device`]: to prepare weights for a single row would cost more than it saves.
#[inline]
pub(crate) fn conv1_row(
    device: Device,
    layer: &Conv1<'_>,
    input: [&ImageRow; PATCH_SIDE],
    output: &mut DeviceRow,
) {
    device.conv1_row(layer, &(), input, output);
}

/// Computes one pooled row of conv2, like [`conv1_row`].
#[inline]
pub(crate) fn conv2_row(
    device: Device,
    layer: &Conv2<'_>,
    input: [&DeviceRow; PATCH_SIDE],
    output: &mut FeatureRow,
) {
    device.conv2_row(layer, &(), input, output);
}
