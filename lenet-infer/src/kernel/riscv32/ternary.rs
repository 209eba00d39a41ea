//! Ternary weights: the sums of six outputs, two to a word.
//!
//! A byte holds five weights, as digits 0, 1 and 2 to the base 3. The number that the first j of them make, Tj, is the byte
//! times 3^j, less the low eight bits: the upper half of a product with 3^j * 2^24, in one instruction. The bytes of two
//! outputs that belong to the same inputs share a word, 16 bits apart, and a mask separates their numbers. A digit is the
//! difference of a number and three times the one before. But instead of subtracting numbers, for each output, inputs are
//! subtracted, once for all outputs:
//!
//! ```text
//! d1 x1 + d2 x2 + ... + d5 x5  =  T1 (x1 - 3 x2) + T2 (x2 - 3 x3) + ... + T5 x5
//! ```
//!
//! So two products take `mulhu`, `and`, `mul` and `add`. A load serves six outputs: 87 instructions for thirty products, 2.9
//! per product where int8 weights take 3.3. Sums are added modulo 2^32, so it does not matter that they leave the halves of
//! their words on the way.

use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{TERNARY_PER_BYTE, TERNARY_STEP, ternary_row};
use lenet_core::shape::POOL2_LEN;

/// Outputs that are computed at a time, as with int8 weights.
const TILE: usize = 6;
/// Bytes of a row whose products are added in a half of a word before it is read.
const PART: usize = 24;
/// Bytes in a row of the layer with most inputs.
const MAX_BYTES: usize = ternary_row(POOL2_LEN);

// A sum fits in a half of a word.
const _: () = assert!(PART * TERNARY_PER_BYTE * 255 * 2 <= u16::MAX as usize);
// The assembly has these sizes as constants.
const _: () = assert!(TILE == 6 && TERNARY_PER_BYTE == 5 && TERNARY_STEP == 64);

/// What the numbers that the digits of a byte make are multiplied by: -765 to 255.
type Factors = [i16; TERNARY_PER_BYTE];

/// Calls `then` with the sums of each tile of outputs, in order, in units of int8 weights.
///
/// The number of outputs must be a multiple of the tile.
#[inline(always)]
pub(super) fn for_each_tile<const BYTES: usize>(
    rows: &[[u8; BYTES]],
    input: &[u8],
    mut then: impl FnMut(&[i32; TILE]),
) {
    const { assert!(BYTES <= MAX_BYTES) };
    let mut factors = [[0; TERNARY_PER_BYTE]; BYTES];
    let start = prepare(input, &mut factors);
    for rows in rows.as_chunks::<TILE>().0 {
        let mut sums = [start; TILE];
        add_sums(rows.as_flattened(), &factors, &mut sums);
        then(&sums);
    }
}

/// Makes the factors of the bytes of a row from the inputs. Returns what is too much in each sum, negative: a digit exceeds
/// its weight by 1, which is 64 in units of int8 weights.
///
/// Digit j of byte k belongs to input j * `factors.len()` + k, where there is one; other digits are multiplied by 0.
#[inline(never)]
fn prepare(input: &[u8], factors: &mut [Factors]) -> i32 {
    let mut start = 0_i32;
    for (digit, inputs) in (0..TERNARY_PER_BYTE).zip(input.chunks(factors.len())) {
        for (factors, input) in factors.iter_mut().zip(inputs) {
            let input = i16::from(*input);
            // Wrapping, because the compiler does not see that there are at most 256 inputs.
            start = start.wrapping_sub(i32::from(input) << 6);
            if let Some(factor) = factors.get_mut(digit) {
                *factor = input;
            }
            if let Some(before) = digit.checked_sub(1).and_then(|before| factors.get_mut(before)) {
                *before = before.wrapping_sub(3 * input);
            }
        }
    }
    start
}

/// Adds 64 times the sums of a tile's digits, each times its input, to `sums`.
#[inline(never)]
fn add_sums(rows: &[u8], factors: &[Factors], sums: &mut [i32; TILE]) {
    let bytes = factors.len();
    let mut weights = rows.as_ptr();
    for factors in factors.chunks(PART) {
        let mut words = MaybeUninit::uninit();
        let end = factors.as_ptr_range().end;
        // SAFETY: `rows` are six rows of one byte per element of all factors, of which these are the ones from
        // `weights` on in the first row.
        let words = unsafe {
            part_sums(weights, bytes, factors.as_ptr(), end, &mut words);
            words.assume_init_ref()
        };
        weights = weights.wrapping_add(PART);
        for ([low, high], word) in sums.as_chunks_mut().0.iter_mut().zip(words) {
            *low = low.wrapping_add((word << 16 >> 10) as i32);
            *high = high.wrapping_add((word >> 16 << 6) as i32);
        }
    }
}

/// Computes the sums of six outputs over a part of their rows, those of two outputs in the halves of a word.
///
/// - `weights` (`a0`), `bytes` (`a1`): the first bytes of the outputs, so many bytes apart.
/// - `factors` (`a2`), `end` (`a3`): the factors of the part.
/// - `words` (`a4`): where the sums go.
///
/// Weights may lie at any address. Changes `a0`, `a2`, `a4` to `a7` and `t0` to `t6`. Takes 16 bytes of stack.
///
/// # Safety
///
/// The factors must be valid for reads up to `end`, at least one, and `weights` for as many bytes of each output.
#[unsafe(naked)]
unsafe extern "C" fn part_sums(
    weights: *const u8,
    bytes: usize,
    factors: *const Factors,
    end: *const Factors,
    words: &mut MaybeUninit<[u32; TILE / 2]>,
) {
    // a4 mask, a5 number and product, a6, a7 and t3 bytes of two outputs each, t0-t2 their sums, t4 factor, t5 and s0-s3
    // powers of 3, t6 `words`.
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -16",
        ".irp i, 0, 1, 2, 3",
        "sw s\\i, 4 * \\i(sp)",
        ".endr",
        "mv t6, a4",
        "lui a4, 0xFF0",
        "addi a4, a4, 0xFF",
        "lui t5, 3 << 12",
        "lui s0, 9 << 12",
        "lui s1, 27 << 12",
        "lui s2, 81 << 12",
        "lui s3, 243 << 12",
        ".irp sum, t0, t1, t2",
        "li \\sum, 0",
        ".endr",
        "2:",
        "mv t4, a0",
        ".irp word, a6, a7, t3",
        "lbu \\word, 0(t4)",
        "add t4, t4, a1",
        "lbu a5, 0(t4)",
        "add t4, t4, a1",
        "slli a5, a5, 16",
        "or \\word, \\word, a5",
        ".endr",
        ".macro two word, power, sum",
        "mulhu a5, \\word, \\power",
        "and a5, a5, a4",
        "mul a5, a5, t4",
        "add \\sum, \\sum, a5",
        ".endm",
        ".macro digit at, power",
        "lh t4, \\at(a2)",
        "two a6, \\power, t0",
        "two a7, \\power, t1",
        "two t3, \\power, t2",
        ".endm",
        "digit 0, t5",
        "digit 2, s0",
        "digit 4, s1",
        "digit 6, s2",
        "digit 8, s3",
        ".purgem digit",
        ".purgem two",
        "addi a0, a0, 1",
        "addi a2, a2, 10",
        "bne a2, a3, 2b",
        "sw t0, 0(t6)",
        "sw t1, 4(t6)",
        "sw t2, 8(t6)",
        ".irp i, 0, 1, 2, 3",
        "lw s\\i, 4 * \\i(sp)",
        ".endr",
        "addi sp, sp, 16",
        "ret",
        ".option pop",
    )
}
