//! The part of the C interface that prepares pictures.

use super::{LenetStatus, overlap};
use crate::picture::{Digit, Frame, FrameError, NoDigit, Preparer};
use core::ffi::c_void;
use core::slice;

/// The side of the work grid on which pictures are prepared, in cells.
pub const LENET_GRID_SIDE: usize = 48;
/// Words of a preparer: 6,000 bytes on a 32-bit core.
pub const LENET_PREPARER_WORDS: usize = 1500;
/// The most digits that `lenet_find` finds.
pub const LENET_MAX_DIGITS: usize = 16;

type Slot = Preparer<LENET_GRID_SIDE>;

const _: () = assert!(align_of::<Slot>() <= align_of::<LenetPreparer>());
const _: () = assert!(size_of::<Slot>() <= size_of::<LenetPreparer>(), "LENET_PREPARER_WORDS is too small");

/// The memory to prepare a picture. C knows only its size, so that it can place it as a variable. It may have any content.
#[repr(C)]
pub struct LenetPreparer {
    pub(super) words: [usize; LENET_PREPARER_WORDS],
}

/// A gray picture, read in place.
///
/// The gray level of column x in row y, 0 to 255, is the byte at `pixels + y * row_stride + x * pixel_step`. So one channel
/// of RGB, or the luma of YUYV, needs no copy.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LenetFrame {
    /// The pixel in the upper left corner.
    pub pixels: *const u8,
    /// The number of columns, 1 to 4096.
    pub width: usize,
    /// The number of rows, 1 to 4096.
    pub height: usize,
    /// The distance of two rows, in bytes: `width * pixel_step` if there is no gap between them.
    pub row_stride: usize,
    /// The distance of two pixels of a row, in bytes: 1 if there is nothing between them.
    pub pixel_step: usize,
}

/// A digit of a picture, ready for `lenet_classify`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LenetDigit {
    /// The image, `LENET_PIXELS` gray levels. It lies in the preparer and is valid until its next call, or until the next
    /// digit is found.
    pub image: *const u8,
    /// The first column of the picture that the digit covers.
    pub left: u16,
    /// The first row.
    pub top: u16,
    /// The column after the last.
    pub right: u16,
    /// The row after the last.
    pub bottom: u16,
    /// The line of digits it stands in, from 0 at the top.
    pub line: u8,
    /// The level of its ink on the paper around it, 1 to 255. Ink of less than 30 is hard to see.
    pub contrast: u8,
    /// The mean width of its strokes before they were widened, in 1/16 pixel of the image. MNIST's have 32 to 80.
    pub stroke_width: u8,
}

impl From<&Digit> for LenetDigit {
    fn from(digit: &Digit) -> Self {
        Self {
            image: digit.image.as_ptr(),
            left: digit.rect.left,
            top: digit.rect.top,
            right: digit.rect.right,
            bottom: digit.rect.bottom,
            line: digit.line,
            contrast: digit.contrast,
            stroke_width: digit.stroke_width,
        }
    }
}

impl From<NoDigit> for LenetStatus {
    fn from(reason: NoDigit) -> Self {
        match reason {
            NoDigit::NoInk => Self::NoInk,
            NoDigit::TooSmall => Self::TooSmall,
            NoDigit::TooLarge => Self::TooLarge,
            NoDigit::TooMany => Self::TooMany,
        }
    }
}

/// A function that gets a digit that `lenet_find` found, and the context that was given to it. It returns whether to go on
/// to the next digit. The digit and its image are valid until it returns.
///
/// It may classify the digit, but must not use the preparer, and must return: no `longjmp`.
pub type LenetFound = Option<unsafe extern "C" fn(context: *mut c_void, digit: *const LenetDigit) -> bool>;

/// Prepares the only digit of a picture: from gray levels to the image that `lenet_classify` takes.
///
/// A picture gives the same image on every core, whatever was prepared before. The digit's image lies in the preparer until
/// its next call.
///
/// Returns `LENET_STATUS_BAD_POINTER` if a pointer is null, if `preparer`, `frame` or `digit` is misaligned, if the preparer
/// overlaps one of the others or the pixels, or if `digit` overlaps the frame or the pixels; `LENET_STATUS_FRAME` if the
/// frame cannot be as it says; and the reason if the picture shows no digit or more than one. Then `*digit` is left as it
/// is.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `frame->pixels` to all pixels of the frame. No other call, from
/// an interrupt or another thread, may use the preparer at the same time, and nothing may write to the pixels meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_prepare(
    preparer: *mut LenetPreparer,
    frame: *const LenetFrame,
    digit: *mut LenetDigit,
) -> LenetStatus {
    if digit.is_null() || !digit.is_aligned() || overlap(preparer, 1, digit, 1) || overlap(frame, 1, digit, 1)
    {
        return LenetStatus::BadPointer;
    }
    // SAFETY: the pointers are what they must be by this function's contract, which is also that of `checked`.
    let (preparer, frame) = match unsafe { checked(preparer, frame) } {
        Ok(checked) => checked,
        Err(status) => return status,
    };
    if overlap(frame.bytes.as_ptr(), frame.bytes.len(), digit, 1) {
        return LenetStatus::BadPointer;
    }
    match preparer.prepare(&frame.frame) {
        // SAFETY: `digit` points to a digit by this function's contract, and was found aligned. It overlaps neither the
        // preparer nor the pixels.
        Ok(found) => unsafe { digit.write(found.into()) },
        Err(reason) => return reason.into(),
    }
    LenetStatus::Ok
}

/// Finds the digits of a picture, at most `LENET_MAX_DIGITS`, and passes each to `found` with `context`: line by line from
/// the top, each line from left to right.
///
/// Returns `LENET_STATUS_OK` if there was a digit, whether or not `found` asked for all. Returns
/// `LENET_STATUS_BAD_POINTER` if a pointer but `context` is null, if `preparer` or `frame` is misaligned, or if the preparer
/// overlaps the frame or its pixels; `LENET_STATUS_FRAME` if the frame cannot be as it says; and the reason if the picture
/// shows no digit or too many. Then `found` is not called.
///
/// # Safety
///
/// As for `lenet_prepare`. `found` must be null or a function that is safe to call with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_find(
    preparer: *mut LenetPreparer,
    frame: *const LenetFrame,
    found: LenetFound,
    context: *mut c_void,
) -> LenetStatus {
    let Some(found) = found else { return LenetStatus::BadPointer };
    // SAFETY: the pointers are what they must be by this function's contract, which is also that of `checked`.
    let (preparer, frame) = match unsafe { checked(preparer, frame) } {
        Ok(checked) => checked,
        Err(status) => return status,
    };
    let mut digits = match preparer.find::<LENET_MAX_DIGITS>(&frame.frame) {
        Ok(digits) => digits,
        Err(reason) => return reason.into(),
    };
    let mut status = LenetStatus::NoInk;
    while let Some(digit) = digits.next() {
        status = LenetStatus::Ok;
        // SAFETY: `found` may be called with this context by this function's contract. It does not use the preparer, and
        // the digit lives until it returns.
        if !unsafe { found(context, &digit.into()) } {
            break;
        }
    }
    status
}

/// A frame, and the bytes from its first pixel to its last.
struct Pixels<'a> {
    bytes: &'a [u8],
    frame: Frame<'a>,
}

/// Makes a preparer in the memory for one, and a frame of what C says.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `frame->pixels` to all pixels of the frame. For as long as
/// the results live, nothing else may use the preparer or write to the pixels.
unsafe fn checked<'a>(
    preparer: *mut LenetPreparer,
    frame: *const LenetFrame,
) -> Result<(&'a mut Slot, Pixels<'a>), LenetStatus> {
    if preparer.is_null()
        || !preparer.is_aligned()
        || frame.is_null()
        || !frame.is_aligned()
        || overlap(preparer, 1, frame, 1)
    {
        return Err(LenetStatus::BadPointer);
    }
    // SAFETY: `frame` points to a frame by this function's contract, and was found aligned.
    let LenetFrame { pixels, width, height, row_stride, pixel_step } = unsafe { frame.read() };
    if pixels.is_null() {
        return Err(LenetStatus::BadPointer);
    }
    let length = match Frame::with_layout(&[], width, height, row_stride, pixel_step) {
        Err(FrameError::Bytes { expected, .. }) if isize::try_from(expected).is_ok() => expected,
        _ => return Err(LenetStatus::Frame),
    };
    if overlap(preparer, 1, pixels, length) {
        return Err(LenetStatus::BadPointer);
    }
    // SAFETY: `pixels` points to all pixels of the frame by this function's contract, so to `length` bytes, which fit
    // `isize`, and nothing writes to them. The preparer, which is written to below, does not overlap them.
    let bytes: &'a [u8] = unsafe { slice::from_raw_parts(pixels, length) };
    let frame =
        Frame::with_layout(bytes, width, height, row_stride, pixel_step).map_err(|_| LenetStatus::Frame)?;
    let slot = preparer.cast::<Slot>();
    // SAFETY: `preparer` points to a preparer by this function's contract, which is large enough for a slot and was found
    // aligned. Nothing is read, so its content does not matter; nothing else uses it.
    let preparer = unsafe {
        slot.write(const { Slot::new() });
        &mut *slot
    };
    Ok((preparer, Pixels { bytes, frame }))
}

#[cfg(test)]
mod tests;
