//! The first convolution: one input channel, six output channels, three at a time, with their sums in two words.

use super::pack::{Packed, Taps, Word};
use super::planar::PlanarRow;
use super::requant::activations;
use super::window::{COLUMNS, Sums, accumulate, max};
use crate::kernel::{ImageRow, PATCH_SIDE};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::Conv1;
use lenet_core::shape::{CONV1_TAPS, IMAGE_SIDE, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE};

/// Output channels that are computed at a time: a, b and c.
const CHANNELS: usize = 3;
/// Windows that are computed at a time.
const WINDOWS: usize = COLUMNS / POOL_SIDE;

/// The words `a + b * 2^21` and `c + b * 2^11` of the first three channels, and of the last three. Both have four channels
/// of two pairs to choose from.
const WORDS: [[Word; 2]; 2] = [[word([0, 1], 21), word([2, 1], 11)], [word([1, 2], 21), word([3, 2], 11)]];

/// A word of weights of this layer.
const fn word(channels: [usize; 2], shift: u32) -> Word {
    Word::new(CONV1_TAPS, channels, shift)
}

/// What a sum starts from, so that it is never negative.
const SEED: u32 = 1 << 20;
/// What the two words start from, modulo 2^32.
const SEEDS: [u32; 2] = [SEED, SEED + (SEED << 11)];

// A sum fits in 21 bits with its sign, and two sums of a channel are less than 2^20 apart.
const _: () = assert!(CONV1_TAPS * 255 * 128 < SEED as usize);
// The tiles are as wide as a row of the output.
const _: () =
    assert!(IMAGE_SIDE - KERNEL_SIDE + 1 == POOL_SIDE * POOL1_SIDE && POOL1_SIDE.is_multiple_of(WINDOWS));
// The assembly has these sizes as constants.
const _: () = assert!(CHANNELS == 3 && WINDOWS == 4 && POOL1_SIDE == 12);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PlanarRow) {
    // SAFETY: references and pointers are alike in memory.
    let rows = unsafe { &*input.as_ptr().cast::<[*const u8; PATCH_SIDE]>() };
    let taps = Taps::<1>::new(layer.weights());
    let mut outputs = layer.biases().iter().zip(layer.requants().iter());
    let mut activation = output.as_mut_ptr();
    // `black_box` hides how often the loops turn, so that the compiler does not unroll them. So it does not see either that
    // nothing overflows: hence wrapping additions.
    let mut pair = 0_usize;
    for words in black_box(WORDS.as_slice()) {
        let mut packed = Packed::uninit();
        let mut maxima = MaybeUninit::<[[u32; POOL1_SIDE]; CHANNELS]>::uninit();
        // SAFETY: there are three pairs of channels.
        unsafe { taps.pack(pair, 0, words, &mut packed) };
        pair = pair.wrapping_add(1);
        let (mut column, mut maximum) = (0_usize, maxima.as_mut_ptr().cast::<u32>());
        for _ in 0..black_box(POOL1_SIDE / WINDOWS) {
            let mut sums = Sums::uninit();
            // SAFETY: the weights are written. A row has twelve inputs from the first column of a tile on, and there is
            // room for the maxima of its windows.
            unsafe {
                accumulate(rows, column, &mut packed, &mut sums, SEEDS[0], SEEDS[1], 1);
                three_maxima(&sums, maximum);
            }
            (column, maximum) = (column.wrapping_add(COLUMNS), maximum.wrapping_add(WINDOWS));
        }
        let mut channel = maxima.as_ptr().cast::<[i32; POOL1_SIDE]>();
        for (bias, requant) in outputs.by_ref().take(CHANNELS) {
            let bias = bias.wrapping_sub_unsigned(SEED);
            // SAFETY: a channel has one maximum per window, all written, and one activation per window.
            unsafe {
                let max = layer.largest_activation();
                activations(channel.cast(), activation, 1, POOL1_SIDE, bias, requant, max);
                (channel, activation) = (channel.add(1), activation.add(POOL1_SIDE));
            }
        }
    }
}

/// Adds the sums of a column in `t2` and `t3` to those of the same column at `$at`, and unpacks the three sums of that
/// position: 2^20 more than each in the upper 21 bits of `$a` and `$b` and in the upper 22 of `$c`. The bits below are
/// remains of other sums. Changes `t0`, `t1`, `t4` and `t5`.
#[rustfmt::skip]
macro_rules! position {
    ($at:literal, $a:literal $b:literal $c:literal) => {
        concat!(
            "lw t0, ", $at, "(a0)\n",
            "lw t1, 4 + ", $at, "(a0)\n",
            "add t0, t0, t2\n",
            "add t1, t1, t3\n",
            // The low 11 bits of b, in their place in both.
            "srli t4, t0, 21\n",
            "slli t4, t4, 11\n",
            "slli ", $a, ", t0, 11\n",
            "sub t1, t1, t4\n",
            "and t5, t1, a2\n",
            "add ", $b, ", t4, t5\n",
            "slli ", $c, ", t1, 10\n",
        )
    };
}

/// The largest sums of three channels in each of four windows, 2^20 more than each.
///
/// - `sums` (`a0`): the sums of eight columns.
/// - `maxima` (`a1`): where the maxima go, 12 words apart for the channels.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Takes 16 bytes of stack.
///
/// # Safety
///
/// `maxima` must be valid for writes of three rows of four words, 12 words apart.
#[unsafe(naked)]
unsafe extern "C" fn three_maxima(sums: &Sums, maxima: *mut u32) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -16",
        "sw s0, 12(sp)",
        "lui a2, 0xFFC00",
        "addi a6, a0, 64",
        "2:",
        "lw t2, 0(a0)",
        "lw t3, 4(a0)",
        position!("64", "a3" "a4" "a5"),
        position!("128", "t0" "a7" "t1"),
        max!("a3" "t0", "a4" "a7", "a5" "t1"),
        "lw t2, 8(a0)",
        "lw t3, 12(a0)",
        position!("72", "t0" "a7" "t1"),
        max!("a3" "t0", "a4" "a7", "a5" "t1"),
        position!("136", "t0" "a7" "t1"),
        max!("a3" "t0", "a4" "a7", "a5" "t1"),
        "srli a3, a3, 11",
        "srli a4, a4, 11",
        "srli a5, a5, 10",
        "sw a3, 0(a1)",
        "sw a4, 48(a1)",
        "sw a5, 96(a1)",
        "addi a0, a0, 16",
        "addi a1, a1, 4",
        "bne a0, a6, 2b",
        "lw s0, 12(sp)",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
    )
}
