//! Kernels for Cortex-M4 and M7, and for M33 and M35P with the DSP extension: four products per instruction in
//! the convolutions, two in the fully-connected layers.
//!
//! # The convolutions
//!
//! `SMLAL` multiplies two words and adds the product to 64 bits, in one cycle. Two activations in one word, times two
//! weights in another, are four products in three lanes of 21 bits: see [`window`]. Eight columns of one row of one
//! output channel are nine registers of sums. The five weights of a kernel row and six words of activations are 40
//! products in 23 instructions: nine loads, twelve `SMLAL`, two `SMLABB`. That is 0.58 instructions per product, where
//! `SMLAD` with its tile of four positions by two channels takes 0.81. conv1 takes its two tiles on the left without the
//! `SMLABB`, and those of the right one apart, which frees a register and makes it 18 instructions: see [`conv1`].
//!
//! What this needs:
//!
//! - *Words of activations.* conv1 makes those of its six image rows, which serve its six channels: 336 bytes of stack.
//!   Its outputs are stored as words, `[row][channel][pair of columns]`, in the ring that conv2 reads
//!   ([`pooled`]). So the ring takes 864 bytes and not 432, and conv2 makes none.
//! - *Words of weights*, three for five weights. They are made for one channel of conv1, and for one channel and one
//!   kernel row of conv2, at a time: 60 and 72 bytes of stack. A row of windows shares them. Those of the whole channel would save conv2 the exchange
//!   of its accumulators, about 9,000 cycles, for 216 bytes. int4 weights take the same way, after they are unpacked
//!   to bytes, four at a time.
//! - *Lanes that are wide enough*: always in conv1, and in conv2 for the models that the exporter makes. Others take a
//!   loop that empties the lanes in time: see [`conv2`].
//!
//! The maximum of the four positions of a window is taken on the sums, and the number of instructions does not depend
//! on a pixel.
//!
//! # The fully-connected layers
//!
//! A weight is used once, so the four outputs of a tile share only the activations: `LDR` and two `UXTB16` for four of
//! them, then `LDR`, two `SXTB16` and two `SMLAD` for each output, 23 instructions for 16 products. Two or three loads
//! stand side by side, so that all but the first of them take one cycle. The loop is unrolled to sixteen inputs. int4 weights take as many instructions: an
//! `AND` with a shifted operand leaves a pair of weights in the tops of the halfwords, 256 times too large.
//!
//! # Cost
//!
//! One classification on a Cortex-M4, as `firmware/measure/count.c` counts it by function while `cargo run --release -p
//! measure -- M4`, in `firmware`, runs the program `bench-included`. The cycles are those of the model in
//! `firmware/measure/README.md`, without wait states:
//!
//! | part | instructions | cycles |
//! |---|---|---|
//! | conv1 | 75,612 | 104,796 |
//! | of it, products | 41,760 | 57,240 |
//! | conv2 | 126,340 | 158,880 |
//! | of it, products | 88,320 | 107,520 |
//! | fully-connected products | 62,184 | 70,032 |
//! | all else | 5,142 | 8,203 |
//! | in all | 269,278 | 341,911 |
//!
//! With int4 weights in all layers but conv1 it is 287,544 instructions and 366,707 cycles, and with ternary weights in
//! fc1 and fc2 337,216 and 417,604.
//!
//! Loads of words may be unaligned, because a model file may lie anywhere. `LDRD`, `STRD`, `LDM` and `STM` access only
//! the stack and the ring.
//!
//! # Small builds
//!
//! With `--cfg lenet_backend="small"` the groups of a kernel row, the words of weights and of activations, and the inputs of a
//! fully-connected layer are each taken one at a time, in loops. A group is then 27 instructions and 38 cycles, because the
//! address of the next weights goes through memory. All else is shared: words, lanes, order and frames.

#![allow(unsafe_code)]

/// The directive that names the processor, see `build.rs`. It stays in force after a block of assembly, which changes
/// nothing, because it is the processor that all other code is compiled for.
macro_rules! dsp {
    () => {
        env!("LENET_CPU_DIRECTIVE")
    };
}

mod conv1;
mod conv2;
mod dense;
pub(crate) mod lanes;
mod pooled;
mod requant;
mod ternary;
mod window;
mod words;

use self::pooled::PackedRow;
use super::range::exceeds_21_bits;
use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels for one model.
#[derive(Clone, Copy)]
pub(crate) struct Armv7em {
    /// Whether conv2 has sums that need more than a lane.
    drain: bool,
}

impl Armv7em {
    /// The kernels for a model with this second convolution.
    pub(super) const fn new(conv2: &Conv2<'_>) -> Self {
        Self { drain: exceeds_21_bits(conv2) }
    }
}

impl Backend for Armv7em {
    type Prepared = ();
    type Row = PackedRow;

    #[inline(always)]
    fn prepare(self, _: &Model<'_>) {}

    #[inline(always)]
    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PackedRow) {
        conv1::row(layer, input, output);
    }

    #[inline(always)]
    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PackedRow; PATCH_SIDE], output: &mut FeatureRow) {
        conv2::row(layer, self.drain, input, output);
    }

    #[inline(always)]
    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    #[inline(always)]
    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    #[inline(always)]
    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        dense::logits(layer, input, logits);
    }
}
