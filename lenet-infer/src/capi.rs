//! The C interface: `lenet_decode`, `lenet_classify`, `lenet_prepare`, `lenet_find` and `lenet_message`, with an engine
//! and a preparer that C places as variables.
//!
//! `include/lenet.h` is generated from this file, `capi/status.rs` and `capi/prepare.rs`; the firmware's package `capi`
//! builds the static library. C gets the model, the scratch memory and the logits of [`Engine`](crate::Engine), the digits
//! of [`Preparer`](crate::picture::Preparer), but no other part of the crate.

#![allow(unsafe_code)]

use crate::kernel::{self, Scratch};
use crate::{Model, Prediction};
use core::mem::MaybeUninit;
use core::slice;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};

mod prepare;
mod status;

pub use prepare::*;
pub use status::*;

/// Pixels of an image: 28 rows of 28, one byte each.
pub const LENET_PIXELS: usize = 784;
/// The largest number of classes, and so of logits, that a model has. The smallest is 2.
pub const LENET_MAX_CLASSES: usize = 64;
/// Words of an engine: 1,236 bytes on a 32-bit core. A core without the DSP extension uses 800 of them.
pub const LENET_ENGINE_WORDS: usize = 309;

const _: () = assert!(LENET_PIXELS == IMAGE_PIXELS && LENET_MAX_CLASSES == MAX_CLASSES);
const _: () = assert!(align_of::<Slot>() <= align_of::<LenetEngine>());
// One header is for all cores, so the size is that of the core that needs most. On others some bytes are unused, as on a
// 64-bit host, where pointers take twice the bytes and activations do not.
const _: () = {
    assert!(size_of::<Slot>() <= size_of::<LenetEngine>(), "LENET_ENGINE_WORDS is too small");
    assert!(
        !cfg!(lenet_device = "armv7em") || size_of::<Slot>() == size_of::<LenetEngine>(),
        "LENET_ENGINE_WORDS is not that of the engine"
    );
};

/// A model with the memory to run it. C knows only its size, so that it can place it as a variable.
///
/// `lenet_decode` takes an engine with any content. For `lenet_classify` to tell that there is no model yet, an engine
/// must first be zero, as a static variable is.
#[repr(C)]
pub struct LenetEngine {
    words: [usize; LENET_ENGINE_WORDS],
}

/// What the words of an engine hold.
struct Slot {
    /// [`DECODED`], or any other value while there is no model.
    state: usize,
    model: MaybeUninit<Model<'static>>,
    scratch: MaybeUninit<Scratch>,
}

const EMPTY: usize = 0;
const DECODED: usize = 0x4C4E_4554;

/// The answer for one image.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LenetPrediction {
    /// `classes` logits, one per class, in accumulator units of the model's last layer. They lie in the engine and are
    /// valid until its next call.
    pub logits: *const i32,
    /// The largest logit minus the second largest, in the same units: 0 or more.
    pub margin: i32,
    /// The margin in units of 1/256 nat, saturating at 65,535: the odds of the predicted class against the runner-up
    /// are e^(confidence / 256).
    pub confidence: u16,
    /// The class with the largest logit, the smallest such class on a tie: 0 to `classes` - 1.
    pub predicted_class: u8,
    /// The number of classes of the model: 2 to `LENET_MAX_CLASSES`.
    pub classes: u8,
    /// Whether the confidence reaches the confidence threshold of the model. Always true for a model without one.
    pub confident: bool,
}

/// Checks a model file and makes the engine that runs it.
///
/// `bytes` may be longer than the file, as a flash partition is. On success, the length of the file goes to
/// `*file_length`, unless `file_length` is null. The file is not copied: it must stay where it is, unchanged, for as
/// long as the engine is used. It may lie at any address; cores read it fastest at a multiple of four.
///
/// The library reads models with int8, int4 and ternary weights. One that was built without the feature `int4` or `ternary`
/// has no code for those weights, and answers a model that has them with `LENET_STATUS_BODY`.
///
/// Returns `LENET_STATUS_BAD_POINTER` and leaves the engine as it is if `engine` or `bytes` is null, if `engine` or
/// `file_length` is misaligned, if any two of the three overlap, or if `length` is half the address space or more. After
/// any other failure, the engine holds no model.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `bytes` to `length` bytes. No other call, from an interrupt
/// or another thread, may use the engine at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_decode(
    engine: *mut LenetEngine,
    bytes: *const u8,
    length: usize,
    file_length: *mut usize,
) -> LenetStatus {
    if !is_usable(engine)
        || bytes.is_null()
        || isize::try_from(length).is_err()
        || overlap(engine, 1, bytes, length)
        || !file_length.is_aligned()
        || (!file_length.is_null()
            && (overlap(engine, 1, file_length, 1) || overlap(bytes, length, file_length, 1)))
    {
        return LenetStatus::BadPointer;
    }
    let slot = engine.cast::<Slot>();
    // SAFETY: `engine` points to an engine by this function's contract, which is large enough for a slot and was found
    // aligned. Nothing is read, so the content of the engine does not matter.
    unsafe { (&raw mut (*slot).state).write(EMPTY) };
    // SAFETY: `bytes` points to that many bytes, which stay unchanged for as long as the engine is used, by this
    // function's contract. The length was found to fit `isize`, and no writes through the other pointers reach them.
    let bytes: &'static [u8] = unsafe { slice::from_raw_parts(bytes, length) };
    let (model, used) = match Model::decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return error.into(),
    };
    let scratch = Scratch::new(model.conv2());
    // SAFETY: as above.
    unsafe {
        (&raw mut (*slot).model).write(MaybeUninit::new(model));
        (&raw mut (*slot).scratch).write(MaybeUninit::new(scratch));
        (&raw mut (*slot).state).write(DECODED);
    }
    if !file_length.is_null() {
        // SAFETY: it points to a `size_t` by this function's contract, and was found aligned.
        unsafe { file_length.write(used) };
    }
    LenetStatus::Ok
}

/// Classifies one image: `LENET_PIXELS` gray levels row by row, 0 for paper to 255 for ink.
///
/// An image gives the same logits on every core, whatever was classified before. The logits lie in the engine until its
/// next call.
///
/// Returns `LENET_STATUS_BAD_POINTER` if a pointer is null, if `engine` or `prediction` is misaligned, or if `image` or
/// `prediction` overlaps the engine; and `LENET_STATUS_NOT_DECODED` if the engine holds no model. Then `*prediction` is
/// left as it is.
///
/// # Safety
///
/// Each pointer must be null or point to what its type says, `image` to `LENET_PIXELS` bytes. `prediction` must not
/// overlap the model file. The engine must be zero or have been decoded into, and no other call, from an interrupt or
/// another thread, may use it at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lenet_classify(
    engine: *mut LenetEngine,
    image: *const u8,
    prediction: *mut LenetPrediction,
) -> LenetStatus {
    let image = image.cast::<[u8; IMAGE_PIXELS]>();
    if !is_usable(engine)
        || image.is_null()
        || overlap(engine, 1, image, 1)
        || prediction.is_null()
        || !prediction.is_aligned()
        || overlap(engine, 1, prediction, 1)
    {
        return LenetStatus::BadPointer;
    }
    // SAFETY: `engine` points to an engine by this function's contract, which is large enough for a slot and was found
    // aligned. It is zero or holds a slot, no other call uses it, and neither the image nor the prediction overlaps it.
    let slot = unsafe { &mut *engine.cast::<Slot>() };
    if slot.state != DECODED {
        return LenetStatus::NotDecoded;
    }
    // SAFETY: by the state, `lenet_decode` wrote a model and a scratch memory. The model's file is still there by the
    // contract of that function.
    let (model, scratch) = unsafe { (slot.model.assume_init_ref(), slot.scratch.assume_init_mut()) };
    // SAFETY: `image` points to that many bytes by this function's contract.
    let logits = kernel::classify(model, unsafe { &*image }, scratch);
    let answer = Prediction::new(logits, model.confidence());
    let answer = LenetPrediction {
        logits: answer.logits.as_ptr(),
        margin: answer.margin,
        confidence: answer.confidence,
        predicted_class: answer.class,
        classes: answer.logits.len() as u8,
        confident: answer.is_confident(),
    };
    // SAFETY: `prediction` points to a prediction by this function's contract, and was found aligned. The reference to
    // the image, which it may overlap, is not used any more.
    unsafe { prediction.write(answer) };
    LenetStatus::Ok
}

/// Whether the pointer is one that a slot can lie at.
fn is_usable(engine: *mut LenetEngine) -> bool {
    !engine.is_null() && engine.is_aligned()
}

/// Whether `a_count` values at `a` share a byte with `b_count` values at `b`.
fn overlap<A, B>(a: *const A, a_count: usize, b: *const B, b_count: usize) -> bool {
    let (from_a, from_b) = (b.addr().wrapping_sub(a.addr()), a.addr().wrapping_sub(b.addr()));
    from_a < a_count.saturating_mul(size_of::<A>()) || from_b < b_count.saturating_mul(size_of::<B>())
}

#[cfg(test)]
mod tests;
