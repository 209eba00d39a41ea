//! The pooled output of conv1 in the form that conv2 multiplies.

use crate::kernel::PooledRow;
use bytemuck::{Pod, Zeroable};
use lenet_core::shape::{CONV1_CHANNELS, POOL1_SIDE};

/// One row of the pooled output of conv1, `[channel][column]`: the columns of a channel side by side, as in an image row.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct PlanarRow([[u8; POOL1_SIDE]; CONV1_CHANNELS]);

// SAFETY: it is an array of bytes, and has no other representation.
unsafe impl Zeroable for PlanarRow {}
// SAFETY: as above; any bits are valid, and there is no padding.
unsafe impl Pod for PlanarRow {}

impl PlanarRow {
    /// The activations, to write to.
    #[inline(always)]
    pub(super) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

impl From<PooledRow> for PlanarRow {
    fn from(row: PooledRow) -> Self {
        Self(core::array::from_fn(|channel| row.map(|column| column[channel])))
    }
}

impl From<PlanarRow> for PooledRow {
    fn from(PlanarRow(row): PlanarRow) -> Self {
        core::array::from_fn(|column| row.map(|channel| channel[column]))
    }
}
