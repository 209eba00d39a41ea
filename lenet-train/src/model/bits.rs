//! The number of bits of each layer's weights and activations.

use super::weights::LAYERS;
use lenet_core::model::TERNARY_STEP;
use lenet_core::requant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The number of bits of a layer's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightBits {
    /// int8: -127 to 127.
    #[default]
    Eight,
    /// int4: -112 to 112 in steps of 16.
    Four,
    /// Ternary: -64, 0 or 64. Only `fc1` and `fc2` can have such weights.
    Ternary,
}

impl WeightBits {
    /// Returns the number of bits, 8, 4 or 2. A ternary weight counts as one of 2 bits.
    pub const fn count(self) -> u8 {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Ternary => 2,
        }
    }

    /// Returns the distance between neighboring weights, in units of int8: 1, 16 or 64.
    pub const fn step(self) -> i8 {
        match self {
            Self::Eight => 1,
            Self::Four => 16,
            Self::Ternary => TERNARY_STEP,
        }
    }

    /// Returns the largest magnitude of a weight, in units of int8. The range is symmetric, so -128 is not used.
    pub const fn largest(self) -> i8 {
        match self {
            Self::Eight => 127,
            Self::Four => 112,
            Self::Ternary => TERNARY_STEP,
        }
    }
}

/// The number of bits of the weights of the five layers and of the activations of the four hidden layers.
///
/// As text: `8`, `4`, or a list such as `conv=8,fc=4,activations=7`. Later items of a list override earlier ones, and
/// what no item names has 8 bits. `fc1=2` and `fc2=2` make the weights of these layers ternary; no other layer can have
/// such weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bits {
    /// The bits of the weights of `conv1`, `conv2`, `fc1`, `fc2` and `fc3`.
    pub weights: [WeightBits; 5],
    /// The bits of the activations after `conv1`, `conv2`, `fc1` and `fc2`, 4 to 8.
    pub activations: [u8; 4],
}

impl Default for Bits {
    fn default() -> Self {
        Self::INT8
    }
}

/// The layers whose weights may be ternary.
const TERNARY_LAYERS: [&str; 2] = ["fc1", "fc2"];

/// The error for a text that does not describe [`Bits`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{item:?}: expected 8 or 4, or a list of LAYER=BITS with LAYER one of conv, fc, conv1, conv2, fc1, fc2, fc3 and \
     BITS 8 or 4, or fc1=2 or fc2=2 for ternary weights, which no other layer can have, or activations=BITS with BITS 4 \
     to 8, such as conv=8,fc=4"
)]
pub struct ParseBitsError {
    item: String,
}

impl FromStr for Bits {
    type Err = ParseBitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bits = Self::default();
        for item in text.split(',') {
            bits.set(item.trim()).ok_or_else(|| ParseBitsError { item: item.to_owned() })?;
        }
        Ok(bits)
    }
}

impl TryFrom<String> for Bits {
    type Error = ParseBitsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Bits> for String {
    fn from(bits: Bits) -> Self {
        bits.to_string()
    }
}

impl Bits {
    /// int8 weights and 8-bit activations in all layers.
    pub const INT8: Self = Self { weights: [WeightBits::Eight; 5], activations: [MAX_ACTIVATION_BITS; 4] };

    fn set(&mut self, item: &str) -> Option<()> {
        let (name, value) = item.split_once('=').unwrap_or(("", item));
        if name == "activations" {
            let bits = value.parse().ok()?;
            let valid = (MIN_ACTIVATION_BITS..=MAX_ACTIVATION_BITS).contains(&bits);
            return valid.then(|| self.activations = [bits; 4]);
        }
        let bits = match value {
            "8" => WeightBits::Eight,
            "4" => WeightBits::Four,
            "2" if TERNARY_LAYERS.contains(&name) => WeightBits::Ternary,
            _ => return None,
        };
        let mut named = false;
        for (weights, layer) in self.weights.iter_mut().zip(LAYERS) {
            if name.is_empty() || layer == name || layer.trim_end_matches(char::is_numeric) == name {
                (*weights, named) = (bits, true);
            }
        }
        named.then_some(())
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [conv, .., fc] = self.weights;
        let [activations, ..] = self.activations;
        if *self == (Self { weights: [fc; 5], ..Self::default() }) {
            return write!(f, "{}", fc.count());
        }
        if self.weights == [conv, conv, fc, fc, fc] {
            write!(f, "conv={},fc={}", conv.count(), fc.count())?;
        } else {
            let items =
                LAYERS.iter().zip(self.weights).map(|(layer, bits)| format!("{layer}={}", bits.count()));
            f.write_str(&items.collect::<Vec<_>>().join(","))?;
        }
        if activations == MAX_ACTIVATION_BITS { Ok(()) } else { write!(f, ",activations={activations}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use WeightBits::{Eight, Four, Ternary};

    #[test]
    fn a_list_names_layers_and_kinds_of_layers() {
        let parsed = |text: &str| text.parse::<Bits>().unwrap();
        assert_eq!(parsed("8"), Bits::default());
        assert_eq!(parsed("4").weights, [Four; 5]);
        assert_eq!(parsed("conv=8,fc=4").weights, [Eight, Eight, Four, Four, Four]);
        assert_eq!(parsed("fc=4, fc3=8").weights, [Eight, Eight, Four, Four, Eight]);
        assert_eq!(parsed("4,fc1=2,fc2=2").weights, [Four, Four, Ternary, Ternary, Four]);
        assert_eq!(parsed("fc2=2,fc=4").weights, [Eight, Eight, Four, Four, Four]);
        assert_eq!(parsed("4,activations=7").activations, [7; 4]);
    }

    #[test]
    fn an_invalid_item_is_refused_and_named() {
        for text in ["", "5", "conv=3", "fc9=4", "activations=9", "activations=3", "conv=", "=8,x"] {
            assert!(text.parse::<Bits>().is_err(), "{text:?}");
        }
        let error = "conv=8,dense=4".parse::<Bits>().unwrap_err().to_string();
        assert!(error.contains("\"dense=4\"") && error.contains("conv=8,fc=4"), "{error}");
    }

    #[test]
    fn ternary_weights_are_refused_in_all_layers_but_fc1_and_fc2() {
        for text in ["2", "fc=2", "conv=2", "conv1=2", "conv2=2", "fc3=2", "activations=2"] {
            let error = text.parse::<Bits>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("fc1=2 or fc2=2 for ternary"), "{error}");
        }
    }

    #[test]
    fn bits_are_displayed_as_the_text_that_they_are_parsed_from() {
        for text in [
            "8",
            "4",
            "conv=8,fc=4",
            "conv=8,fc=8,activations=6",
            "conv1=8,conv2=8,fc1=4,fc2=4,fc3=8",
            "conv1=8,conv2=4,fc1=2,fc2=2,fc3=4",
        ] {
            let bits: Bits = text.parse().unwrap();
            assert_eq!(bits.to_string(), text);
        }
    }
}
