//! The bytes of a message between postcard and a frame.
//!
//! postcard's own types for this subtract pointers whose order the compiler does not know. These split slices, so that the
//! compiler sees that nothing overflows.

use core::mem::take;

use postcard::{Deserializer, Error, Result, de_flavors, ser_flavors, serialize_with_flavor};
use serde::{Deserialize, Serialize};

/// Writes a message to the start of `bytes`, and returns its length. Returns `None` if it does not fit.
pub(super) fn write(message: &impl Serialize, bytes: &mut [u8]) -> Option<usize> {
    let room = bytes.len();
    let left = serialize_with_flavor(message, Sink(bytes)).ok()?;
    room.checked_sub(left)
}

/// Reads a message that takes all of `bytes`. Returns `None` if they are not such a message.
pub(super) fn read<'a, M: Deserialize<'a>>(bytes: &'a [u8]) -> Option<M> {
    let mut source = Deserializer::from_flavor(Source(bytes));
    let message = M::deserialize(&mut source).ok()?;
    source.finalize().ok()?.is_empty().then_some(message)
}

/// The room that is left.
struct Sink<'a>(&'a mut [u8]);

impl ser_flavors::Flavor for Sink<'_> {
    /// Bytes that are left.
    type Output = usize;

    #[inline]
    fn try_push(&mut self, byte: u8) -> Result<()> {
        self.try_extend(&[byte])
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> Result<()> {
        let (start, rest) =
            take(&mut self.0).split_at_mut_checked(bytes.len()).ok_or(Error::SerializeBufferFull)?;
        start.copy_from_slice(bytes);
        self.0 = rest;
        Ok(())
    }

    #[inline]
    fn finalize(self) -> Result<usize> {
        Ok(self.0.len())
    }
}

/// The bytes that are still to be read.
struct Source<'a>(&'a [u8]);

impl<'a> de_flavors::Flavor<'a> for Source<'a> {
    type Remainder = &'a [u8];
    type Source = &'a [u8];

    #[inline]
    fn pop(&mut self) -> Result<u8> {
        let (byte, rest) = self.0.split_first().ok_or(Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        Ok(*byte)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }

    #[inline]
    fn try_take_n(&mut self, count: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        Ok(bytes)
    }

    #[inline]
    fn finalize(self) -> Result<&'a [u8]> {
        Ok(self.0)
    }
}
