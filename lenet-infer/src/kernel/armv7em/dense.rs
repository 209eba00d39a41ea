//! The fully-connected layers: four outputs at a time.

use super::requant::{Finish, finish_four};
use super::ternary;
use crate::kernel::SMALL;
use core::arch::naked_asm;
use lenet_core::model::{Dense, DenseRows, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Adds four products, of four inputs and the weights in `$weights`, to the sum of one output. `r8` holds the first and
/// the third input, `r9` the second and the fourth. Changes `r10` and `$weights`.
#[rustfmt::skip]
macro_rules! int8_row {
    ($sum:literal, $weights:literal) => {
        concat!(
            "sxtb16 r10, ", $weights, "\n",
            "sxtb16 ", $weights, ", ", $weights, ", ror #8\n",
            "smlad ", $sum, ", r10, r8, ", $sum, "\n",
            "smlad ", $sum, ", ", $weights, ", r9, ", $sum, "\n",
        )
    };
}

/// Adds sixteen products, of four inputs and four outputs. `r0` points to the inputs and `r1` to the weights of the
/// first output; `r2` is the stride of the rows, `r3` three times that. Changes `r8` to `r11` and `lr`. 23 instructions,
/// 25 cycles, because a load right after a load takes one.
macro_rules! int8_step {
    () => {
        concat!(
            "ldr r9, [r0], #4\n",
            "ldr r11, [r1, r2]\n",
            "ldr lr, [r1, r2, lsl #1]\n",
            "uxtb16 r8, r9\n",
            "uxtb16 r9, r9, ror #8\n",
            int8_row!("r5", "r11"),
            int8_row!("r6", "lr"),
            "ldr r11, [r1, r3]\n",
            "ldr lr, [r1], #4\n",
            int8_row!("r7", "r11"),
            int8_row!("r4", "lr"),
        )
    };
}

/// Computes the sums of four outputs with int8 weights.
///
/// - `input` (`r0`), `end` (`r3`): the start and the end of the activations.
/// - `weights` (`r1`), `stride` (`r2`): the rows of weights begin at `weights`, `weights + stride` and so on.
/// - `sums` (on the stack): where the sums go.
///
/// Weights and activations are read by the word and may lie at any address. Changes `r0`, `r1`, `r3`, `r12`, `lr` and
/// the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// `end - input` must be above 0, and 0, 4 or 8 more than a multiple of 16. The range from `input` to `end` must be valid for
/// reads, and each of the four rows for reads of as many bytes.
#[unsafe(naked)]
unsafe extern "C" fn int8_rows(
    _input: *const u8,
    _weights: *const u8,
    _stride: usize,
    _end: *const u8,
    _sums: *mut [i32; 4],
) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "mov r12, r3",
        "subs r4, r3, r0",
        "add r3, r2, r2, lsl #1",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "lsls r4, #29",
        "mov r4, #0",
        // Sixteen inputs, but in the first turn eight, or four, if there are as many more than a multiple of sixteen. In a
        // small build, four.
        ".ifeq {small}",
        "bmi 4f",
        "bcs 3f",
        "2:",
        int8_step!(),
        int8_step!(),
        "3:",
        int8_step!(),
        "4:",
        ".else",
        "2:",
        ".endif",
        int8_step!(),
        "cmp r0, r12",
        "bne 2b",
        "ldr r3, [sp, #36]",
        "stmia r3, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
        small = const SMALL as u8,
    )
}

/// Adds eight products, of eight inputs and their weights at `$at`, each times 256, to the sum of one output.
///
/// `r3` holds the first and the fifth input, `r8` the second and the sixth, `r10` and `r11` the others. The mask in
/// `r12` and the shifts leave the weights of such a pair in the tops of the halfwords, where their signs are. Changes
/// `r9` and `lr`.
#[rustfmt::skip]
macro_rules! int4_row {
    ($sum:literal, $at:literal) => {
        concat!(
            "ldr lr, ", $at, "\n",
            "and r9, r12, lr, lsl #12\n",
            "smlad ", $sum, ", r9, r3, ", $sum, "\n",
            "and r9, r12, lr, lsl #8\n",
            "smlad ", $sum, ", r9, r8, ", $sum, "\n",
            "and r9, r12, lr, lsl #4\n",
            "smlad ", $sum, ", r9, r10, ", $sum, "\n",
            "and lr, r12, lr\n",
            "smlad ", $sum, ", lr, r11, ", $sum, "\n",
        )
    };
}

/// Computes the sums of four outputs with int4 weights, in units of int8 weights.
///
/// If the number of inputs is not a multiple of eight, the last turn takes the last eight inputs again, the first four
/// of them as zeros. 256 products of 255 and -128, times 256, stay within 32 bits.
///
/// The registers are those of [`int8_rows`]. Takes 44 bytes of stack.
///
/// # Safety
///
/// As for [`int8_rows`], with `end - input` of 8 to 256, and half as many bytes in each row.
#[unsafe(naked)]
unsafe extern "C" fn int4_rows(
    _input: *const u8,
    _weights: *const u8,
    _stride: usize,
    _end: *const u8,
    _sums: *mut [i32; 4],
) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        // The ends of the whole groups of eight inputs, and of all inputs.
        "subs r4, r3, r0",
        "bic r4, #7",
        "adds r4, r4, r0",
        "mov r5, r3",
        "push {{r4, r5}}",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r12, #0xF000F000",
        "2:",
        "ldr r8, [r0], #4",
        "3:",
        "ldr r10, [r0], #4",
        "uxtb16 r9, r8, ror #8",
        "uxtb16 r8, r8",
        "uxtb16 r11, r10, ror #8",
        "uxtb16 r10, r10",
        "pkhbt r3, r8, r10, lsl #16",
        "pkhtb r10, r10, r8, asr #16",
        "pkhbt r8, r9, r11, lsl #16",
        "pkhtb r11, r11, r9, asr #16",
        int4_row!("r5", "[r1, r2]"),
        int4_row!("r6", "[r1, r2, lsl #1]"),
        "add r9, r1, r2",
        int4_row!("r7", "[r9, r2, lsl #1]"),
        int4_row!("r4", "[r1], #4"),
        "ldr r9, [sp]",
        "cmp r0, r9",
        "bne 2b",
        "ldr r9, [sp, #4]",
        "cmp r0, r9",
        "beq 4f",
        "str r9, [sp]",
        // Back by four weights.
        "sub r1, #2",
        "mov r8, #0",
        "b 3b",
        "4:",
        "ldr r3, [sp, #44]",
        "asrs r4, #8",
        "asrs r5, #8",
        "asrs r6, #8",
        "asrs r7, #8",
        "stmia r3, {{r4-r7}}",
        "add sp, #8",
        "pop {{r4-r11, pc}}",
    )
}

/// Outputs that are computed at a time.
const ROWS: usize = 4;

/// The weights of a fully-connected layer of any shape, so that the program has one copy of the code.
#[derive(Clone, Copy)]
struct Matrix {
    weights: *const u8,
    /// Bytes in a row.
    row_bytes: usize,
    bits: u8,
}

impl Matrix {
    #[inline(always)]
    const fn new<const IN: usize, const HALF: usize, const FIFTH: usize>(
        weights: DenseRows<'_, IN, HALF, FIFTH>,
    ) -> Self {
        const { assert!(IN == 2 * HALF && IN.is_multiple_of(4) && IN % 16 != 12 && IN >= 8 && IN <= 256) };
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: IN, bits: 8 },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: HALF, bits: 4 },
            Weights::Ternary(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: FIFTH, bits: 2 },
        }
    }

    /// Computes the sums of four outputs, whose rows of weights lie `stride` bytes apart from row `first` on. `start` is
    /// [`ternary::start`] of the inputs if the weights are ternary.
    ///
    /// # Safety
    ///
    /// The matrix must have these rows. The range from `input` to `end` must be valid for reads, and have one
    /// activation per weight of a row: 8 to 256, and 0, 4 or 8 more than a multiple of 16.
    #[inline(always)]
    unsafe fn four_rows(
        self,
        first: usize,
        stride: usize,
        input: *const u8,
        end: *const u8,
        start: i32,
        sums: &mut [i32; ROWS],
    ) {
        // SAFETY: the caller guarantees it.
        unsafe {
            let weights = self.weights.add(first.wrapping_mul(self.row_bytes));
            if INT4 && self.bits == 4 {
                int4_rows(input, weights, stride, end, sums);
            } else if TERNARY && self.bits == 2 {
                ternary::rows(input, weights, self.row_bytes, end, start, sums);
            } else {
                int8_rows(input, weights, stride, end, sums);
            }
        }
    }
}

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
pub(super) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(OUT.is_multiple_of(ROWS)) };
    let finish = Finish::new(layer, output);
    // SAFETY: the types say how many weights, inputs and outputs there are, and the assertions that their numbers are
    // multiples of four.
    unsafe { all_outputs(Matrix::new(layer.weights().as_rows()), input, OUT, finish) }
}

/// Computes a hidden layer of `outputs` outputs.
///
/// # Safety
///
/// `outputs` must be a multiple of four. The matrix must have that many rows, and `finish` that many outputs left.
/// `input` must have one activation per weight of a row.
#[inline(never)]
unsafe fn all_outputs(matrix: Matrix, input: &[u8], outputs: usize, mut finish: Finish) {
    let inputs = input.as_ptr_range();
    let start = if TERNARY && matrix.bits == 2 { ternary::start(input) } else { 0 };
    let mut sums = [0; ROWS];
    let mut first = 0_usize;
    while first < outputs {
        // SAFETY: the caller guarantees it.
        unsafe {
            matrix.four_rows(first, matrix.row_bytes, inputs.start, inputs.end, start, &mut sums);
            finish_four(&sums, &mut finish);
        }
        first = first.wrapping_add(ROWS);
    }
}

/// Computes the last layer: sums and biases.
///
/// If the number of logits is not a multiple of four, the last tile of four overlaps the tile before it. If there are
/// fewer than four, they are computed one by one.
#[inline(never)]
pub(super) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    let matrix = Matrix::new(layer.weights().as_rows());
    let inputs = input.as_ptr_range();
    let count = layer.classes().min(logits.len());
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.row_bytes) };
    let (biases, logits) = (layer.bias_bytes().as_ptr(), logits.as_mut_ptr());
    let mut sums = [0; ROWS];
    let mut next = 0_usize;
    while next < count {
        let first = next.min(count.wrapping_sub(rows));
        next = next.wrapping_add(rows);
        // SAFETY: the layer has the rows that are summed, 84 weights in each, and as many biases; there are as many
        // logits.
        unsafe {
            matrix.four_rows(first, stride, inputs.start, inputs.end, 0, &mut sums);
            add_biases(&sums, biases.add(first), logits.add(first), rows);
        }
    }
}

/// Writes `count` logits: sums plus biases. Clobbers `r12`.
///
/// # Safety
///
/// `count` is 1 to 4; `biases` is valid for reads of as many biases, at any address, and `logits` for writes of as many.
#[unsafe(naked)]
unsafe extern "C" fn add_biases(
    _sums: &[i32; ROWS],
    _biases: *const [u8; 4],
    _logits: *mut i32,
    _count: usize,
) {
    naked_asm!(
        "push {{r4}}",
        "2:",
        "ldr r4, [r0], #4",
        "ldr r12, [r1], #4",
        "add r4, r12",
        "str r4, [r2], #4",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4}}",
        "bx lr",
    )
}
