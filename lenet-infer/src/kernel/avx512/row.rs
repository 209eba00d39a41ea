//! The pooled output of conv1 in the form that conv2 multiplies.

use super::Stored;
use super::requant::BYTES_TRANSPOSED;
use crate::kernel::PooledRow;
use bytemuck::{Pod, Zeroable};
use core::arch::x86_64::*;
use lenet_core::shape::{CONV1_CHANNELS, POOL1_SIDE};

/// Channels in the first plane of a [`Row`].
pub(super) const QUAD: usize = 4;
/// Channels in the second plane of a [`Row`].
pub(super) const COUPLE: usize = CONV1_CHANNELS - QUAD;

/// One row of the pooled output of conv1 in two planes, `[column][channel]` each.
///
/// A column of the first plane is a word of four taps. In the second plane two neighboring columns are.
#[derive(Clone, Copy)]
#[repr(C)]
pub(in crate::kernel) struct Row {
    /// The first four channels.
    pub(super) quads: [[u8; QUAD]; POOL1_SIDE],
    /// The last two.
    pub(super) couples: [[u8; COUPLE]; POOL1_SIDE],
}

// SAFETY: it consists of bytes, and has no other representation.
unsafe impl Zeroable for Row {}
// SAFETY: as above; any bytes are valid, and there is no padding between bytes.
unsafe impl Pod for Row {}

/// For each quarter of a register, four bytes of each of two channels in the order of the columns.
const INTERLEAVED: [u8; 16] = [0, 4, 1, 5, 2, 6, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15];

impl Row {
    /// Stores the activations of all channels, as [`activations`](super::requant::activations) gives them: those of the
    /// first four, and those of the last two with others behind them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn store(&mut self, quads: __m512i, couples: __m512i) {
        const { assert!(QUAD == 4 && COUPLE == 2 && POOL1_SIDE == 12) };
        let quads = _mm512_shuffle_epi8(quads, Stored::quarters(BYTES_TRANSPOSED).load());
        let couples = _mm512_shuffle_epi8(couples, Stored::quarters(INTERLEAVED).load());
        // The first half of each quarter has four columns.
        let couples = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), couples);
        // SAFETY: the masks have a bit for each of the 12 words and of the three times eight bytes, and for no others.
        unsafe {
            _mm512_mask_storeu_epi32(self.quads.as_mut_ptr().cast(), (1 << 12) - 1, quads);
            _mm512_mask_storeu_epi64(self.couples.as_mut_ptr().cast(), (1 << 3) - 1, couples);
        }
    }
}

impl From<PooledRow> for Row {
    fn from(row: PooledRow) -> Self {
        Self { quads: row.map(|[a, b, c, d, ..]| [a, b, c, d]), couples: row.map(|[.., e, f]| [e, f]) }
    }
}

impl From<Row> for PooledRow {
    fn from(Row { quads, couples }: Row) -> Self {
        core::array::from_fn(|column| {
            let ([a, b, c, d], [e, f]) = (quads[column], couples[column]);
            [a, b, c, d, e, f]
        })
    }
}
