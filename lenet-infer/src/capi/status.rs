//! How a call ended, and what C can print about it.

use crate::Error;
use core::ffi::{CStr, c_char, c_int};
use lenet_core::error::{Field, Layer};

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LenetStatus {
    /// The call succeeded.
    Ok = 0,
    /// A pointer is null or misaligned, or memory overlaps that must not. The call did nothing.
    BadPointer = 1,
    /// The engine holds no model: `lenet_decode` was not called, or it failed.
    NotDecoded = 2,
    /// The bytes end within the header of the model file.
    TooShort = 3,
    /// The bytes are not a model file: they do not start with "LNET".
    Magic = 4,
    /// The model file has a format version that this library does not read.
    Version = 5,
    /// There are fewer bytes than the header of the model file says.
    Length = 6,
    /// The model file is damaged: its checksum is wrong.
    Crc = 7,
    /// The model file is misaligned: the padding before a layer's weights is wrong.
    Padding = 8,
    /// The model file has fewer than 2 or more than 64 classes.
    ClassCount = 9,
    /// The model file does not hold a model of this network, or one whose weights have a width that this build of the
    /// library does not read: see `lenet_decode`.
    Body = 10,
    /// A side of the frame is not 1 to 4096, or its rows overlap, or the pixel step is 0.
    Frame = 11,
    /// No digit: nothing stands out from the paper.
    NoInk = 12,
    /// No digit: the ink is less than 8 pixels tall and wide.
    TooSmall = 13,
    /// No digit: the ink covers most of the picture.
    TooLarge = 14,
    /// There are several digits, more than were asked for.
    TooMany = 15,
}

/// The summary of an error as a string for C, made by the compiler.
macro_rules! summary {
    ($error:expr) => {{
        const TEXT: &str = $error.summary();
        const BYTES: [u8; TEXT.len() + 1] = terminated(TEXT);
        match CStr::from_bytes_with_nul(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("a summary has a null character"),
        }
    }};
}

/// The bytes of `text` and a null character. `N` is the length of both.
const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.split_at_mut(text.len()).0.copy_from_slice(text.as_bytes());
    bytes
}

/// The texts of the statuses, in the order of their values.
const MESSAGES: [&CStr; 16] = [
    c"ok",
    c"a pointer is null or misaligned, or memory overlaps that must not; see lenet.h",
    c"the engine holds no model; call lenet_decode first",
    summary!(Error::TooShort { expected: 0, found: 0 }),
    summary!(Error::Magic { found: [0; 4] }),
    summary!(Error::Version { expected: 0, found: 0 }),
    summary!(Error::Length { expected: 0, found: 0 }),
    summary!(Error::Crc { expected: 0, found: 0 }),
    summary!(Error::PaddingByte { layer: Layer::Conv1, found: 0 }),
    summary!(Error::ClassCount { found: 0 }),
    summary!(Error::Body),
    c"the frame needs sides of 1 to 4096 pixels, a pixel step of 1 or more, and rows that do not overlap",
    c"no digit: nothing stands out from the paper; use more light or a thicker pen",
    c"no digit: the ink is less than 8 pixels tall and wide; come closer",
    c"no digit: the ink covers most of the picture; leave paper around the digit",
    c"no digit: there are several; show one alone, or ask for all of them",
];

impl From<Error> for LenetStatus {
    fn from(error: Error) -> Self {
        match error {
            Error::TooShort { .. } => Self::TooShort,
            Error::Magic { .. } => Self::Magic,
            Error::Version { .. } => Self::Version,
            Error::Length { .. } => Self::Length,
            Error::Crc { .. } => Self::Crc,
            Error::FieldSize { field: Field::Padding, .. } | Error::PaddingByte { .. } => Self::Padding,
            Error::ClassCount { .. } => Self::ClassCount,
            _ => Self::Body,
        }
    }
}

/// Returns the text of a status: what is wrong and how to fix it. The text is constant and always valid.
#[unsafe(no_mangle)]
pub extern "C" fn lenet_message(status: c_int) -> *const c_char {
    message(status).as_ptr()
}

pub(super) fn message(status: c_int) -> &'static CStr {
    let message = usize::try_from(status).ok().and_then(|status| MESSAGES.get(status));
    message.copied().unwrap_or(c"not a status of this library")
}
