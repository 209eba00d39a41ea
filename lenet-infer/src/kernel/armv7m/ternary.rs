//! Ternary weights: six outputs at a time, two of them in a word.
//!
//! A weight raised by 64 is a digit to base three, times 64: five digits in a byte. With *n* for the byte,
//! `n * 3^j / 256` rounded down is the number that the first *j* digits make, its *prefix*. A digit is a prefix less three
//! times the one before it, so
//!
//! ```text
//! d1 x1 + ... + d5 x5  =  p1 (x1 - 3 x2) + ... + p4 (x4 - 3 x5) + p5 x5
//! ```
//!
//! The factors of the prefixes are the same for all outputs and are made once per layer. Then no digit is ever cut off:
//! a prefix takes an addition, a mask and a multiply for two outputs.

use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{TERNARY_PER_BYTE, ternary_row};
use lenet_core::shape::{FC1_OUTPUTS, POOL2_LEN};

/// Bytes of a row whose sums fit in a halfword: 120 products of 510 at most.
const BYTES: usize = 24;

const _: () = assert!(BYTES * TERNARY_PER_BYTE * 2 * 255 <= 0xFFFF);

/// Bytes in the longest row.
const MOST_BYTES: usize = ternary_row(POOL2_LEN);

// What `write` needs of both layers' rows.
const _: () = {
    let (fc1, fc2) = (ternary_row(POOL2_LEN), ternary_row(FC1_OUTPUTS));
    assert!(fc2 <= MOST_BYTES && POOL2_LEN >= 4 * fc1 && FC1_OUTPUTS >= 4 * fc2);
};

/// What the prefixes of a row are multiplied by.
#[repr(C)]
pub(super) struct Factors {
    /// Minus the sum of the inputs. Every output's sum starts with it, because each digit exceeds its weight by one.
    start: i32,
    /// Those of each byte of a row. A layer with shorter rows leaves the rest as it was.
    factors: [[i16; TERNARY_PER_BYTE]; MOST_BYTES],
}

impl Factors {
    /// Writes the factors of a layer with rows of `row_bytes` bytes to `factors`.
    ///
    /// # Safety
    ///
    /// `row_bytes` must be 1 to 52, and `input` must have at least four times as many activations.
    #[inline(always)]
    pub(super) unsafe fn write(factors: &mut MaybeUninit<Self>, input: &[u8], row_bytes: usize) {
        let input = input.as_ptr_range();
        // SAFETY: the caller guarantees it.
        unsafe { write(input.start, input.end, row_bytes, factors.as_mut_ptr()) }
    }
}

/// Writes the factor of one prefix, from its input in `$this` and the next one in `$next`. Adds the latter to `r4`.
#[rustfmt::skip]
macro_rules! factor {
    ($this:literal, $next:literal) => {
        concat!(
            "add r4, ", $next, "\n",
            "sub ", $this, ", ", $next, "\n",
            "sub ", $this, ", ", $this, ", ", $next, ", lsl #1\n",
            "strh ", $this, ", [r3], #2\n",
        )
    };
}

/// Writes the factors of a layer. 36 instructions for each byte of a row.
///
/// - `input` (`r0`), `end` (`r1`): the start and the end of the activations. Those after the end are zeros.
/// - `row_bytes` (`r2`): the bytes in a row of weights.
/// - `factors` (`r3`): where the factors go.
///
/// Activations are read by the byte. Changes `r0`, `r3`, `r12` and the flags. Takes 20 bytes of stack.
///
/// # Safety
///
/// As for [`Factors::write`]. `factors` must be valid for writes.
#[unsafe(naked)]
unsafe extern "C" fn write(_input: *const u8, _end: *const u8, _row_bytes: usize, _factors: *mut Factors) {
    naked_asm!(
        "push {{r3-r7}}",
        "add r3, #4",
        "mov r4, #0",
        "add r12, r0, r2",
        "2:",
        "ldrb r6, [r0]",
        "ldrb r7, [r0, r2]",
        "add r5, r0, r2, lsl #1",
        "add r4, r6",
        factor!("r6", "r7"),
        "ldrb r6, [r5]",
        factor!("r7", "r6"),
        "ldrb r7, [r5, r2]",
        "add r5, r5, r2, lsl #1",
        factor!("r6", "r7"),
        "mov r6, #0",
        "cmp r5, r1",
        "it lo",
        "ldrblo r6, [r5]",
        factor!("r7", "r6"),
        "strh r6, [r3], #2",
        "add r0, #1",
        "cmp r0, r12",
        "bne 2b",
        "pop {{r3}}",
        "rsb r4, r4, #0",
        "str r4, [r3]",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// Adds the products of the next prefixes of two outputs, whose codes are in the halfwords of `$codes`, to `$sums`.
/// `r10` holds the factor and `r12` the mask. Changes `r11`.
#[rustfmt::skip]
macro_rules! two_prefixes {
    ($codes:literal, $sums:literal) => {
        concat!(
            "add ", $codes, ", ", $codes, ", ", $codes, ", lsl #1\n",
            "and r11, r12, ", $codes, ", lsr #8\n",
            "mla ", $sums, ", r11, r10, ", $sums, "\n",
        )
    };
}

/// Adds the halfwords of `$sums` to the next two sums at `r12`.
#[rustfmt::skip]
macro_rules! read_out {
    ($sums:literal) => {
        concat!(
            "ldrd r7, r8, [r12]\n",
            "uxth r9, ", $sums, "\n",
            "add r7, r9\n",
            "add r8, r8, ", $sums, ", lsr #16\n",
            "strd r7, r8, [r12], #8\n",
        )
    };
}

/// Computes the sums of six outputs, in units of int8 weights. 61 instructions, 85 cycles for each byte of a row: 30
/// products.
///
/// A word of sums holds whole words of products for the first of two outputs and their upper halves for the second. What
/// overflows on the way is made good by the time the fifth prefix of a byte is added: then both sums are sums of digits
/// and inputs, and fit in halfwords until [`BYTES`] bytes are done.
///
/// - `factors` (`r0`), `weights` (`r1`), `row_bytes` (`r2`): the rows of weights lie one after the other.
/// - `sums` (`r3`): where the sums go.
///
/// Weights are read by the byte and may lie at any address. Changes `r0` to `r3`, `r12` and the flags. Takes 44 bytes of
/// stack.
///
/// # Safety
///
/// `factors` must have been written for rows of `row_bytes`. `weights` must be valid for reads of six rows.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn six_rows(
    _factors: *const Factors,
    _weights: *const u8,
    _row_bytes: usize,
    _sums: &mut [i32; 6],
) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "ldr r4, [r0], #4",
        "mov r5, r4",
        "stmia r3!, {{r4, r5}}",
        "stmia r3!, {{r4, r5}}",
        "stmia r3!, {{r4, r5}}",
        "add r12, r1, r2",
        "push {{r12}}",
        "add r3, r12, r2, lsl #1",
        "2:",
        "add lr, r1, #{bytes}",
        "cmp lr, r12",
        "it hi",
        "movhi lr, r12",
        "mov r12, #0x00FF00FF",
        "mov r4, #0",
        "mov r5, #0",
        "mov r6, #0",
        "3:",
        "ldrb r10, [r1, r2]",
        "ldrb r8, [r1, r2, lsl #1]",
        "ldrb r7, [r1], #1",
        "ldrb r11, [r3, r2, lsl #1]",
        "ldrb r9, [r3, r2]",
        "orr r7, r7, r10, lsl #16",
        "ldrb r10, [r3], #1",
        "orr r9, r9, r11, lsl #16",
        "orr r8, r8, r10, lsl #16",
        ".rept 5",
        "ldrsh r10, [r0], #2",
        two_prefixes!("r7", "r4"),
        two_prefixes!("r8", "r5"),
        two_prefixes!("r9", "r6"),
        ".endr",
        "cmp r1, lr",
        "bne 3b",
        "ldr r12, [sp, #4]",
        read_out!("r4"),
        read_out!("r5"),
        read_out!("r6"),
        "ldr r12, [sp]",
        "cmp r1, r12",
        "bne 2b",
        "add sp, #4",
        "pop {{r3}}",
        "ldmia r3, {{r4-r9}}",
        ".irp sum, r4, r5, r6, r7, r8, r9",
        "lsl \\sum, #6",
        ".endr",
        "stmia r3, {{r4-r9}}",
        "pop {{r4-r11, pc}}",
        bytes = const BYTES,
    )
}
