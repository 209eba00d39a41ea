//! The postcard fields of a body, read in place: what a board needs of postcard, as constant functions.

use crate::error::Error;

/// Reads a body field by field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    /// The bytes that are still to be read.
    rest: &'a [u8],
    /// Where the body ends, in bytes from the start of the file.
    end: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`, which start `offset` bytes from the start of the file.
    pub(super) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, end: offset + bytes.len() }
    }

    /// The bytes that are still to be read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The place of the next byte, in bytes from the start of the file.
    pub(super) const fn position(&self) -> usize {
        // Wrapping, because the compiler does not see that the rest is a part of what ends there.
        self.end.wrapping_sub(self.rest.len())
    }

    /// A `u8`, which postcard writes as it is.
    pub(super) const fn byte(&mut self) -> Result<u8, Error> {
        let [byte] = check!(self.array());
        Ok(byte)
    }

    /// An array of `N` bytes, which has no length in front.
    pub(super) const fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let Some((array, rest)) = self.rest.split_first_chunk() else { return Err(Error::Body) };
        self.rest = rest;
        Ok(*array)
    }

    /// A byte array: its length as a varint, then its bytes.
    #[inline(never)]
    pub(super) const fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = check!(self.varint_u32());
        let Some((bytes, rest)) = self.rest.split_at_checked(length as usize) else {
            return Err(Error::Body);
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// A string: a byte array in UTF-8.
    #[inline(never)]
    pub(super) const fn text(&mut self) -> Result<&'a str, Error> {
        match core::str::from_utf8(check!(self.bytes())) {
            Ok(text) => Ok(text),
            Err(_) => Err(Error::Body),
        }
    }

    /// A varint of at most 32 bits: seven bits per byte, the lowest first; the high bit says that another byte follows.
    /// Only the shortest form of a number is accepted.
    #[inline(never)]
    pub(super) const fn varint_u32(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        let mut shift = 0;
        while shift < u32::BITS {
            let byte = check!(self.byte());
            let overlong = byte == 0 && shift > 0;
            let overflow = byte > 0xF && shift == 28;
            if overlong || overflow {
                return Err(Error::Body);
            }
            value |= ((byte & 0x7F) as u32) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
        Err(Error::Body)
    }

    /// A varint of at most 64 bits, otherwise as [`Self::varint_u32`]. On its own, so that a board that reads only short
    /// numbers does not hold shifts of 64 bits.
    pub(super) const fn varint_u64(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        let mut shift = 0;
        while shift < u64::BITS {
            let byte = check!(self.byte());
            let overlong = byte == 0 && shift > 0;
            let overflow = byte > 1 && shift == 63;
            if overlong || overflow {
                return Err(Error::Body);
            }
            value |= ((byte & 0x7F) as u64) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
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
        fn a_number_is_read_as_postcard_writes_it(number in any::<u64>(), shift in 0..64) {
            let mut buffer = [0; 10];
            let number = number >> shift;
            let written = postcard::to_slice(&number, &mut buffer).unwrap();
            prop_assert_eq!(Reader::new(written, 0).varint_u64(), Ok(number));
            let narrow = u32::try_from(number).map_err(|_| Error::Body);
            prop_assert_eq!(Reader::new(written, 0).varint_u32(), narrow);
        }

        #[test]
        fn what_is_read_is_what_postcard_reads(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader::new(&bytes, 0);
            if let Ok(field) = reader.bytes() {
                prop_assert_eq!(postcard::take_from_bytes::<&[u8]>(&bytes), Ok((field, reader.rest)));
                let mut buffer = [0; 310];
                let again = postcard::to_slice(field, &mut buffer).unwrap();
                prop_assert_eq!(&*again, &bytes[..reader.position()]);
            }
        }
    }

    #[test]
    fn a_length_past_the_end_or_past_32_bits_is_refused() {
        for bytes in
            [&[3, 1, 2][..], &[0xFF, 0xFF, 0xFF, 0xFF, 0x1F], &[0x80, 0x80, 0x80, 0x80, 0x80, 0], &[]]
        {
            assert_eq!(Reader::new(bytes, 0).bytes(), Err(Error::Body), "{bytes:?}");
        }
    }

    #[test]
    fn a_number_in_more_bytes_than_it_needs_is_refused() {
        assert_eq!(Reader::new(&[0x80, 0], 0).varint_u32(), Err(Error::Body));
        assert_eq!(Reader::new(&[0x85, 0x80, 0], 0).varint_u32(), Err(Error::Body));
        assert_eq!(Reader::new(&[0], 0).varint_u32(), Ok(0));
    }

    #[test]
    fn a_text_is_utf_8() {
        assert_eq!(Reader::new(&[2, 0xC3, 0xA9], 0).text(), Ok("é"));
        assert_eq!(Reader::new(&[1, 0xC3], 0).text(), Err(Error::Body));
    }
}
