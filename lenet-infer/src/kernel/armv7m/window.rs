//! Three channels in two words: what both convolutions share.
//!
//! The products of an activation with three weights a, b and c take two `mla`, if the weights are packed as
//! `a + b * 2^21` and `c + b * 2^11`. Two words then hold three sums, modulo 2^32:
//!
//! - The first one holds all 21 bits of the sum of a, and the low 11 bits of that of b.
//! - The second one, minus those 11 bits, holds all of the sum of c, and the rest of that of b.
//!
//! a starts at 2^20 and c at 2^21, so that they have no sign and borrow nothing from b. The words are separated once per
//! window.
//!
//! # Range
//!
//! A sum must lie from -2^20 to 2^20 - 1. The 25 taps of conv1 always do. For the 150 taps of conv2 see
//! [`exceeds_21_bits`](crate::kernel::range::exceeds_21_bits).

use super::requant::{Clamp, activation};
use core::arch::naked_asm;
use core::array::from_fn;
use core::mem::{MaybeUninit, size_of_val};
use lenet_core::Requant;
use lenet_core::model::{Conv, INT4};

/// Output channels of a tile.
pub(super) const CHANNELS: usize = 3;

/// The three channels that the assembly computes at a time, and the place of their outputs.
#[repr(C)]
pub(super) struct Tile {
    /// Offset 0: the place of the first channel's activation at the next position.
    activations: *mut u8,
    /// Offset 4: how to clamp to the largest activation.
    clamp: Clamp,
    /// Offset 12: the bytes from one position to the next.
    stride: usize,
    /// Offset 16: from sums to activations, written by [`channels!`].
    channels: MaybeUninit<[Channel; CHANNELS]>,
    /// Offset 52: the place behind the last position.
    end: *mut u8,
    /// Offset 56: the weights of each channel, two bytes per tap and one with int4.
    weights: [*const u8; CHANNELS],
    /// Offset 68: 0 for int8. For int4, a byte per channel: by how many bits to shift a byte to the left, so that the
    /// weight is at the top of a word.
    shifts: u32,
    /// Offset 72: the biases of the channels, at any address.
    biases: *const [u8; 4],
    /// Offset 76: the requants of the channels, at any address.
    requants: *const [u8; Requant::BYTES],
}

/// The bias and the requant of a channel.
#[repr(C)]
#[derive(Clone, Copy)]
struct Channel {
    /// The bias, less the value at which the sum starts.
    bias: i32,
    multiplier: u32,
    shift: u32,
}

impl Tile {
    /// The channels from `first` on, and their outputs at a row of positions.
    #[inline(always)]
    pub(super) fn new<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        layer: &Conv<'_, TAPS, PAIRS, OUT>,
        first: usize,
        positions: &mut [[u8; OUT]],
    ) -> Self {
        let pairs = layer.weights().as_bytes().as_ptr();
        let (bytes, shifts) = if layer.weights().is_int4() { (1, SHIFTS[first % 2]) } else { (2, 0) };
        let activations = positions.as_mut_ptr().cast::<u8>().wrapping_add(first);
        Self {
            activations,
            clamp: Clamp::new(layer),
            stride: OUT,
            channels: MaybeUninit::uninit(),
            end: activations.wrapping_add(size_of_val(positions)),
            weights: from_fn(|index| {
                let channel = first.wrapping_add(index);
                pairs
                    .wrapping_add((bytes * TAPS).wrapping_mul(channel / 2))
                    .wrapping_add((bytes - 1) * (channel % 2))
            }),
            shifts,
            biases: layer.biases().as_bytes().as_ptr().wrapping_add(first),
            requants: layer.requants().as_bytes().as_ptr().wrapping_add(first),
        }
    }
}

/// Writes [`Tile::channels`]. `r1` is the address of the tile. Changes `r2` to `r7`.
macro_rules! channels {
    () => {
        "add r2, r1, #16
         ldrd r3, r4, [r1, #72]
         ldr r5, [r3]
         ldrh r6, [r4]
         ldrb r7, [r4, #2]
         sub r5, #0x100000
         stmia r2!, {{r5-r7}}
         ldr r5, [r3, #4]
         ldrh r6, [r4, #3]
         ldrb r7, [r4, #5]
         stmia r2!, {{r5-r7}}
         ldr r5, [r3, #8]
         ldrh r6, [r4, #6]
         ldrb r7, [r4, #8]
         sub r5, #0x200000
         stmia r2!, {{r5-r7}}"
    };
}
pub(super) use channels;

/// [`Tile::shifts`] of three channels that begin with an even one, and that begin with an odd one.
const SHIFTS: [u32; 2] = [u32::from_le_bytes([28, 24, 28, 0]), u32::from_le_bytes([24, 28, 24, 0])];

/// Adds the six products of a tap at the left positions of the window to `r6` to `r9`. `r4` and `r5` hold the upper
/// and the lower activation, `r2` and `r3` the packed weights.
macro_rules! left {
    () => {
        "mla r6, r4, r2, r6
         mla r7, r4, r3, r7
         mla r8, r5, r2, r8
         mla r9, r5, r3, r9"
    };
}
pub(super) use left;

/// Adds the six products of a tap at the right positions of the window to `r10` to `lr`.
macro_rules! right {
    () => {
        "mla r10, r4, r2, r10
         mla r11, r4, r3, r11
         mla r12, r5, r2, r12
         mla lr, r5, r3, lr"
    };
}
pub(super) use right;

/// Packs weights: two words per tap, from `r3` up to `r12`.
///
/// `r0` to `r2` point to the weights of the three channels, which are advanced, and `r4` is [`Tile::shifts`]. The number
/// of taps is a multiple of five. Changes `r3` to `r11`. int8 takes 30 instructions for five taps.
///
/// # Safety
///
/// Only assembly calls it, with registers as above. The weights must be valid for reads and the words for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn pack() {
    naked_asm!(
        ".if {int4}",
        "cbnz r4, 3f",
        ".endif",
        "2:",
        ".rept 2",
        "ldrsb r4, [r0], #2",
        "ldrsb r6, [r1], #2",
        "ldrsb r5, [r2], #2",
        "ldrsb r7, [r0], #2",
        "ldrsb r9, [r1], #2",
        "ldrsb r8, [r2], #2",
        "add r4, r4, r6, lsl #21",
        "add r5, r5, r6, lsl #11",
        "add r6, r7, r9, lsl #21",
        "add r7, r8, r9, lsl #11",
        "stmia r3!, {{r4-r7}}",
        ".endr",
        "ldrsb r4, [r0], #2",
        "ldrsb r6, [r1], #2",
        "ldrsb r5, [r2], #2",
        "add r4, r4, r6, lsl #21",
        "add r5, r5, r6, lsl #11",
        "stmia r3!, {{r4, r5}}",
        "cmp r3, r12",
        "bne 2b",
        "bx lr",
        ".if {int4}",
        "3:",
        "lsr r10, r4, #8",
        "lsr r11, r4, #16",
        "4:",
        "ldrb r5, [r0], #1",
        "ldrb r7, [r1], #1",
        "ldrb r6, [r2], #1",
        "lsl r5, r4",
        "lsl r7, r10",
        "lsl r6, r11",
        "asrs r7, r7, #28",
        "asrs r5, r5, #28",
        "asrs r6, r6, #28",
        "add r5, r5, r7, lsl #21",
        "add r6, r6, r7, lsl #11",
        "lsls r5, r5, #4",
        "lsls r6, r6, #4",
        "stmia r3!, {{r5, r6}}",
        "cmp r3, r12",
        "bne 4b",
        "bx lr",
        ".endif",
        int4 = const INT4 as u8,
    )
}

/// Separates the words of one position, in `$first` and `$second`: the sum of a plus 2^20 goes to the top 21 bits of
/// `$first`, that of b to the top 21 bits of `$second`, that of c plus 2^21 to the top 22 bits of `$c`. What remains below
/// does not change which of two sums is larger. Changes `r3`.
#[rustfmt::skip]
macro_rules! separate {
    ($first:literal, $second:literal, $c:literal) => {
        concat!(
            "lsrs r3, ", $first, ", #21\n",
            "sub ", $second, ", ", $second, ", r3, lsl #11\n",
            "lsl ", $first, ", ", $first, ", #11\n",
            "lsl ", $c, ", ", $second, ", #10\n",
            "bfi ", $second, ", r3, #11, #11\n",
        )
    };
}

/// Replaces `$a` by `$b` if it is less, with the condition `$less` without (`lo`) or with a sign (`lt`).
#[rustfmt::skip]
macro_rules! larger {
    ($a:literal, $less:literal, $b:literal) => {
        concat!("cmp ", $a, ", ", $b, "\n", "it ", $less, "\n", "mov", $less, " ", $a, ", ", $b, "\n")
    };
}

pub(super) use larger;

/// Computes the three activations of a window, stores them and advances the place of the outputs.
///
/// The words of the four positions are in `r6` to `r12` and `r5`, and the address of the [`Tile`] at `sp`. Changes `r2`
/// to `r12`. `r9` then is the place of the next outputs, and `r6` is [`Tile::end`].
///
/// # Safety
///
/// Only assembly calls it, with registers as above. Three bytes at the place of the outputs must be valid for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_window() {
    naked_asm!(
        separate!("r6", "r7", "r2"),
        separate!("r8", "r9", "r4"),
        larger!("r6", "lo", "r8"),
        larger!("r7", "lt", "r9"),
        larger!("r2", "lo", "r4"),
        separate!("r10", "r11", "r4"),
        larger!("r6", "lo", "r10"),
        larger!("r7", "lt", "r11"),
        larger!("r2", "lo", "r4"),
        separate!("r12", "r5", "r4"),
        larger!("r6", "lo", "r12"),
        larger!("r7", "lt", "r5"),
        larger!("r2", "lo", "r4"),
        "ldr r8, [sp]",
        "ldmia r8!, {{r9-r12}}",
        "ldmia r8!, {{r3-r5}}",
        "add r6, r3, r6, lsr #11",
        activation!("r6", "r5", "r4", "r10", "r11"),
        "strb r6, [r9]",
        "ldmia r8!, {{r3-r5}}",
        "add r7, r3, r7, asr #11",
        activation!("r7", "r5", "r4", "r10", "r11"),
        "strb r7, [r9, #1]",
        "ldmia r8!, {{r3-r6}}",
        "add r2, r3, r2, lsr #10",
        activation!("r2", "r5", "r4", "r10", "r11"),
        "strb r2, [r9, #2]",
        "add r9, r12",
        "str r9, [r8, #-56]",
        "bx lr",
    )
}
