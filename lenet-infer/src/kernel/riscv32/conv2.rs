//! The second convolution: six input channels, sixteen output channels, four at a time, with their sums in three words.
//!
//! Eight channels have six words, which are computed two at a time, in three *duos*.

use super::pack::{Packed, Taps, Word};
use super::planar::PlanarRow;
use super::requant::activations;
use super::window::{COLUMNS, Sums, accumulate, max};
use crate::kernel::{FeatureRow, PATCH_SIDE};
use core::arch::naked_asm;
use core::hint::black_box;
use lenet_core::Requant;
use lenet_core::model::Conv2;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_SIDE,
};

/// Output channels that are computed at a time, twice four: a, b, c and d.
const GROUP: usize = 8;
/// Pairs of words of eight channels.
const DUOS: usize = 3;

/// Two words of eight channels.
struct Duo {
    /// The words: `a + d * 2^24`, `b + d * 2^16` and `c + d * 2^8` of the first four channels, then those of the last four.
    /// Each duo has four channels to choose from: those of the pair of the same number and of the next pair.
    words: [Word; 2],
    /// What the words start from.
    seeds: [u32; 2],
    /// Which of two [`Sums`] they go to.
    place: usize,
    /// The four channels that it completes.
    four: Option<Four>,
}

/// Four channels whose words are complete.
struct Four {
    /// Where their words are in two [`Sums`], in bytes.
    words: [usize; 3],
    /// The numbers of a, b, c and d.
    channels: [usize; 4],
}

const ALL_DUOS: [Duo; DUOS] = [
    Duo { words: [word([0, 3], 24), word([1, 3], 16)], seeds: [SEED, SEED], place: 0, four: None },
    Duo {
        words: [word([0, 1], 8), word([2, 3], 24)],
        seeds: [SEED_C, SEED],
        place: 1,
        four: Some(Four { words: [0, 4, size_of::<Sums>()], channels: [0, 1, 2, 3] }),
    },
    Duo {
        words: [word([2, 1], 16), word([3, 1], 8)],
        seeds: [SEED, SEED_C],
        place: 0,
        four: Some(Four { words: [size_of::<Sums>() + 4, 0, 4], channels: [4, 6, 7, 5] }),
    },
];

/// A word of weights of this layer.
const fn word(channels: [usize; 2], shift: u32) -> Word {
    Word::new(CONV2_TAPS, channels, shift)
}

/// What a sum starts from, so that it is never negative.
const SEED: u32 = 1 << 23;
/// What a word with `d * 2^8` starts from. With `d * 2^16` or `d * 2^24` it is [`SEED`], modulo 2^32.
const SEED_C: u32 = SEED + (SEED << 8);

// A sum fits in 24 bits with its sign, and two sums of a channel are less than 2^23 apart.
const _: () = assert!(CONV2_TAPS * 255 * 128 < SEED as usize);
// A tile is a row of the output.
const _: () = assert!(POOL1_SIDE - KERNEL_SIDE + 1 == COLUMNS && POOL_SIDE * POOL2_SIDE == COLUMNS);
const _: () = assert!(CONV2_CHANNELS.is_multiple_of(GROUP));
// The assembly has this size as a constant.
const _: () = assert!(POOL2_SIDE == 4);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PlanarRow; PATCH_SIDE], output: &mut FeatureRow) {
    // SAFETY: references and pointers are alike in memory.
    let rows = unsafe { &*input.as_ptr().cast::<[*const u8; PATCH_SIDE]>() };
    let mut sums = [const { Sums::uninit() }; 2];
    let taps = Taps::new(layer.weights());
    let mut packed = Packed::uninit();
    // `black_box` hides how often the loops turn, so that the compiler does not unroll them. So it does not see either that
    // nothing overflows: hence wrapping additions.
    for first in [0, GROUP] {
        let mut number = 0_usize;
        while let Some(duo) = ALL_DUOS.get(number) {
            // SAFETY: `rows` are six rows of six input channels, and there are four pairs of channels from `first` on. When
            // four channels are complete, all their words have been written. The weights have done their work then, so the
            // maxima take their place.
            unsafe {
                let pair = (first / 2).wrapping_add(number);
                duo_sums(taps, rows, pair, duo, &mut packed, &mut sums[duo.place % 2]);
                if let Some(Four { words, channels }) = &duo.four {
                    four_maxima(&sums, words, packed.as_mut_ptr().cast());
                    four_outputs(layer, first, channels, packed.as_ptr().cast(), output);
                }
            }
            number = black_box(number.wrapping_add(1));
        }
    }
}

/// Computes the sums of a duo, of whose channels the first pair is `pair`.
///
/// # Safety
///
/// `rows` must be the addresses of six rows, and there must be a pair after `pair`.
#[inline(always)]
unsafe fn duo_sums(
    taps: Taps<CONV1_CHANNELS>,
    rows: &[*const u8; PATCH_SIDE],
    pair: usize,
    duo: &Duo,
    packed: &mut Packed,
    sums: &mut Sums,
) {
    let mut column = 0_usize;
    for input in 0..black_box(CONV1_CHANNELS) {
        // SAFETY: the caller guarantees it for the pairs; a row has twelve inputs of each channel.
        unsafe {
            taps.pack(pair, input, &duo.words, packed);
            let [seed0, seed1] = duo.seeds;
            accumulate(rows, column, packed, sums, seed0, seed1, usize::from(input == 0));
        }
        column = column.wrapping_add(POOL1_SIDE);
    }
}

/// Computes the activations of four of the channels from `first` on, from their maxima, less [`SEED`], in four windows.
///
/// # Safety
///
/// `maximum` must be valid for reads of four maxima of each of the channels.
#[inline(never)] // Its locals are not on the stack while sums are made.
unsafe fn four_outputs(
    layer: &Conv2<'_>,
    first: usize,
    channels: &[usize; 4],
    mut maximum: *const i32,
    output: &mut FeatureRow,
) {
    for channel in channels {
        let channel = channel.wrapping_add(first);
        let (biases, requants) = (layer.biases().as_bytes(), layer.requants().as_bytes());
        let (Some(bias), Some(requant)) = (biases.get(channel), requants.get(channel)) else { continue };
        let Some(requant) = Requant::from_bytes(*requant) else { continue };
        let bias = i32::from_le_bytes(*bias).wrapping_sub_unsigned(SEED);
        let max = layer.largest_activation();
        // SAFETY: the caller guarantees it for the maxima; a channel has one activation per window.
        unsafe {
            let activation = output.as_mut_ptr().cast::<u8>().add(channel);
            activations(maximum, activation, CONV2_CHANNELS, POOL2_SIDE, bias, requant, max);
            maximum = maximum.add(POOL2_SIDE);
        }
    }
}

/// Adds the sums of a column in `s1` to `s3` to those of the same column at `$at`, and unpacks the four sums of that
/// position: 2^23 more than each in the upper 24 bits of `$a` to `$d`. The bits below are remains of other sums.
/// Changes `t2` to `t6`.
#[rustfmt::skip]
macro_rules! position {
    ($at:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "lw t2, ", $at, "(a0)\n",
            "lw t3, ", $at, "(a1)\n",
            "lw t4, ", $at, "(a2)\n",
            "add t2, t2, s1\n",
            "add t3, t3, s2\n",
            "add t4, t4, s3\n",
            // The low byte of d, and the middle one.
            "srli t5, t2, 24\n",
            "slli t6, t5, 16\n",
            "slli ", $a, ", t2, 8\n",
            "sub t3, t3, t6\n",
            "srli t6, t3, 24\n",
            "slli t5, t5, 8\n",
            "slli t6, t6, 16\n",
            "add t5, t5, t6\n",
            "sub t4, t4, t5\n",
            "and t6, t4, a4\n",
            "slli ", $b, ", t3, 8\n",
            "slli ", $c, ", t4, 8\n",
            "add ", $d, ", t5, t6\n",
        )
    };
}

/// The largest sums of four channels in each of four windows, 2^23 more than each.
///
/// - `sums` (`a0`), `words` (`a1`): two sums of eight columns, and where the first of the three words are in them, in bytes.
/// - `maxima` (`a2`): where the maxima go, `[channel][window]`.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Takes 16 bytes of stack.
///
/// # Safety
///
/// Each of the words must be one of the two words of one of the [`Sums`], and `maxima` must be valid for writes of 16 words.
#[unsafe(naked)]
unsafe extern "C" fn four_maxima(sums: &[Sums; 2], words: &[usize; 3], maxima: *mut u32) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -16",
        ".irp i, 0, 1, 2, 3",
        "sw s\\i, 4 * \\i(sp)",
        ".endr",
        "mv a3, a2",
        "lw a2, 8(a1)",
        "lw a4, 4(a1)",
        "lw a5, 0(a1)",
        "add a2, a2, a0",
        "add a1, a4, a0",
        "add a0, a0, a5",
        "lui a4, 0xFF000",
        "addi a5, a0, 64",
        "2:",
        "lw s1, 0(a0)",
        "lw s2, 0(a1)",
        "lw s3, 0(a2)",
        position!("64", "a6" "a7" "t0" "t1"),
        position!("128", "t2" "t3" "t4" "t5"),
        max!("a6" "t2", "a7" "t3", "t0" "t4", "t1" "t5"),
        "lw s1, 8(a0)",
        "lw s2, 8(a1)",
        "lw s3, 8(a2)",
        position!("72", "t2" "t3" "t4" "t5"),
        max!("a6" "t2", "a7" "t3", "t0" "t4", "t1" "t5"),
        position!("136", "t2" "t3" "t4" "t5"),
        max!("a6" "t2", "a7" "t3", "t0" "t4", "t1" "t5"),
        ".irp i, 0, 1, 2",
        "addi a\\i, a\\i, 16",
        ".endr",
        "srli a6, a6, 8",
        "srli a7, a7, 8",
        "srli t0, t0, 8",
        "srli t1, t1, 8",
        "sw a6, 0(a3)",
        "sw a7, 16(a3)",
        "sw t0, 32(a3)",
        "sw t1, 48(a3)",
        "addi a3, a3, 4",
        "bne a0, a5, 2b",
        ".irp i, 0, 1, 2, 3",
        "lw s\\i, 4 * \\i(sp)",
        ".endr",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
    )
}
