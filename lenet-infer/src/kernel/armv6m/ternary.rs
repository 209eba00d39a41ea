//! Ternary weights: the sums of four outputs, two to a word.
//!
//! A byte holds five weights, as digits 0, 1 and 2 to the base 3: a multiply by 3 moves the next digit above the low byte.
//! The bytes of two outputs that belong to the same inputs share a word, 16 bits apart, so the three instructions that find
//! a digit, and the multiply by its input, serve both:
//!
//! ```text
//! muls  word, 3       the next digit of each output is now in the bits 8 and 9 of its half
//! lsrs  digit, word, #8
//! ands  digit, mask   0x00FF00FF
//! ands  word, mask    what is left of the bytes
//! muls  digit, input
//! add   sum, digit
//! ```
//!
//! Two words share an input, and the last digit needs no `ands word`: 85 instructions and 96 cycles for the twenty products
//! of four bytes. Per product that is 4.3 instructions and 4.8 cycles, where int8 weights take 3.6 and 4.9, and int4
//! weights 5.6 and 7.1: ternary ones need fewer loads.
//!
//! # What was left aside
//!
//! - Numbers of several digits instead of digits, with differences of inputs, as on RV32IMC: one mask less for two
//!   products, about 13 % of the instructions. But the differences have a sign and need a halfword each, 520 bytes of stack
//!   where this takes 40.
//! - Six outputs: there are no registers for a third word.
//! - A table of the sums of all 243 combinations of five inputs, from which each output would take one: to make the table
//!   costs as much as it saves, because there are only 120 outputs.

use super::matrix::{ROWS, Width};
use core::arch::naked_asm;
use lenet_core::model::{TERNARY_PER_BYTE, TERNARY_STEP};

/// Bytes of a row whose products are added in a half of a word before it is read.
const PART: usize = 24;

// The assembly has these sizes as constants.
const _: () = assert!(TERNARY_PER_BYTE == 5 && TERNARY_STEP == 64);
// A sum fits in a half of a word.
const _: () = assert!(PART * TERNARY_PER_BYTE * 255 * 2 <= u16::MAX as usize);

/// Ternary weights, five to a byte.
pub(super) struct Ternary;

impl Width for Ternary {
    #[inline(always)]
    fn start(input: &[u8]) -> i32 {
        // SAFETY: the slice is valid for reads.
        unsafe { start(input.as_ptr(), input.len()) }
    }

    /// `stride` must be the number of bytes in a row.
    #[inline(always)]
    unsafe fn sums(row: *const u8, stride: usize, input: &[u8], sums: &mut [i32; ROWS]) {
        // SAFETY: the caller guarantees it.
        unsafe { add_sums(row, stride, input.as_ptr(), input.len(), sums) }
    }
}

/// Adds the products of the next digits of two outputs, whose bytes are in `$word`, and the activation in `r6` to `$sum`.
///
/// `r4` is 3 and `r5` is 0x00FF00FF. Leaves the rest of the bytes in `$word` where there is a `$mask`. Changes `r7`.
#[rustfmt::skip]
macro_rules! two {
    ($word:literal, $sum:literal $(, $mask:literal)?) => {
        concat!(
            "muls ", $word, ", r4, ", $word, "\n",
            "lsrs r7, ", $word, ", #8\n",
            "ands r7, r5\n",
            $("ands ", $word, ", ", $mask, "\n",)?
            "muls r7, r6, r7\n",
            "add ", $sum, ", r7\n",
        )
    };
}

/// Loads the bytes at `r1` of two outputs to the halves of `$word`, and moves `r1` on by two rows. Changes `r6`.
#[rustfmt::skip]
macro_rules! load_two {
    ($word:literal) => {
        concat!(
            "ldrb ", $word, ", [r1]\n",
            "add r1, r12\n",
            "ldrb r6, [r1]\n",
            "add r1, r12\n",
            "lsls r6, r6, #16\n",
            "orrs ", $word, ", r6\n",
        )
    };
}

/// Adds 64 times the halves of `$sums` to two words at `r7`, and advances `r7`. Changes `r2` to `r4` and `r6`.
#[rustfmt::skip]
macro_rules! add_halves {
    ($sums:literal) => {
        concat!(
            "mov r6, ", $sums, "\n",
            "ldr r2, [r7]\n",
            "ldr r3, [r7, #4]\n",
            "lsls r4, r6, #16\n",
            "lsrs r4, r4, #10\n",
            "adds r2, r2, r4\n",
            "lsrs r6, r6, #16\n",
            "lsls r6, r6, #6\n",
            "adds r3, r3, r6\n",
            "stm r7!, {{r2, r3}}\n",
        )
    };
}

/// Returns what is too much in each sum, negative: a digit exceeds its weight by 1, which is 64 in units of int8 weights.
///
/// - `input` (`r0`), `inputs` (`r1`): the activations, at least one.
///
/// Changes `r0` to `r3` and the flags. Needs no stack.
///
/// # Safety
///
/// `input` must be valid for reads of `inputs`, a number above 0.
#[unsafe(naked)]
unsafe extern "C" fn start(_input: *const u8, _inputs: usize) -> i32 {
    naked_asm!(
        "movs r2, #0",
        "2:",
        "subs r1, #1",
        "ldrb r3, [r0, r1]",
        "subs r2, r2, r3",
        "cmp r1, #0",
        "bne 2b",
        "lsls r0, r2, #6",
        "bx lr",
    )
}

/// Adds 64 times the sums of four outputs' digits, each times its input, to `sums`.
///
/// - `row` (`r0`), `bytes` (`r1`): four rows of so many bytes, one after the other. Digit j of byte k belongs to input
///   j * `bytes` + k, where there is one.
/// - `input` (`r2`), `inputs` (`r3`): the activations.
/// - `sums` (on the stack).
///
/// Weights and activations may lie at any address. Changes `r0` to `r3`, `r12` and the flags. Takes 40 bytes of stack.
///
/// # Safety
///
/// `row` must be valid for reads of four times `bytes`, `input` of `inputs`, and `sums` for reads and writes. `inputs` must
/// be more than four times `bytes` and not more than five times.
#[unsafe(naked)]
unsafe extern "C" fn add_sums(
    _row: *const u8,
    _bytes: usize,
    _input: *const u8,
    _inputs: usize,
    _sums: *mut [i32; 4],
) {
    // r0 input, r1 byte of the first row, r2 and r3 bytes of two outputs, r4 3, r5 mask, r6 activation, r7 digits and
    // products, r8 and r9 sums of two outputs, r10 end of the inputs, r11 from an input past the last digit to that of the
    // next byte, r12 `bytes`, lr end of the part of the row whose sums are in r8 and r9. On the stack: end of the row at 0,
    // `sums` at 40.
    naked_asm!(
        "push {{r4-r7, lr}}",
        save!(),
        "mov r12, r1",
        "adds r3, r3, r2",
        "mov r10, r3",
        "lsls r3, r1, #2",
        "subs r3, #1",
        "rsbs r3, r3, #0",
        "mov r11, r3",
        "adds r1, r0, r1",
        "push {{r1}}",
        "movs r1, r0",
        "movs r0, r2",
        "movs r5, #255",
        "lsls r6, r5, #16",
        "orrs r5, r6",
        "2:",
        "movs r6, #0",
        "mov r8, r6",
        "mov r9, r6",
        "movs r4, #3",
        // The part ends with the row or before.
        "ldr r7, [sp]",
        "movs r6, r1",
        "adds r6, #{part}",
        "cmp r6, r7",
        "bls 3f",
        "movs r6, r7",
        "3:",
        "mov lr, r6",
        "4:",
        load_two!("r2"),
        load_two!("r3"),
        "add r1, r11",
        ".rept 4",
        "ldrb r6, [r0]",
        "add r0, r12",
        two!("r2", "r8", "r5"),
        two!("r3", "r9", "r5"),
        ".endr",
        // The last bytes have one input less.
        "cmp r0, r10",
        "bhs 5f",
        "ldrb r6, [r0]",
        two!("r2", "r8"),
        two!("r3", "r9"),
        "5:",
        "add r0, r11",
        "cmp r1, lr",
        "bne 4b",
        "ldr r7, [sp, #40]",
        add_halves!("r8"),
        add_halves!("r9"),
        "ldr r6, [sp]",
        "cmp r1, r6",
        "bne 2b",
        "add sp, #4",
        restore!(),
        "pop {{r4-r7, pc}}",
        part = const PART,
    )
}
