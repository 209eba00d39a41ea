//! Fields whose encoding the protocol defines apart from their types.

use lenet_core::shape::IMAGE_PIXELS;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::picture;

/// An image as a byte array of exactly [`IMAGE_PIXELS`] bytes.
pub(super) mod image {
    use super::*;

    pub(in crate::link) fn serialize<S: Serializer>(
        image: &[u8; IMAGE_PIXELS],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(image)
    }

    pub(in crate::link) fn deserialize<'de, D>(from: D) -> Result<&'de [u8; IMAGE_PIXELS], D::Error>
    where
        D: Deserializer<'de>,
    {
        let bytes = <&[u8]>::deserialize(from)?;
        bytes.try_into().map_err(|_| de::Error::invalid_length(bytes.len(), &"784 bytes"))
    }
}

/// A rectangle as four integers.
pub(super) mod rect {
    use super::*;
    use picture::Rect;

    pub(in crate::link) fn serialize<S: Serializer>(rect: &Rect, to: S) -> Result<S::Ok, S::Error> {
        (rect.left, rect.top, rect.right, rect.bottom).serialize(to)
    }

    pub(in crate::link) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Rect, D::Error> {
        let (left, top, right, bottom) = Deserialize::deserialize(from)?;
        Ok(Rect { left, top, right, bottom })
    }
}

/// The reason for no digit as a byte.
pub(super) mod no_digit {
    use super::*;
    use picture::NoDigit;

    /// The reasons in the order of their bytes, from 0.
    const REASONS: [NoDigit; 4] = [NoDigit::NoInk, NoDigit::TooSmall, NoDigit::TooLarge, NoDigit::TooMany];

    const fn byte(reason: NoDigit) -> u8 {
        match reason {
            NoDigit::NoInk => 0,
            NoDigit::TooSmall => 1,
            NoDigit::TooLarge => 2,
            NoDigit::TooMany => 3,
        }
    }

    pub(in crate::link) fn serialize<S: Serializer>(reason: &NoDigit, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(byte(*reason))
    }

    pub(in crate::link) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NoDigit, D::Error> {
        let found = u8::deserialize(from)?;
        let reason = REASONS.into_iter().find(|reason| byte(*reason) == found);
        reason.ok_or_else(|| de::Error::invalid_value(de::Unexpected::Unsigned(found.into()), &"a reason"))
    }
}
