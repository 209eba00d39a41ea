//! The reasons why there is no digit.

use core::fmt;

/// Why a picture, or a part of it, gives no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NoDigit {
    /// Nothing stands out from the paper as ink does.
    NoInk,
    /// The ink is less than 8 pixels tall and wide.
    TooSmall,
    /// The ink covers most of the picture.
    TooLarge,
    /// There are several digits, more than were asked for, or specks without number.
    TooMany,
}

impl fmt::Display for NoDigit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoInk => "no digit: nothing stands out from the paper; use more light or a thicker pen",
            Self::TooSmall => "no digit: the ink is less than 8 pixels tall and wide; come closer",
            Self::TooLarge => "no digit: the ink covers most of the picture; leave paper around the digit",
            Self::TooMany => "no digit: there are several; show one alone, or ask for all of them",
        })
    }
}

impl core::error::Error for NoDigit {}
