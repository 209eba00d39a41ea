//! The ranges of a layer's values: within them no accumulator overflows.

use super::weights::{INT4, TERNARY};
use crate::error::{Error, Layer};
use crate::requant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::shape::{CONV1_TAPS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};
use core::hint::black_box;

/// The largest magnitude of a bias, in accumulator units: with the products of 256 int8 weights and u8 activations on top
/// an accumulator stays within `i32`.
pub const MAX_BIAS: i32 = 1 << 30;

const _: () = {
    assert!(CONV1_TAPS <= 256 && CONV2_TAPS <= 256);
    assert!(POOL2_LEN <= 256 && FC1_OUTPUTS <= 256 && FC2_OUTPUTS <= 256);
    assert!(MAX_BIAS as i64 + 256 * 127 * 255 <= i32::MAX as i64);
    assert!(-(MAX_BIAS as i64) - 256 * 128 * 255 >= i32::MIN as i64);
};

/// Checks the biases of a layer, four bytes each.
pub(crate) const fn check_biases(layer: Layer, biases: &[u8]) -> Result<(), Error> {
    let mut channel = 0;
    let mut rest = biases;
    while let Some((bytes, tail)) = rest.split_first_chunk() {
        let found = i32::from_le_bytes(*bytes);
        if found < -MAX_BIAS || found > MAX_BIAS {
            return Err(Error::Bias { layer, channel, found });
        }
        channel += 1;
        rest = tail;
    }
    Ok(())
}

/// Checks the requants of a layer, three bytes each.
pub(crate) const fn check_requants(layer: Layer, requants: &[u8]) -> Result<(), Error> {
    let mut channel = 0;
    let mut rest = requants;
    while let Some((&[_, _, found], tail)) = rest.split_first_chunk() {
        if found > Requant::MAX_PRE_SHIFT {
            return Err(Error::PreShift { layer, channel, found });
        }
        // Hidden, or the compiler would count by a division by three, which a small core calls a function for.
        channel = black_box(channel.wrapping_add(1));
        rest = tail;
    }
    Ok(())
}

/// Checks that a layer can have weights of `found` bits, and that this build reads them.
pub(crate) const fn check_weight_bits(layer: Layer, found: u8) -> Result<(), Error> {
    let is_read = match found {
        8 => true,
        4 => INT4,
        2 => TERNARY && layer.may_be_ternary(),
        _ => false,
    };
    if is_read { Ok(()) } else { Err(Error::WeightBits { layer, found }) }
}

pub(crate) const fn check_activation_bits(layer: Layer, found: u8) -> Result<(), Error> {
    if found < MIN_ACTIVATION_BITS || found > MAX_ACTIVATION_BITS {
        return Err(Error::ActivationBits { layer, found });
    }
    Ok(())
}
