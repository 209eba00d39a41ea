#![doc = include_str!("../../README.md")]

mod decode;
#[cfg(feature = "alloc")]
mod encode;
mod include;
mod layer_bytes;
mod metadata;
#[cfg(any(kani, test))]
mod proofs;
mod reader;

pub use decode::{ModelFile, decode};
#[cfg(feature = "alloc")]
pub use encode::encode;
#[doc(hidden)]
pub use include::{Aligned, decode_included};
pub use metadata::Metadata;

/// The first four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"LNET";
/// The version of the format that this crate writes and reads.
pub const FORMAT_VERSION: u16 = 3;
/// Bytes before the body: magic, version and the length of the body.
pub const HEADER_BYTES: usize = 10;
/// Bytes after the body: the checksum of all bytes before it.
pub const CRC_BYTES: usize = 4;
/// The weights of each layer start at a multiple of this many bytes from the start of the file.
pub const WEIGHT_ALIGNMENT: usize = 4;

/// The checksum of a file at run time: CRC-32/ISO-HDLC, as in zlib and PNG. It runs once, at start-up, so it takes a bit
/// at a time: a table would cost a board 1 KiB of flash.
const FILE_CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// The same checksum for [`include_model!`](crate::include_model): the compiler needs the speed, and the table does not
/// reach the program.
const COMPILE_TIME_CRC: crc::Crc<u32, crc::Table<1>> =
    crc::Crc::<u32, crc::Table<1>>::new(&crc::CRC_32_ISO_HDLC);
