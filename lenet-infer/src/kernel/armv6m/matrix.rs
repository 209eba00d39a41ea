//! A fully-connected layer of any shape, four outputs at a time, with weights of any width.

use super::requant::{self, Outputs, finish};
use core::marker::PhantomData;

/// Outputs that are computed at a time.
pub(super) const ROWS: usize = 4;

/// How the sums of four outputs are computed from weights of one width.
pub(super) trait Width {
    /// What each sum must be set to before [`Self::sums`].
    #[inline(always)]
    fn start(_input: &[u8]) -> i32 {
        0
    }

    /// Computes the sums of four outputs, in units of int8 weights.
    ///
    /// The rows of weights begin at `row`, `row + stride` and so on.
    ///
    /// # Safety
    ///
    /// Each row must be valid for reads of one weight per input. The number of inputs must be a multiple of four above 0.
    unsafe fn sums(row: *const u8, stride: usize, input: &[u8], sums: &mut [i32; ROWS]);
}

/// The weights and the inputs of a fully-connected layer of any shape, so that the program has one copy of the code per width.
pub(super) struct Matrix<'a, W> {
    weights: *const u8,
    /// Bytes in a row.
    bytes: usize,
    input: &'a [u8],
    width: PhantomData<W>,
}

impl<'a, W: Width> Matrix<'a, W> {
    #[inline(always)]
    pub(super) const fn new<const BYTES: usize>(rows: &'a [[u8; BYTES]], input: &'a [u8]) -> Self {
        Self { weights: rows.as_ptr().cast(), bytes: BYTES, input, width: PhantomData }
    }

    /// Computes a hidden layer of `count` outputs.
    ///
    /// # Safety
    ///
    /// `count` must be a multiple of four above 0, and the matrix must have `count` rows, each with one weight per input,
    /// as [`Width::sums`] needs them. `outputs` must be the first four of the layer, all valid for writes.
    #[inline(never)]
    pub(super) unsafe fn outputs(self, outputs: &mut Outputs, count: usize) {
        let start = W::start(self.input);
        let (mut row, mut left) = (self.weights, count);
        while left > 0 {
            let mut sums = [start; ROWS];
            // SAFETY: the caller guarantees it.
            unsafe {
                W::sums(row, self.bytes, self.input, &mut sums);
                finish(&sums, outputs);
            }
            outputs.advance(ROWS);
            row = row.wrapping_add(ROWS.wrapping_mul(self.bytes));
            left = left.wrapping_sub(ROWS);
        }
    }

    /// Computes the last layer, of `count` logits.
    ///
    /// If `count` is not a multiple of four, the last tile of four overlaps the tile before it. If there are fewer than
    /// four logits, they are computed one by one.
    ///
    /// # Safety
    ///
    /// `count` must be above 0, and the matrix must have `count` rows, each with one weight per input. `biases` must be valid
    /// for reads and `logits` for writes of `count` elements.
    #[inline(never)]
    pub(super) unsafe fn logits(self, biases: *const [u8; 4], logits: *mut i32, count: usize) {
        let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, self.bytes) };
        let mut sums = [W::start(self.input); ROWS];
        let mut first = 0;
        while first < count {
            // Wrapping, because the compiler does not see that there is a first output only if `count` is above 0.
            let at = first.min(count.wrapping_sub(rows));
            // SAFETY: the caller guarantees it.
            unsafe {
                // Wrapping, because the compiler does not see that the matrix has the row.
                let row = self.weights.wrapping_add(at.wrapping_mul(self.bytes));
                W::sums(row, stride, self.input, &mut sums);
                requant::logits(&sums, biases.add(at).cast(), logits.add(at), rows);
            }
            first = first.wrapping_add(rows);
        }
    }
}
