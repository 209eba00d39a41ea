//! The pooled output of conv1 in the form that conv2 multiplies.

use crate::kernel::PooledRow;
use bytemuck::{Pod, Zeroable};
use lenet_core::shape::{CONV1_CHANNELS, POOL1_SIDE};

/// One row of the pooled output of conv1, `[channel][pair of columns]`: the activation at the even column, and that at
/// the odd column 21 bits higher.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct PackedRow([[u32; POOL1_SIDE / 2]; CONV1_CHANNELS]);

// SAFETY: it is an array of integers, and has no other representation.
unsafe impl Zeroable for PackedRow {}
// SAFETY: as above; any bits are valid, and there is no padding.
unsafe impl Pod for PackedRow {}

impl PackedRow {
    /// The bytes, to write to.
    #[inline(always)]
    pub(super) fn as_mut_bytes(&mut self) -> &mut [u8] {
        bytemuck::bytes_of_mut(self)
    }
}

impl From<PooledRow> for PackedRow {
    fn from(row: PooledRow) -> Self {
        Self(core::array::from_fn(|channel| {
            core::array::from_fn(|pair| {
                let [even, odd] = [2 * pair, 2 * pair + 1].map(|column| u32::from(row[column][channel]));
                even | odd << 21
            })
        }))
    }
}

impl From<PackedRow> for PooledRow {
    fn from(PackedRow(row): PackedRow) -> Self {
        core::array::from_fn(|column| {
            core::array::from_fn(|channel| (row[channel][column / 2] >> (21 * (column % 2))) as u8)
        })
    }
}
