//! The second convolution: six input channels, sixteen output channels, four at a time, with their sums in three words.
//!
//! Eight channels have six words, which are computed two at a time, in three *duos*.

use super::pack::{Packed, Word, pack_channel};
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

/// The words `a + d * 2^24`, `b + d * 2^16` and `c + d * 2^8` of the first four channels, then those of the last four. Each
/// duo has four channels to choose from: those of the pair of the same number and of the next pair.
const WORDS: [[Word; 2]; DUOS] = [
    [Word { low: 0, high: 3, shift: 24 }, Word { low: 1, high: 3, shift: 16 }],
    [Word { low: 0, high: 1, shift: 8 }, Word { low: 2, high: 3, shift: 24 }],
    [Word { low: 2, high: 1, shift: 16 }, Word { low: 3, high: 1, shift: 8 }],
];
/// What the second duo and the third one complete: the places of three words in two [`Sums`], and the numbers of the channels
/// a, b, c and d.
const FOURS: [([usize; 3], [usize; 4]); DUOS - 1] =
    [([0, 1, SUMS_WORDS], [0, 1, 2, 3]), ([SUMS_WORDS + 1, 0, 1], [4, 6, 7, 5])];
/// Words of [`Sums`].
const SUMS_WORDS: usize = size_of::<Sums>() / 4;

/// What a sum starts from, so that it is never negative.
const SEED: u32 = 1 << 23;
/// What a word with `d * 2^8` starts from. With `d * 2^16` or `d * 2^24` it is [`SEED`], modulo 2^32.
const SEED_C: u32 = SEED + (SEED << 8);
/// What the words start from.
const SEEDS: [[u32; 2]; DUOS] = [[SEED, SEED], [SEED_C, SEED], [SEED, SEED_C]];

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
    // The sums of two duos at a time, those of the first and of the third in the same place.
    let mut sums = [const { Sums::uninit() }; 2];
    let mut packed = Packed::uninit();
    let mut activation = output.as_flattened_mut().as_mut_ptr();
    let biases = layer.biases().as_bytes().as_chunks::<GROUP>().0;
    let requants = layer.requants().as_bytes().as_chunks::<GROUP>().0;
    // `black_box` hides how often the loops turn, so that the compiler does not unroll them. So it does not see either that
    // nothing overflows: hence wrapping additions.
    let mut pair = black_box(0_usize);
    for (biases, requants) in biases.iter().zip(requants) {
        let mut fours = FOURS.iter();
        for (duo, (words, seeds)) in black_box(WORDS.as_slice()).iter().zip(&SEEDS).enumerate() {
            // SAFETY: `rows` are six rows of six input channels, and `pair` is the first of four pairs of channels.
            unsafe {
                duo_sums(layer, rows, pair.wrapping_add(duo), words, *seeds, &mut packed, &mut sums[duo % 2])
            };
            if duo == 0 {
                continue;
            }
            let Some((words, channels)) = fours.next() else { break };
            let [a, b, c] = words.map(|word| sums.as_ptr().cast::<u32>().wrapping_add(word));
            // The weights have done their work.
            let maxima = packed.as_mut_ptr().cast::<u32>();
            // SAFETY: these are the words of four channels, and there is room for four maxima of each.
            unsafe { four_maxima(a, b, c, maxima) };
            let mut maximum = maxima.cast::<i32>().cast_const();
            for &channel in black_box(channels) {
                let (Some(bias), Some(requant)) = (biases.get(channel), requants.get(channel)) else {
                    continue;
                };
                let Some(requant) = Requant::from_bytes(*requant) else { continue };
                let bias = i32::from_le_bytes(*bias).wrapping_sub_unsigned(SEED);
                let max = layer.largest_activation();
                // SAFETY: a channel has one maximum per window, all written, and one activation per window.
                unsafe {
                    let activation = activation.add(channel);
                    activations(maximum, activation, CONV2_CHANNELS, POOL2_SIDE, bias, requant, max);
                    maximum = maximum.add(POOL2_SIDE);
                }
            }
        }
        pair = pair.wrapping_add(GROUP / 2);
        activation = activation.wrapping_add(GROUP);
    }
}

/// Computes the sums of a duo, of whose channels the first pair is `pair`.
///
/// # Safety
///
/// `rows` must be the addresses of six rows, and there must be a pair after `pair`.
#[inline(always)]
unsafe fn duo_sums(
    layer: &Conv2<'_>,
    rows: &[*const u8; PATCH_SIDE],
    pair: usize,
    words: &[Word; 2],
    [first, second]: [u32; 2],
    packed: &mut Packed,
    sums: &mut Sums,
) {
    let mut column = 0_usize;
    for input in 0..black_box(CONV1_CHANNELS) {
        // SAFETY: the caller guarantees it for the pairs; a row has twelve inputs of each channel.
        unsafe {
            pack_channel::<CONV1_CHANNELS, _, _>(layer.weights(), pair, input, words, packed);
            accumulate(rows, column, packed, sums, first, second, usize::from(input == 0));
        }
        column = column.wrapping_add(POOL1_SIDE);
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
/// - `a` (`a0`), `b` (`a1`), `c` (`a2`): the first of the three words.
/// - `maxima` (`a3`): where the maxima go, `[channel][window]`.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Takes 16 bytes of stack.
///
/// # Safety
///
/// Each of the words must be one of the two words of [`Sums`], and `maxima` must be valid for writes of 16 words.
#[unsafe(naked)]
unsafe extern "C" fn four_maxima(a: *const u32, b: *const u32, c: *const u32, maxima: *mut u32) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -16",
        ".irp i, 0, 1, 2, 3",
        "sw s\\i, 4 * \\i(sp)",
        ".endr",
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
