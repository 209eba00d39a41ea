//! The fully-connected layers: six outputs at a time.

use super::requant::{Outputs, activation};
use super::ternary::{self, Factors};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use core::ops::Range;
use lenet_core::model::{Dense, DenseRows, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Outputs that share one load of an activation.
const ROWS: usize = 6;

/// The sums of that many outputs.
type Sums = [i32; ROWS];

/// Adds six products, of one input and six outputs, to `r4` to `r9`. `r0` points to the input, `r1` and `r3` to the
/// weights of the first and of the fourth output, and `r2` is the stride of the rows. Changes `r10` to `r12` and `lr`. 13
/// instructions, 21 cycles.
macro_rules! int8_step {
    () => {
        "ldrb r10, [r0], #1
         ldrsb r11, [r1, r2]
         ldrsb r12, [r1, r2, lsl #1]
         ldrsb lr, [r1], #1
         mla r5, r10, r11, r5
         mla r6, r10, r12, r6
         mla r4, r10, lr, r4
         ldrsb r11, [r3, r2]
         ldrsb r12, [r3, r2, lsl #1]
         ldrsb lr, [r3], #1
         mla r8, r10, r11, r8
         mla r9, r10, r12, r9
         mla r7, r10, lr, r7"
    };
}

/// Computes the sums of six outputs with int8 weights.
///
/// - `input` (`r0`), `end` (`r3`): the start and the end of the activations.
/// - `weights` (`r1`), `stride` (`r2`): the rows of weights begin at `weights`, `weights + stride` and so on.
/// - `sums` (on the stack): where the sums go.
///
/// Weights and activations may lie at any address. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 40 bytes of
/// stack.
///
/// # Safety
///
/// `end - input` must be a multiple of 4 above 0. The range from `input` to `end` must be valid for reads, and each of
/// the six rows for reads of as many bytes.
#[unsafe(naked)]
unsafe extern "C" fn int8_rows(
    _input: *const u8,
    _weights: *const u8,
    _stride: usize,
    _end: *const u8,
    _sums: &mut Sums,
) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "subs r10, r3, r0",
        "add r3, r1, r2",
        "add r3, r3, r2, lsl #1",
        "lsls r10, r10, #29",
        ".irp sum, r4, r5, r6, r7, r8, r9",
        "mov \\sum, #0",
        ".endr",
        "bne 3f",
        // Eight inputs, or four if the number of inputs is not a multiple of eight.
        "2:",
        ".rept 4",
        int8_step!(),
        ".endr",
        "3:",
        ".rept 4",
        int8_step!(),
        ".endr",
        "ldr r10, [sp]",
        "cmp r0, r10",
        "bne 2b",
        "ldr r3, [sp, #40]",
        "stmia r3, {{r4-r9}}",
        "add sp, #4",
        "pop {{r4-r11, pc}}",
    )
}

/// The sums of two outputs with int4 weights that are raised by 8 each, in units of int4 weights: 20 instructions for
/// eight products.
///
/// The loop adds whole words of products for the first output and their upper halves for the second. At the end, the
/// first sum is what remains of the words without the second sum in their upper halves.
///
/// - `first` (`r0`), `second` (`r1`): the rows of weights, one byte per two inputs.
/// - `input` (`r2`), `end` (`r3`): the start and the end of the activations.
/// - `sums` (on the stack): where the sums go.
///
/// Weights, read by the halfword, and activations may lie at any address. Changes `r0` to `r2`, `r12` and the flags.
/// Takes 24 bytes of stack.
///
/// # Safety
///
/// `end - input` must be a multiple of 4 above 0. The range from `input` to `end` must be valid for reads, and so must
/// half as many bytes at `first` and at `second`.
#[unsafe(naked)]
unsafe extern "C" fn sum_int4(
    first: *const u8,
    second: *const u8,
    input: *const u8,
    end: *const u8,
    sums: &mut [i32; 2],
) {
    naked_asm!(
        "push {{r4-r9}}",
        "mov r8, #0",
        "mov r9, #0",
        "mov r12, #0x000F000F",
        "2:",
        "ldrh r4, [r0], #2",
        "ldrh r5, [r1], #2",
        "ldrb r6, [r2], #4",
        "orr r4, r4, r5, lsl #16",
        "eor r4, r4, #0x88888888",
        "and r5, r4, r12",
        "mul r7, r5, r6",
        ".irp i, 1, 2, 3",
        "ldrb r6, [r2, #\\i - 4]",
        "and r5, r12, r4, lsr #4 * \\i",
        "mla r7, r5, r6, r7",
        ".endr",
        "add r8, r7",
        "add r9, r9, r7, lsr #16",
        "cmp r2, r3",
        "bne 2b",
        "sub r8, r8, r9, lsl #16",
        "ldr r0, [sp, #24]",
        "strd r8, r9, [r0]",
        "pop {{r4-r9}}",
        "bx lr",
    )
}

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
        const { assert!(IN == 2 * HALF && IN.is_multiple_of(4) && IN >= 8 && IN <= 256) };
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: IN, bits: 8 },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: HALF, bits: 4 },
            Weights::Ternary(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: FIFTH, bits: 2 },
        }
    }

    /// Computes the sums of six outputs, whose rows of weights lie `stride` bytes apart from row `first` on. `excess` is
    /// [`excess`] of the input, for int4 weights.
    ///
    /// # Safety
    ///
    /// The weights must not be ternary. The matrix must have these rows. `input` must have one activation per weight of a
    /// row: a multiple of 4, 8 to 256.
    #[inline(always)]
    unsafe fn six_rows(self, first: usize, stride: usize, input: &[u8], excess: i32, sums: &mut Sums) {
        let inputs = input.as_ptr_range();
        // SAFETY: the caller guarantees it.
        unsafe {
            let weights = self.weights.add(first.wrapping_mul(self.row_bytes));
            if INT4 && self.bits == 4 {
                int4_rows(inputs, weights, stride, excess, sums);
            } else {
                int8_rows(inputs.start, weights, stride, inputs.end, sums);
            }
        }
    }
}

/// Computes the sums of six outputs with int4 weights. The parameters are those of [`int8_rows`], and [`excess`] of the
/// input.
///
/// # Safety
///
/// As for [`int8_rows`], with half as many bytes in each row.
#[inline(never)]
unsafe fn int4_rows(
    inputs: Range<*const u8>,
    mut weights: *const u8,
    stride: usize,
    excess: i32,
    sums: &mut Sums,
) {
    for pair in sums.as_chunks_mut().0 {
        // SAFETY: the caller guarantees it.
        unsafe {
            sum_int4(weights, weights.add(stride), inputs.start, inputs.end, pair);
            weights = weights.add(stride).add(stride);
        }
        *pair = pair.map(|sum| sum.wrapping_sub(excess) << 4);
    }
}

/// The amount by which [`sum_int4`] overestimates each sum: 8 for each unit of input.
#[inline(never)]
fn excess(input: &[u8]) -> i32 {
    input.iter().map(|activation| i32::from(*activation)).fold(0, i32::wrapping_add).wrapping_mul(8)
}

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
pub(super) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(OUT.is_multiple_of(ROWS)) };
    let matrix = Matrix::new(layer.weights().as_rows());
    let mut outputs = Outputs::new(layer, 0, output.as_mut_ptr());
    // SAFETY: the types say how many weights, inputs and outputs there are, and the assertion that there are whole tiles.
    unsafe {
        if TERNARY && matrix.bits == 2 {
            ternary_outputs(matrix, input, OUT, &mut outputs);
        } else {
            all_outputs(matrix, input, OUT, &mut outputs);
        }
    }
}

/// Computes a hidden layer of `count` outputs with int8 or int4 weights.
///
/// # Safety
///
/// `count` must be a multiple of six. The matrix must have that many rows of such weights, and `outputs` must be as many.
/// `input` must have one activation per weight of a row.
#[inline(never)]
unsafe fn all_outputs(matrix: Matrix, input: &[u8], count: usize, outputs: &mut Outputs) {
    let excess = if INT4 && matrix.bits == 4 { excess(input) } else { 0 };
    let mut sums = [0; ROWS];
    let mut first = 0_usize;
    while first < count {
        // SAFETY: the caller guarantees it.
        unsafe {
            matrix.six_rows(first, matrix.row_bytes, input, excess, &mut sums);
            finish_six(&sums, outputs);
        }
        first = first.wrapping_add(ROWS);
    }
}

/// Computes a hidden layer of `count` outputs with ternary weights.
///
/// # Safety
///
/// As for [`all_outputs`], with rows of ternary weights.
#[inline(never)]
unsafe fn ternary_outputs(matrix: Matrix, input: &[u8], count: usize, outputs: &mut Outputs) {
    let mut factors = MaybeUninit::uninit();
    // SAFETY: `ternary` asserts it of the rows of fc1 and fc2, and there are no others.
    unsafe { Factors::write(&mut factors, input, matrix.row_bytes) };
    let mut sums = [0; ROWS];
    let mut first = 0_usize;
    while first < count {
        // SAFETY: the factors are those of the layer; the rest is what the caller guarantees.
        unsafe {
            let weights = matrix.weights.add(first.wrapping_mul(matrix.row_bytes));
            ternary::six_rows(factors.as_ptr(), weights, matrix.row_bytes, &mut sums);
            finish_six(&sums, outputs);
        }
        first = first.wrapping_add(ROWS);
    }
}

/// Computes the last layer: sums and biases.
///
/// If the number of logits is not a multiple of six, the last tile of six overlaps the tile before it. If there are fewer
/// than six, they are computed one by one.
#[inline(never)]
pub(super) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    let matrix = Matrix::new(layer.weights().as_rows());
    let excess = if INT4 && matrix.bits == 4 { excess(input) } else { 0 };
    let count = layer.classes().min(logits.len());
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.row_bytes) };
    let mut sums = [0; ROWS];
    let (biases, logits) = (layer.bias_bytes().as_ptr(), logits.as_mut_ptr());
    let mut next = 0_usize;
    while next < count {
        let first = next.min(count.wrapping_sub(rows));
        next = next.wrapping_add(rows);
        // SAFETY: the layer has the rows that are summed, 84 weights in each, and as many biases; there are as many
        // logits.
        unsafe {
            matrix.six_rows(first, stride, input, excess, &mut sums);
            add_biases(&sums, biases.add(first), logits.add(first), rows);
        }
    }
}

/// Computes six activations from the sums in `r0`, and advances the [`Outputs`] in `r1`.
///
/// Biases and requants are loaded by the word and the halfword and may lie at any address. Changes `r0` to `r3`, `r12`
/// and the flags. Takes 24 bytes of stack.
///
/// # Safety
///
/// `outputs` must have six outputs left.
#[unsafe(naked)]
unsafe extern "C" fn finish_six(_sums: &Sums, _outputs: &mut Outputs) {
    naked_asm!(
        "push {{r4-r9}}",
        "ldmia r1, {{r2, r3, r6, r7, r8}}",
        "add r9, r6, #{rows}",
        "2:",
        "ldr r4, [r0], #4",
        "ldr r5, [r2], #4",
        "ldrb r12, [r3, #2]",
        "add r4, r5",
        "ldrh r5, [r3], #3",
        activation!("r4", "r12", "r5", "r7", "r8"),
        "strb r4, [r6], #1",
        "cmp r6, r9",
        "bne 2b",
        "stmia r1, {{r2, r3, r6}}",
        "pop {{r4-r9}}",
        "bx lr",
        rows = const ROWS,
    )
}

/// Writes `count` logits: sums plus biases. Changes `r0` to `r3`, `r12` and the flags. Takes 4 bytes of stack.
///
/// # Safety
///
/// `count` is 1 to 6; `biases` is valid for reads of as many biases, at any address, and `logits` for writes of as many.
#[unsafe(naked)]
unsafe extern "C" fn add_biases(_sums: &Sums, _biases: *const [u8; 4], _logits: *mut i32, _count: usize) {
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
