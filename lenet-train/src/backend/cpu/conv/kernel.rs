//! The hot loops of training: conv 5x5 + bias + ReLU + 2x2 max pool over one image, forward and backward.
//!
//! Activations are HWC, so that the taps of one kernel row are one contiguous run of `KERNEL_SIDE * IN`
//! numbers. Forward, the output channels fill the vector lanes and each input is broadcast: four
//! accumulators a window, whose maximum needs no shuffle. Backward, only the winner of each window carries
//! a gradient, a quarter of the multiply-accumulates of a dense pass, and the kernel row fills the lanes.

use crate::backend::cpu::simd::{Simd, WIDTH};
use lenet_core::shape::{KERNEL_SIDE, POOL_SIDE};

/// Positions of one pooling window.
const WINDOW: usize = POOL_SIDE * POOL_SIDE;
/// The winner of a window whose maximum was clipped, to 0 or to the end of the range: no gradient passes.
pub(super) const DEAD: u8 = WINDOW as u8;

/// `N` vectors in memory.
pub(super) type Vectors<const N: usize> = [[f32; WIDTH]; N];
/// One output's kernel, row by row; each row is padded with 0 to whole vectors.
pub(super) type KernelRows<const RUN: usize> = [Vectors<RUN>; KERNEL_SIDE];

/// One conv + ReLU + pool block: its channels in and out, and its square sides before the convolution and
/// after the pool. `OUTPUTS` and `RUN` are the vectors that hold the output channels and one kernel row.
pub(super) struct Block<
    const IN: usize,
    const OUT: usize,
    const SIDE: usize,
    const POOLED: usize,
    const OUTPUTS: usize,
    const RUN: usize,
> {
    /// `[kernel row][run]`: each tap's weights for all outputs; spare lanes are 0.
    taps: Vec<Vectors<OUTPUTS>>,
    /// One for each output.
    kernels: Vec<KernelRows<RUN>>,
    bias: Vectors<OUTPUTS>,
}

/// Where a live window's winner read, and the gradient that goes there.
#[derive(Clone, Copy, Default)]
pub(super) struct Live {
    /// The first number of its receptive field.
    origin: usize,
    gradient: f32,
}

impl<
    const IN: usize,
    const OUT: usize,
    const SIDE: usize,
    const POOLED: usize,
    const OUTPUTS: usize,
    const RUN: usize,
> Block<IN, OUT, SIDE, POOLED, OUTPUTS, RUN>
{
    /// Numbers of one row of the image.
    const ROW: usize = SIDE * IN;
    /// Numbers of one row of a receptive field.
    const KERNEL_ROW: usize = KERNEL_SIDE * IN;
    const TAPS: usize = KERNEL_SIDE * Self::KERNEL_ROW;
    /// Numbers of the image from the first of a receptive field to the last, padded to whole vectors.
    const FIELD: usize = (KERNEL_SIDE - 1) * Self::ROW + RUN * WIDTH;
    /// Where each winner's receptive field begins, after that of its window.
    const OFFSETS: [usize; WINDOW + 1] = [0, IN, Self::ROW, Self::ROW + IN, 0];

    /// Lays out `weight` (`[output][input channel][row][column]`, as PyTorch has it) and `bias`.
    pub(super) fn new(weight: &[f32], bias: &[f32]) -> Self {
        let mut block = Block {
            taps: vec![[[0.0; WIDTH]; OUTPUTS]; Self::TAPS],
            kernels: vec![[[[0.0; WIDTH]; RUN]; KERNEL_SIDE]; OUT],
            bias: [[0.0; WIDTH]; OUTPUTS],
        };
        block.bias.as_flattened_mut()[..OUT].copy_from_slice(bias);
        for (output, kernel) in weight.chunks_exact(Self::TAPS).enumerate() {
            for (tap, &value) in kernel.iter().enumerate() {
                let (row, run) = Self::row_and_run(tap);
                block.taps[row * Self::KERNEL_ROW + run].as_flattened_mut()[output] = value;
                block.kernels[output][row].as_flattened_mut()[run] = value;
            }
        }
        block
    }

    /// Adds gradients of the kernels to `weight`, laid out as in [`Block::new`].
    pub(super) fn add_gradient(kernels: &[KernelRows<RUN>], weight: &mut [f32]) {
        for (kernel, weight) in kernels.iter().zip(weight.chunks_exact_mut(Self::TAPS)) {
            for (tap, value) in weight.iter_mut().enumerate() {
                let (row, run) = Self::row_and_run(tap);
                *value += kernel[row].as_flattened()[run];
            }
        }
    }

    /// Where tap `[input channel][row][column]` lies in the HWC kernel.
    fn row_and_run(tap: usize) -> (usize, usize) {
        let (channel, position) = (tap / (KERNEL_SIDE * KERNEL_SIDE), tap % (KERNEL_SIDE * KERNEL_SIDE));
        (position / KERNEL_SIDE, position % KERNEL_SIDE * IN + channel)
    }

    /// Hands `store` each window's outputs and their winners (0 to 3, or [`DEAD`]), row by row.
    ///
    /// `WINDOWS` neighbors are computed together, to have enough accumulators in flight; it divides `POOLED`.
    #[inline(always)]
    pub(super) fn forward<S: Simd, const WINDOWS: usize>(
        &self,
        simd: S,
        image: &[f32],
        mut store: impl FnMut(usize, Vectors<OUTPUTS>, [[u8; WIDTH]; OUTPUTS]),
    ) {
        for row in 0..POOLED {
            for column in (0..POOLED).step_by(WINDOWS) {
                let image = &image[POOL_SIDE * (row * Self::ROW + column * IN)..];
                let sums: [_; WINDOWS] = self.window_sums(simd, image);
                for (window, sums) in sums.iter().enumerate() {
                    let (best, winners) = relu_and_max(simd, sums);
                    store(row * POOLED + column + window, best, winners);
                }
            }
        }
    }

    /// The convolution at all positions of `WINDOWS` neighboring windows, the first of them at the beginning
    /// of `image`.
    #[inline(always)]
    fn window_sums<S: Simd, const WINDOWS: usize>(
        &self,
        simd: S,
        image: &[f32],
    ) -> [[[S::Lanes; OUTPUTS]; WINDOW]; WINDOWS] {
        let mut sums = [[self.bias.map(|bias| simd.load(&bias)); WINDOW]; WINDOWS];
        let line = (WINDOWS * POOL_SIDE - 1) * IN + Self::KERNEL_ROW;
        for (kernel_row, taps) in self.taps.chunks_exact(Self::KERNEL_ROW).enumerate() {
            let upper = &image[kernel_row * Self::ROW..][..line];
            let lower = &image[(kernel_row + 1) * Self::ROW..][..line];
            for (run, weights) in taps.iter().enumerate() {
                let weights = weights.each_ref().map(|weights| simd.load(weights));
                for (window, sums) in sums.iter_mut().enumerate() {
                    for (position, sums) in sums.iter_mut().enumerate() {
                        let line = if position < POOL_SIDE { upper } else { lower };
                        let x = POOL_SIDE * window + position % POOL_SIDE;
                        let value = simd.splat(line[x * IN + run]);
                        for (sum, weights) in sums.iter_mut().zip(weights) {
                            *sum = simd.multiply_add(value, weights, *sum);
                        }
                    }
                }
            }
        }
        sums
    }

    /// Lists the live windows of output channel `output` in `live`, and returns how many they are.
    ///
    /// `gradient` gives a window's. `live` has room for every window.
    #[inline(always)]
    pub(super) fn live_windows(
        winners: &[[[u8; WIDTH]; OUTPUTS]],
        output: usize,
        gradient: impl Fn(usize) -> f32,
        live: &mut [Live],
    ) -> usize {
        let winners = &winners[..POOLED * POOLED];
        let live = &mut live[..POOLED * POOLED];
        let mut count = 0;
        for row in 0..POOLED {
            for column in 0..POOLED {
                let window = row * POOLED + column;
                let winner = winners[window].as_flattened()[output];
                let first = POOL_SIDE * (row * Self::ROW + column * IN);
                let origin = first + Self::OFFSETS[usize::from(winner.min(DEAD))];
                live[count] = Live { origin, gradient: gradient(window) };
                count += usize::from(winner < DEAD);
            }
        }
        count
    }

    /// Adds the gradient of `ROWS` rows of an output's kernel, from `first` on. `image` is `RUN` vectors
    /// longer than the image, so that a padded row can be read anywhere.
    #[inline(always)]
    pub(super) fn add_kernel_gradient<S: Simd, const ROWS: usize>(
        simd: S,
        image: &[f32],
        live: &[Live],
        first: usize,
        kernel: &mut KernelRows<RUN>,
    ) {
        let rows: &mut [Vectors<RUN>; ROWS] = kernel[first..].first_chunk_mut().expect("rows of the kernel");
        let mut sums = rows.each_ref().map(|row| row.each_ref().map(|sums| simd.load(sums)));
        for &Live { origin, gradient } in live {
            let field = &image[origin..][..Self::FIELD];
            let gradient = simd.splat(gradient);
            for row in 0..ROWS {
                let (run, _) = field[(first + row) * Self::ROW..].as_chunks();
                for vector in 0..RUN {
                    sums[row][vector] =
                        simd.multiply_add(gradient, simd.load(&run[vector]), sums[row][vector]);
                }
            }
        }
        for row in 0..ROWS {
            for vector in 0..RUN {
                simd.store(sums[row][vector], &mut rows[row][vector]);
            }
        }
    }

    /// Adds to the gradient of the image, which is padded as the image is in [`Block::add_kernel_gradient`].
    #[inline(always)]
    pub(super) fn add_image_gradient<S: Simd>(
        &self,
        simd: S,
        output: usize,
        live: &[Live],
        image_gradient: &mut [f32],
    ) {
        let kernel = &self.kernels[output];
        for &Live { origin, gradient } in live {
            let field = &mut image_gradient[origin..][..Self::FIELD];
            let gradient = simd.splat(gradient);
            for (row, weights) in kernel.iter().enumerate() {
                let (run, _) = field[row * Self::ROW..].as_chunks_mut();
                for vector in 0..RUN {
                    let sum =
                        simd.multiply_add(gradient, simd.load(&weights[vector]), simd.load(&run[vector]));
                    simd.store(sum, &mut run[vector]);
                }
            }
        }
    }
}

/// The gradient of an output's bias.
pub(super) fn bias_gradient(live: &[Live]) -> f32 {
    live.iter().map(|live| live.gradient).sum()
}

/// The largest of a window's four sums and 0, and which it was; the first of equals wins, as in PyTorch.
#[inline(always)]
fn relu_and_max<S: Simd, const OUTPUTS: usize>(
    simd: S,
    sums: &[[S::Lanes; OUTPUTS]; WINDOW],
) -> (Vectors<OUTPUTS>, [[u8; WIDTH]; OUTPUTS]) {
    let (mut values, mut winners) = ([[0.0; WIDTH]; OUTPUTS], [[0; WIDTH]; OUTPUTS]);
    for output in 0..OUTPUTS {
        let mut best = simd.splat(0.0);
        let mut winner = simd.splat(f32::from(DEAD));
        for (position, sums) in sums.iter().enumerate() {
            let sum = sums[output];
            winner = simd.select_greater(sum, best, simd.splat(position as f32), winner);
            best = simd.select_greater(sum, best, sum, best);
        }
        simd.store(best, &mut values[output]);
        simd.store_bytes(winner, &mut winners[output]);
    }
    (values, winners)
}
