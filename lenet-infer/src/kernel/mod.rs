//! * The hot loops: 281,640 multiply-accumulates per image, nearly all the time that a classification takes.
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
//! A convolution uses each weight 576 or 64 times, a fully-connected layer once. So the convolutions want a weight,
//! once loaded, to serve as many positions as registers hold: the four under one pooling window. The file keeps the
//! weights of two output channels side by side, so that an activation, once loaded, serves two of them. The pool's
//! maximum is taken on accumulators, so one position in four is requantised, and the bias, the same for all four, is
//! added after the maximum. The fully-connected layers want to stream weights in the order they lie.
//!
//! # Contract
//!
//! A back end implements [`Backend`]: five functions, each a fused layer or a row of one. Each equals its counterpart in
//! `portable` in every bit, for every model and every input, int8 or int4. None allocates, panics, or reads its output
//! before it writes it.
//!
//! Every back end is a folder with the same four rooms: `conv1`, `conv2`, `dense` and `requant`. `driver` calls them: it
//! owns the order of the layers, the ring of rows and the scratch memory, for all of them.
//!
//! Inputs, outputs and the model may lie at any address. Back ends for Armv7-M and Armv8-M Mainline load words from
//! addresses that are not multiples of four, as these cores allow after reset: a program must leave
//! `CCR.UNALIGN_TRP` clear. The others need nothing of the kind.
//!
//! # Back ends
//!
//! | core | module | how it multiplies |
//! |---|---|---|
//! | Cortex-M4, M7; M33, M35P, M55, M85 by `-Ctarget-cpu` | `armv7em` | two products per instruction |
//! | Cortex-M0, M0+, M23 | `armv6m` | the weights of three or four channels packed in two or three words |
//! | Cortex-M3; other Armv8-M Mainline | `armv7m` | one product per instruction |
//! | RV32IMC | `riscv32` | a multiply and an addition, with a fifth fewer multiplies |
//! | x86-64 with feature `host`, if the processor has it | `avx2` | sixteen products per instruction |
//! | any other, and every one with `--cfg lenet_backend="portable"` | `portable` | as the compiler sees fit |
//!
//! This file is the only place that chooses one. `KERNELS.md`, beside the crate's `Cargo.toml`, tells how they work and
//! why.

use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_PIXELS, IMAGE_SIDE, KERNEL_SIDE,
    POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};

#[cfg(lenet_device = "armv6m")]
mod armv6m;
#[cfg(lenet_device = "armv7em")]
mod armv7em;
#[cfg(lenet_device = "armv7m")]
mod armv7m;
#[cfg(lenet_avx2)]
mod avx2;
#[cfg(any(feature = "corpus", test))]
#[cfg_attr(
    not(feature = "corpus"),
    expect(unreachable_pub, reason = "public where a board's firmware calls it")
)]
pub mod corpus;
mod driver;
#[cfg(any(lenet_device = "portable", feature = "corpus", test))]
mod portable;
#[cfg(lenet_device = "riscv32")]
mod riscv32;
#[cfg(any(lenet_device = "armv7m", lenet_device = "riscv32", test))]
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use driver::{Scratch, place};

/// The back end of a board, or of a host without a better one.
#[cfg(lenet_device = "armv6m")]
use armv6m::Armv6m as Device;
#[cfg(lenet_device = "armv7em")]
use armv7em::Armv7em as Device;
#[cfg(lenet_device = "armv7m")]
use armv7m::Armv7m as Device;
#[cfg(lenet_device = "portable")]
use portable::Portable as Device;
#[cfg(lenet_device = "riscv32")]
use riscv32::Riscv32 as Device;

/// Rows and columns of input that a 2x2 window of 5x5 kernels sees.
pub(crate) const PATCH_SIDE: usize = KERNEL_SIDE + 1;

/// A row of the image: grey levels from left to right.
pub(crate) type ImageRow = [u8; IMAGE_SIDE];
/// The image, row by row.
pub(crate) type Image = [ImageRow; IMAGE_SIDE];
/// A pooled row of conv1: `[column][channel]`.
pub(crate) type PooledRow = [[u8; CONV1_CHANNELS]; POOL1_SIDE];
/// The pooled rows of conv1 that are kept at a time.
pub(crate) type Ring = [PooledRow; PATCH_SIDE];
/// A pooled row of conv2: `[column][channel]`.
pub(crate) type FeatureRow = [[u8; CONV2_CHANNELS]; POOL2_SIDE];
/// The pooled output of conv2.
pub(crate) type Features = [FeatureRow; POOL2_SIDE];

/// The kernels of one instruction set.
///
/// A value of the type is the proof that this processor can run them; most are of size zero.
pub(crate) trait Backend: Copy {
    /// What the back end makes of the convolutions' weights, once per image. `()` where it reads them as they lie.
    type Prepared;

    /// Prepares the weights of both convolutions.
    fn prepare(self, model: &Model<'_>) -> Self::Prepared;

    /// One pooled row of conv1, from the six rows of the image that it sees: valid 5x5 convolution, 2x2 maximum, bias,
    /// ReLU, requantization.
    fn conv1_row(
        self,
        layer: &Conv1<'_>,
        prepared: &Self::Prepared,
        input: [&ImageRow; PATCH_SIDE],
        output: &mut PooledRow,
    );

    /// One pooled row of conv2, from the six pooled rows of conv1 that it sees; otherwise as [`Self::conv1_row`].
    fn conv2_row(
        self,
        layer: &Conv2<'_>,
        prepared: &Self::Prepared,
        input: [&PooledRow; PATCH_SIDE],
        output: &mut FeatureRow,
    );

    /// fc1 with bias, ReLU and requantization.
    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]);

    /// fc2 with bias, ReLU and requantization.
    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]);

    /// fc3 with bias: the accumulators themselves. `logits` has one place per class.
    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]);
}

/// Calls a function of the driver with the best back end that this processor has.
macro_rules! with_backend {
    ($function:path, $($argument:expr),*) => {{
        #[cfg(lenet_avx2)]
        if let Some(avx2) = avx2::Avx2::detect() {
            return $function(avx2, $($argument),*);
        }
        $function(Device, $($argument),*)
    }};
}

/// All layers, from the image to the logits. The logits lie in `scratch`.
#[inline]
pub(crate) fn classify<'s>(
    model: &Model<'_>,
    image: &[u8; IMAGE_PIXELS],
    scratch: &'s mut Scratch,
) -> &'s [i32] {
    with_backend!(driver::classify, model, bytemuck::must_cast_ref(image), scratch)
}

/// The fully-connected layers, from the features in `scratch` to the logits, which lie there too.
#[inline]
pub(crate) fn dense_layers<'s>(model: &Model<'_>, scratch: &'s mut Scratch) -> &'s [i32] {
    with_backend!(driver::dense_layers, model, scratch)
}

/// One pooled row of conv1 by itself. Preparing weights would not pay, so this is the board's back end everywhere.
#[inline]
pub(crate) fn conv1_row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    Device.conv1_row(layer, &(), input, output);
}

/// One pooled row of conv2 by itself, as [`conv1_row`].
#[inline]
pub(crate) fn conv2_row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    Device.conv2_row(layer, &(), input, output);
}
