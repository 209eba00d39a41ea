//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::requant::{self, Outputs, Window, finish};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Dense, Fc3, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// A hidden layer.
pub(super) fn hidden<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(IN.is_multiple_of(2) && OUT.is_multiple_of(ROWS)) };
    let mut outputs = Outputs::new(layer, output.as_mut_ptr(), ROWS);
    let matrix = Matrix::new(layer.weights().as_rows());
    // SAFETY: as many inputs as the weights have columns, as many outputs as they have rows, a multiple of four.
    unsafe { all_outputs(matrix, input.as_ptr(), &mut outputs, OUT) };
}

/// The last layer.
pub(super) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    const { assert!(FC2_OUTPUTS.is_multiple_of(2)) };
    let biases = layer.bias_bytes().as_ptr().cast();
    let count = logits.len().min(layer.classes());
    // SAFETY: as many inputs as the weights have columns; as many biases, and at least so many logits, as rows.
    unsafe { all_logits(Matrix::new(layer.weights()), input.as_ptr(), biases, logits.as_mut_ptr(), count) };
}

/// Outputs of a fully-connected layer at a time.
const ROWS: usize = 4;

/// The weights of a fully-connected layer, whatever its shape: the code exists once for all.
#[derive(Clone, Copy)]
struct Matrix {
    weights: *const u8,
    /// Of a row.
    bytes: usize,
    int4: bool,
}

impl Matrix {
    #[inline(always)]
    const fn new<const IN: usize, const HALF: usize>(weights: Weights<'_, [[u8; IN]], [[u8; HALF]]>) -> Self {
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), bytes: IN, int4: false },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), bytes: HALF, int4: true },
        }
    }

    /// The sums of four rows, `stride` bytes apart, from `first` on.
    ///
    /// # Safety
    ///
    /// There are such rows, `input` is valid for reads of an input for each weight of one, and `window` for writes.
    #[inline(always)]
    unsafe fn sums(self, first: usize, stride: usize, input: *const u8, window: *mut Window) {
        // SAFETY: the caller's promise.
        unsafe {
            let row = self.weights.add(first * self.bytes);
            sums(row, stride, input, self.bytes, usize::from(self.int4), window);
        }
    }
}

/// A hidden layer of `count` outputs.
///
/// # Safety
///
/// `count` is a multiple of four and the matrix has so many rows; `input` is valid for reads of an input for each weight
/// of one; `outputs` are the first four of the layer's.
#[inline(never)]
unsafe fn all_outputs(matrix: Matrix, input: *const u8, outputs: &mut Outputs, count: usize) {
    let mut window = MaybeUninit::uninit();
    for first in (0..count).step_by(ROWS) {
        // SAFETY: the caller's promise; `sums` writes what `finish` reads.
        unsafe {
            matrix.sums(first, matrix.bytes, input, window.as_mut_ptr());
            finish(window.as_ptr(), outputs);
        }
        outputs.advance(ROWS);
    }
}

/// The last layer, of `count` logits. The last four overlap those before them where `count` is no multiple of four;
/// fewer than four are made one by one.
///
/// # Safety
///
/// `count` is above 0 and the matrix has so many rows; `input` is valid for reads of an input for each weight of one,
/// `biases` and `logits` for reads and writes of `count`.
#[inline(never)]
unsafe fn all_logits(matrix: Matrix, input: *const u8, biases: *const u8, logits: *mut i32, count: usize) {
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.bytes) };
    let mut window = MaybeUninit::uninit();
    for first in (0..count).step_by(rows) {
        let first = first.min(count - rows);
        // SAFETY: the caller's promise; `sums` writes what `logits` reads.
        unsafe {
            matrix.sums(first, stride, input, window.as_mut_ptr());
            requant::logits(window.as_ptr(), biases.add(4 * first), logits.add(first), rows);
        }
    }
}

/// One weight of each of four outputs, made a number by `$unpack`, times the activation in `r6`.
#[rustfmt::skip]
macro_rules! four {
    ($($unpack:literal),*) => {
        concat!(
            "ldrsb r7, [r2, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r8, r7\n",
            "ldrsb r7, [r3, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r9, r7\n",
            "ldrsb r7, [r4, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r10, r7\n",
            "ldrsb r7, [r5, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r11, r7\n",
        )
    };
}

/// The products of four outputs, summed. Their weights begin at `row` and each `stride` bytes on.
///
/// # Safety
///
/// Each row is valid for reads of `bytes`, an even number above 0; `input` for as many, or twice as many where `int4` is
/// not 0; `window` for writes.
#[unsafe(naked)]
unsafe extern "C" fn sums(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _int4: usize,
    _window: *mut Window,
) {
    // r0 input, r1 index of the weights from minus `bytes` up to 0, r2-r5 where the rows end, r6 activation, r7 weight
    // and product; r8-r11 sums, r12 bytes. On the stack: `int4` at 36, `window` at 40.
    naked_asm!(
        "push {{r4-r7, lr}}",
        save!(),
        "mov r12, r3",
        "mov r7, r2",
        "rsbs r6, r3, #0",
        "adds r2, r0, r3",
        "adds r3, r2, r1",
        "adds r4, r3, r1",
        "adds r5, r4, r1",
        "mov r0, r7",
        "mov r1, r6",
        "movs r6, #0",
        "mov r8, r6",
        "mov r9, r6",
        "mov r10, r6",
        "mov r11, r6",
        "ldr r6, [sp, #36]",
        "cmp r6, #0",
        "bne 3f",
        // int8, two inputs at a time.
        "add r0, r12",
        "2:",
        ".rept 2",
        "ldrb r6, [r0, r1]",
        four!(),
        "adds r1, #1",
        ".endr",
        "bne 2b",
        "b 4f",
        // int4, the two inputs of a byte.
        "3:",
        "ldrb r6, [r0]",
        four!("lsls r7, r7, #28", "asrs r7, r7, #24"),
        "ldrb r6, [r0, #1]",
        "adds r0, #2",
        four!("lsrs r7, r7, #4", "lsls r7, r7, #4"),
        "adds r1, #1",
        "bne 3b",
        "4:",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "ldr r0, [sp, #40]",
        ".rept 4",
        "stm r0!, {{r4-r7}}",
        ".endr",
        restore!(),
        "pop {{r4-r7, pc}}",
    )
}
