//! The fields of one layer.

use super::WEIGHT_ALIGNMENT;
use super::reader::Reader;
use crate::error::{Error, Field, Layer};
use crate::model::{
    Conv, Dense, Fc3, Weights, check_activation_bits, check_biases, check_requants, check_weight_bits,
    ternary_row,
};
use crate::requant::Requant;
use crate::shape::FC2_OUTPUTS;

/// The checked fields of a layer. The lengths are not in the types, so that one function reads every layer.
#[derive(Clone, Copy)]
pub(super) struct LayerBytes<'a> {
    /// 0 for `fc3`, which has no activations.
    activation_bits: u8,
    /// Empty for `fc3`.
    requants: &'a [u8],
    biases: &'a [u8],
    /// 8, 4, or 2 for ternary weights.
    weight_bits: u8,
    weights: &'a [u8],
}

impl<'a> LayerBytes<'a> {
    pub(super) const EMPTY: Self =
        Self { activation_bits: 0, requants: &[], biases: &[], weight_bits: 0, weights: &[] };

    /// Reads a layer of `outputs` outputs with `taps` weights each. In place, because returning the layer takes a board more
    /// code than reading it.
    ///
    /// The types are so narrow that the compiler sees that no length overflows.
    #[inline(never)]
    pub(super) const fn read(
        &mut self,
        fields: &mut Reader<'a>,
        layer: Layer,
        outputs: u8,
        taps: u16,
    ) -> Result<(), Error> {
        let (outputs, taps) = (outputs as usize, taps as usize);
        if !matches!(layer, Layer::Fc3) {
            self.activation_bits = check!(fields.byte());
            check!(check_activation_bits(layer, self.activation_bits));
            self.requants = check!(sized(fields, layer, Field::Requants, outputs * Requant::BYTES));
            check!(check_requants(layer, self.requants));
        }
        self.biases = check!(sized(fields, layer, Field::Biases, outputs * size_of::<i32>()));
        check!(check_biases(layer, self.biases));
        self.weight_bits = check!(fields.byte());
        check!(check_weight_bits(layer, self.weight_bits));
        let weights = match self.weight_bits {
            8 => outputs * taps,
            4 => outputs * taps / 2,
            _ => outputs * ternary_row(taps),
        };
        let padding = check!(fields.bytes());
        self.weights = check!(sized(fields, layer, Field::Weights, weights));
        check_padding(layer, padding, fields.position().wrapping_sub(self.weights.len()))
    }

    /// The weights as the file has them.
    #[cfg(any(kani, test))]
    pub(super) const fn weights(&self) -> &'a [u8] {
        self.weights
    }

    pub(super) const fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &self,
    ) -> Option<Conv<'a, TAPS, PAIRS, OUT>> {
        let Some(biases) = self.biases.as_chunks().0.first_chunk() else { return None };
        let Some(requants) = self.requants.as_chunks().0.first_chunk() else { return None };
        let weights = if self.weight_bits == 8 {
            let pairs = self.weights.as_chunks().0.as_chunks().0.first_chunk();
            let Some(weights) = pairs else { return None };
            Weights::Int8(weights)
        } else {
            let Some(weights) = self.weights.as_chunks().0.first_chunk() else { return None };
            Weights::Int4(weights)
        };
        Some(Conv::checked(weights, biases, requants, self.activation_bits))
    }

    pub(super) const fn dense<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
        &self,
    ) -> Option<Dense<'a, IN, HALF, FIFTH, OUT>> {
        let Some(biases) = self.biases.as_chunks().0.first_chunk() else { return None };
        let Some(requants) = self.requants.as_chunks().0.first_chunk() else { return None };
        let weights = match self.weight_bits {
            8 => {
                let Some(weights) = self.weights.as_chunks().0.first_chunk() else { return None };
                Weights::Int8(weights)
            }
            4 => {
                let Some(weights) = self.weights.as_chunks().0.first_chunk() else { return None };
                Weights::Int4(weights)
            }
            _ => {
                let Some(weights) = self.weights.as_chunks().0.first_chunk() else { return None };
                Weights::Ternary(weights)
            }
        };
        Some(Dense::checked(weights, biases, requants, self.activation_bits))
    }

    /// The lengths are computed again, so that the compiler sees multiples of a row and does not divide.
    pub(super) const fn fc3(&self, classes: u8) -> Option<Fc3<'a>> {
        let classes = classes as usize;
        let weights = if self.weight_bits == 8 {
            let Some((rows, _)) = self.weights.split_at_checked(classes * FC2_OUTPUTS) else { return None };
            Weights::Int8(rows.as_chunks().0)
        } else {
            let half = FC2_OUTPUTS / 2;
            let Some((rows, _)) = self.weights.split_at_checked(classes * half) else { return None };
            Weights::Int4(rows.as_chunks().0)
        };
        Some(Fc3::checked(weights, self.biases.as_chunks().0))
    }
}

/// Reads a byte array that must have `expected` bytes.
const fn sized<'a>(
    fields: &mut Reader<'a>,
    layer: Layer,
    field: Field,
    expected: usize,
) -> Result<&'a [u8], Error> {
    let bytes = check!(fields.bytes());
    let found = bytes.len();
    if found == expected { Ok(bytes) } else { Err(Error::FieldSize { layer, field, expected, found }) }
}

const _: () = assert!(WEIGHT_ALIGNMENT.is_power_of_two(), "`check_padding` counts modulo a power of two");

/// Checks that the padding is as long as it has to be for weights at `start`, and all zeros.
const fn check_padding(layer: Layer, padding: &[u8], start: usize) -> Result<(), Error> {
    let found = padding.len();
    let without = start.wrapping_sub(found);
    let expected = without.wrapping_neg() % WEIGHT_ALIGNMENT;
    if found != expected {
        return Err(Error::FieldSize { layer, field: Field::Padding, expected, found });
    }
    let mut rest = padding;
    while let Some((&found, tail)) = rest.split_first() {
        if found != 0 {
            return Err(Error::PaddingByte { layer, found });
        }
        rest = tail;
    }
    Ok(())
}
