//! The postcard fields of a model's body, read in place: what a board needs of postcard, in a few hundred bytes of code.

use crate::error::Error;

/// What is left of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// A `u8`, which postcard writes as it is.
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// An array of `N` bytes, which has no length in front.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Error::Body)?;
        self.0 = rest;
        Ok(*array)
    }

    /// A byte array: its length as a varint of a `u32`, then its bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.varint()?;
        let (bytes, rest) = self.0.split_at_checked(length as usize).ok_or(Error::Body)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Seven bits a byte, the lowest first; the high bit says that another byte follows.
    fn varint(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            let bits = u32::from(byte & 0x7F);
            let placed = bits << shift;
            if placed >> shift != bits {
                return Err(Error::Body);
            }
            value |= placed;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::Body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_length_is_read_as_postcard_writes_it(length in any::<u32>(), shift in 0..32) {
            let mut buffer = [0; 5];
            let length = length >> shift;
            let written = postcard::to_slice(&length, &mut buffer).unwrap();
            prop_assert_eq!(Reader(written).varint(), Ok(length));
        }

        #[test]
        fn what_is_read_is_what_postcard_reads(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader(&bytes);
            let expected = postcard::take_from_bytes::<&[u8]>(&bytes).map_err(|_| Error::Body);
            prop_assert_eq!(reader.bytes().map(|field| (field, reader.0)), expected);
        }
    }

    #[test]
    fn a_length_past_the_end_or_past_32_bits_is_refused() {
        assert_eq!(Reader(&[3, 1, 2]).bytes(), Err(Error::Body));
        assert_eq!(Reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F]).bytes(), Err(Error::Body));
        assert_eq!(Reader(&[0x80, 0x80, 0x80, 0x80, 0x80, 0]).bytes(), Err(Error::Body));
        assert_eq!(Reader(&[]).bytes(), Err(Error::Body));
    }
}
