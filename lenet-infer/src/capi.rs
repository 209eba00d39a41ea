//! The engine for C: two functions, an engine that C places where it likes, and error codes.
//!
//! `include/lenet.h` is this file as C sees it; the package `capi` of the firmware makes the static library.

#![allow(unsafe_code)]

use crate::{Engine, Error, decode};
use core::ffi::{CStr, c_char, c_int};
use core::mem::MaybeUninit;
use core::slice;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};

/// Pixels of a picture: 28 rows of 28.
pub const LENET_PIXELS: usize = 784;
/// Classes, and so logits, of a model.
pub const LENET_CLASSES: usize = 10;
/// Words of an engine.
pub const LENET_ENGINE_WORDS: usize = 198;

const _: () = assert!(LENET_PIXELS == IMAGE_PIXELS && LENET_CLASSES == CLASSES);
const _: () = assert!(align_of::<Slot>() <= align_of::<LenetEngine>());
// Exact where RAM is scarce. On a 64-bit host pointers take twice the bytes and activations do not, so some are unused.
const _: () = match size_of::<usize>() {
    4 => {
        assert!(size_of::<Slot>() == size_of::<LenetEngine>(), "LENET_ENGINE_WORDS is not that of the engine")
    }
    _ => assert!(size_of::<Slot>() <= size_of::<LenetEngine>(), "LENET_ENGINE_WORDS is too small"),
};

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LenetStatus {
    /// Well.
    Ok = 0,
    /// A pointer is null, or the engine or the prediction is not aligned.
    BadPointer = 1,
    /// No file was decoded into the engine.
    NotDecoded = 2,
    /// The model file is cut short.
    TooShort = 3,
    /// The bytes are no model file.
    Magic = 4,
    /// The model file is of a format version that this library does not read.
    Version = 5,
    /// The model file is not as long as its header says.
    Length = 6,
    /// The model file is damaged: its checksum does not fit.
    Crc = 7,
    /// The model file is for another number of classes.
    Classes = 8,
    /// The model file holds no model of this network.
    Body = 9,
}

impl From<Error> for LenetStatus {
    fn from(error: Error) -> Self {
        match error {
            Error::TooShort { .. } => Self::TooShort,
            Error::Magic { .. } => Self::Magic,
            Error::Version { .. } => Self::Version,
            Error::Length { .. } => Self::Length,
            Error::Crc { .. } => Self::Crc,
            Error::Classes { .. } => Self::Classes,
            _ => Self::Body,
        }
    }
}

/// A model with the memory to run it. C knows its size only, to place it as a variable: static, so that it is zero at
/// first, or set to zero.
#[repr(C)]
pub struct LenetEngine {
    words: [usize; LENET_ENGINE_WORDS],
}

/// What the words of an engine hold.
struct Slot {
    /// [`DECODED`], or anything else while there is no engine.
    state: usize,
    engine: MaybeUninit<Engine<'static>>,
}

const DECODED: usize = 0x4C4E_4554;

/// The answer for one picture.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LenetPrediction {
    /// One logit a digit, in accumulator units of the model's last layer.
    pub logits: [i32; LENET_CLASSES],
    /// The largest logit less the second largest.
    pub margin: i32,
    /// The margin in 1/256 nat: the odds of the digit against the runner-up are e^(confidence / 256).
    pub confidence: u16,
    /// The digit with the largest logit.
    pub digit: u8,
    /// Whether the confidence reaches the threshold that the model carries.
    pub confident: bool,
}

/// Checks a model file and makes the engine that runs it. The file is not copied: it must stay where it is, unchanged,
/// for as long as the engine is used.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `file` to `length` bytes. The engine must be zero or have
/// been decoded into, and no other call may use it at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_decode(
    engine: *mut LenetEngine,
    file: *const u8,
    length: usize,
) -> LenetStatus {
    let slot = engine.cast::<Slot>();
    if slot.is_null() || !slot.is_aligned() || file.is_null() {
        return LenetStatus::BadPointer;
    }
    if isize::try_from(length).is_err() {
        return LenetStatus::Length;
    }
    // SAFETY: the pointer is to an engine, says the caller, which is large enough and was found aligned.
    let slot = unsafe { &mut *slot };
    slot.state = 0;
    // SAFETY: the pointer is to that many bytes, says the caller, which stay for as long as the engine is used.
    match decode(unsafe { slice::from_raw_parts(file, length) }) {
        Ok(model) => {
            slot.engine.write(Engine::new(model));
            slot.state = DECODED;
            LenetStatus::Ok
        }
        Err(error) => error.into(),
    }
}

/// Classifies one picture: `LENET_PIXELS` grey levels row by row, 0 for paper to 255 for ink. The same logits as on
/// every other core, exactly.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `image` to `LENET_PIXELS` bytes. The engine must be zero
/// or have been decoded into, and no other call may use it at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_classify(
    engine: *mut LenetEngine,
    image: *const u8,
    prediction: *mut LenetPrediction,
) -> LenetStatus {
    let (slot, image) = (engine.cast::<Slot>(), image.cast::<[u8; IMAGE_PIXELS]>());
    if slot.is_null()
        || !slot.is_aligned()
        || image.is_null()
        || prediction.is_null()
        || !prediction.is_aligned()
    {
        return LenetStatus::BadPointer;
    }
    // SAFETY: the pointer is to an engine, says the caller, which is large enough and was found aligned.
    let slot = unsafe { &mut *slot };
    if slot.state != DECODED {
        return LenetStatus::NotDecoded;
    }
    // SAFETY: the state says that `lenet_decode` wrote an engine, and its file is still there, says the caller.
    let engine = unsafe { slot.engine.assume_init_mut() };
    // SAFETY: the pointer is to so many bytes, says the caller.
    let answer = engine.classify(unsafe { &*image });
    let answer = LenetPrediction {
        logits: answer.logits,
        margin: answer.margin,
        confidence: answer.confidence,
        digit: answer.class,
        confident: answer.is_confident(),
    };
    // SAFETY: the pointer is to a prediction, says the caller, and was found aligned.
    unsafe { prediction.write(answer) };
    LenetStatus::Ok
}

/// A status as a text that says what to do. Valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn lenet_message(status: c_int) -> *const c_char {
    message(status).as_ptr()
}

fn message(status: c_int) -> &'static CStr {
    match status {
        0 => c"ok",
        1 => c"a pointer is null or not aligned",
        2 => c"no model file was decoded into the engine; call lenet_decode first",
        3 => c"model file is cut short; export it again",
        4 => c"not a model file: it does not start with LNET",
        5 => c"model file is of another format version; export it with the lenet-train of this release",
        6 => c"model file is not as long as its header says; copy or export it again",
        7 => c"model file is damaged; copy or export it again",
        8 => c"model file is for another number of classes than ten",
        9 => c"model file holds no model of this network; export it again",
        _ => c"no status of this library",
    }
}

#[cfg(test)]
mod tests;
