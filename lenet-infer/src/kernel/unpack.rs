//! Rows of weights of a fully-connected layer as int8 weights, for kernels that multiply no others.

use lenet_core::model::{DenseRows, Weights, unpack, unpack_ternary};

/// The weights of an output, or zeros if the layer has no such output.
#[inline]
pub(super) fn int8_row<const IN: usize, const HALF: usize, const FIFTH: usize>(
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    output: usize,
) -> [u8; IN] {
    match weights {
        Weights::Int8(rows) => rows.get(output).copied(),
        Weights::Int4(rows) => rows.get(output).map(from_int4),
        Weights::Ternary(rows) => rows.get(output).map(from_ternary),
    }
    .unwrap_or([0; IN])
}

/// Unpacks a row of int4 weights.
#[inline]
fn from_int4<const IN: usize, const HALF: usize>(packed: &[u8; HALF]) -> [u8; IN] {
    let mut unpacked = [0; IN];
    for (pair, byte) in unpacked.as_chunks_mut::<2>().0.iter_mut().zip(packed) {
        *pair = unpack(*byte).map(|weight| weight as u8);
    }
    unpacked
}

/// Unpacks a row of ternary weights.
#[inline]
fn from_ternary<const IN: usize, const FIFTH: usize>(packed: &[u8; FIFTH]) -> [u8; IN] {
    let mut unpacked = [0; IN];
    for (place, weights) in unpacked.chunks_mut(FIFTH).enumerate() {
        for (weight, byte) in weights.iter_mut().zip(packed) {
            *weight = unpack_ternary(*byte)[place] as u8;
        }
    }
    unpacked
}
