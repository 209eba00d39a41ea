//! The hot loops of training: conv 5x5 + bias + ReLU + 2x2 max pool over one image, forward and backward.
//!
//! Activations are HWC, so that the taps of one kernel row are one contiguous run of `KERNEL_SIDE * IN`
//! numbers. Forward, the output channels fill the vector lanes and each input is broadcast: four
//! accumulators a window, whose maximum needs no shuffle. Backward, only the winner of each window carries
//! a gradient, a quarter of the multiply-accumulates of a dense pass, and the kernel row fills the lanes.
//!
//! Plain safe loops with sizes known at compile time, which LLVM turns into vectors; `FUSED` says whether
//! the instruction set has a fused multiply-add ([`super::simd`] chooses).

use lenet_core::shape::{KERNEL_SIDE, POOL_SIDE};

/// Positions of one pooling window.
const WINDOW: usize = POOL_SIDE * POOL_SIDE;
/// The winner of a window whose maximum the ReLU set to 0: no gradient passes.
pub(super) const DEAD: u8 = WINDOW as u8;

/// One convolution's weights and bias, laid out for [`forward`] and [`backward`].
pub(super) struct Packed<const LANES: usize, const RUN: usize> {
    /// `[kernel row][run][output lane]`: each tap's weights for all outputs; spare lanes are 0.
    taps: Vec<[f32; LANES]>,
    /// `[output][kernel row][run]`: each output's kernel row, padded with 0 to `RUN` lanes.
    rows: Vec<[[f32; RUN]; KERNEL_SIDE]>,
    bias: [f32; LANES],
}

/// One block: how many channels come in and go out, and the square sides before the convolution and after
/// the pool. `LANES` is `out` and `RUN` is `KERNEL_SIDE * in`, each rounded up to a multiple of 8.
#[derive(Clone, Copy)]
pub(super) struct Block<const IN: usize, const OUT: usize, const SIDE: usize, const POOLED: usize>;

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

impl<const IN: usize, const OUT: usize, const SIDE: usize, const POOLED: usize> Block<IN, OUT, SIDE, POOLED> {
    const INPUT_LEN: usize = SIDE * SIDE * IN;
    const ROW: usize = SIDE * IN;
    const KERNEL_ROW: usize = KERNEL_SIDE * IN;
    const TAPS: usize = KERNEL_SIDE * Self::KERNEL_ROW;

    /// Lays out `weight` (`[output][input channel][row][column]`, as PyTorch has it) and `bias`.
    pub(super) fn pack<const LANES: usize, const RUN: usize>(
        weight: &[f32],
        bias: &[f32],
    ) -> Packed<LANES, RUN> {
        let mut packed = Packed {
            taps: vec![[0.0; LANES]; Self::TAPS],
            rows: vec![[[0.0; RUN]; KERNEL_SIDE]; OUT],
            bias: [0.0; LANES],
        };
        packed.bias[..OUT].copy_from_slice(bias);
        for (output, kernel) in weight.chunks_exact(Self::TAPS).enumerate() {
            for (tap, &value) in kernel.iter().enumerate() {
                let (row, run) = Self::row_and_run(tap);
                packed.taps[row * Self::KERNEL_ROW + run][output] = value;
                packed.rows[output][row][run] = value;
            }
        }
        packed
    }

    /// Adds gradients laid out as [`Packed::rows`] to `weight`, laid out as in [`Block::pack`].
    pub(super) fn unpack_add<const RUN: usize>(rows: &[[[f32; RUN]; KERNEL_SIDE]], weight: &mut [f32]) {
        for (output, kernel) in weight.chunks_exact_mut(Self::TAPS).enumerate() {
            for (tap, value) in kernel.iter_mut().enumerate() {
                let (row, run) = Self::row_and_run(tap);
                *value += rows[output][row][run];
            }
        }
    }

    /// Where tap `[input channel][row][column]` lies in an HWC kernel row.
    fn row_and_run(tap: usize) -> (usize, usize) {
        let (channel, position) = (tap / (KERNEL_SIDE * KERNEL_SIDE), tap % (KERNEL_SIDE * KERNEL_SIDE));
        (position / KERNEL_SIDE, position % KERNEL_SIDE * IN + channel)
    }

    /// Hands `store` each pooled position's outputs and the winner of each window (0 to 3, or [`DEAD`]).
    ///
    /// `WINDOWS` windows of one row are computed together, to have enough accumulators in flight; it
    /// divides `POOLED`.
    #[inline(always)]
    pub(super) fn forward<const FUSED: bool, const LANES: usize, const RUN: usize, const WINDOWS: usize>(
        packed: &Packed<LANES, RUN>,
        input: &[f32],
        mut store: impl FnMut(usize, &[f32; LANES], &[u8; LANES]),
    ) {
        let input = &input[..Self::INPUT_LEN];
        let taps = &packed.taps[..Self::TAPS];
        for row in 0..POOLED {
            for column in (0..POOLED).step_by(WINDOWS) {
                let mut sums = [[packed.bias; WINDOW]; WINDOWS];
                for kernel_row in 0..KERNEL_SIDE {
                    for run in 0..Self::KERNEL_ROW {
                        let weights = &taps[kernel_row * Self::KERNEL_ROW + run];
                        for (window, sums) in sums.iter_mut().enumerate() {
                            for (position, sums) in sums.iter_mut().enumerate() {
                                let y = POOL_SIDE * row + position / POOL_SIDE + kernel_row;
                                let x = POOL_SIDE * (column + window) + position % POOL_SIDE;
                                let value = input[y * Self::ROW + x * IN + run];
                                for lane in 0..LANES {
                                    sums[lane] = multiply_add::<FUSED>(value, weights[lane], sums[lane]);
                                }
                            }
                        }
                    }
                }
                for (window, sums) in sums.iter().enumerate() {
                    let (best, winner) = relu_and_max(sums);
                    store(row * POOLED + column + window, &best, &winner);
                }
            }
        }
    }

    /// Adds one output channel's weight gradient to `rows` and its bias gradient to `bias`, and the gradient
    /// of the input to `input_gradient` where there is one.
    ///
    /// `winners` and `gradient` give a window's winner and gradient. `input` and `input_gradient` are
    /// `RUN` longer than the image, so that a whole padded run can be read and written anywhere.
    #[inline(always)]
    pub(super) fn backward_channel<const FUSED: bool, const LANES: usize, const RUN: usize>(
        packed: &Packed<LANES, RUN>,
        output: usize,
        input: &[f32],
        winners: &[[u8; LANES]],
        gradient: impl Fn(usize) -> f32,
        (rows, bias): (&mut [[f32; RUN]; KERNEL_SIDE], &mut f32),
        input_gradient: Option<&mut [f32]>,
    ) {
        // Room for the largest block's windows; POOLED * POOLED is not allowed as a length here.
        let mut alive = [(0usize, 0f32); 256];
        let mut count = 0;
        for position in 0..POOLED * POOLED {
            let winner = usize::from(winners[position][output]);
            let value = gradient(position);
            let y = POOL_SIDE * (position / POOLED) + winner / POOL_SIDE;
            let x = POOL_SIDE * (position % POOLED) + winner % POOL_SIDE;
            alive[count] = (y * Self::ROW + x * IN, value);
            count += usize::from(winner < WINDOW);
        }
        let alive = &alive[..count];
        for &(_, value) in alive {
            *bias += value;
        }
        let input = &input[..Self::INPUT_LEN + RUN];
        for (kernel_row, sums) in rows.iter_mut().enumerate() {
            let mut run_sums = *sums;
            for &(origin, value) in alive {
                let run = run_at::<RUN>(input, origin + kernel_row * Self::ROW);
                for lane in 0..RUN {
                    run_sums[lane] = multiply_add::<FUSED>(value, run[lane], run_sums[lane]);
                }
            }
            *sums = run_sums;
        }
        let Some(input_gradient) = input_gradient else { return };
        let input_gradient = &mut input_gradient[..Self::INPUT_LEN + RUN];
        for &(origin, value) in alive {
            for (kernel_row, weights) in packed.rows[output].iter().enumerate() {
                let start = origin + kernel_row * Self::ROW;
                let run: &mut [f32] = &mut input_gradient[start..start + RUN];
                for lane in 0..RUN {
                    run[lane] = multiply_add::<FUSED>(value, weights[lane], run[lane]);
                }
            }
        }
    }
}

#[inline(always)]
fn run_at<const RUN: usize>(values: &[f32], start: usize) -> &[f32; RUN] {
    values[start..].first_chunk().expect("the slice is RUN longer than the image")
}

/// The largest of a window's four sums and 0, and which it was; the first of equals wins, as in PyTorch.
#[inline(always)]
fn relu_and_max<const LANES: usize>(sums: &[[f32; LANES]; WINDOW]) -> ([f32; LANES], [u8; LANES]) {
    let mut best = [0f32; LANES];
    let mut winner = [u32::from(DEAD); LANES];
    for (position, sums) in sums.iter().enumerate() {
        for lane in 0..LANES {
            let better = sums[lane] > best[lane];
            best[lane] = if better { sums[lane] } else { best[lane] };
            winner[lane] = if better { position as u32 } else { winner[lane] };
        }
    }
    (best, winner.map(|position| position as u8))
}
