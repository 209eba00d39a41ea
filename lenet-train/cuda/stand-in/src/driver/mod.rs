//! The functions of the driver that programs call, with the signatures of `cuda.h`.

pub mod device;
pub mod event;
pub mod memory;
pub mod module;
pub mod stream;

use crate::streams;
use std::ffi::{CStr, c_char, c_int};

/// `CUresult`: 0 is success.
pub(crate) type Status = c_int;
/// A handle: a number, or the address of what it stands for.
pub(crate) type Handle = usize;

/// `CUDA_SUCCESS`.
const SUCCESS: Status = 0;
/// `CUDA_ERROR_INVALID_VALUE`.
const INVALID_VALUE: Status = 1;
/// `CUDA_ERROR_OUT_OF_MEMORY`.
const OUT_OF_MEMORY: Status = 2;
/// `CUDA_ERROR_NO_DEVICE`.
const NO_DEVICE: Status = 100;
/// `CUDA_ERROR_INVALID_DEVICE`.
const INVALID_DEVICE: Status = 101;
/// `CUDA_ERROR_NO_BINARY_FOR_GPU`.
const NO_BINARY_FOR_GPU: Status = 209;
/// `CUDA_ERROR_INVALID_PTX`.
const INVALID_PTX: Status = 218;
/// `CUDA_ERROR_UNSUPPORTED_PTX_VERSION`.
const UNSUPPORTED_PTX_VERSION: Status = 222;
/// `CUDA_ERROR_NOT_FOUND`.
const NOT_FOUND: Status = 500;

/// Gives a new handle.
///
/// # Safety
///
/// `to` must be writable.
pub(crate) unsafe fn give_handle(to: *mut Handle) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *to = streams::new_handle() };
    SUCCESS
}

/// The text of an error, as NVIDIA's driver gives it.
fn described(error: Status) -> &'static CStr {
    match error {
        SUCCESS => c"no error",
        INVALID_VALUE => c"invalid argument",
        OUT_OF_MEMORY => c"out of memory",
        NO_DEVICE => c"no CUDA-capable device is detected",
        INVALID_DEVICE => c"invalid device ordinal",
        NO_BINARY_FOR_GPU => c"no kernel image is available for execution on the device",
        INVALID_PTX => c"a PTX JIT compilation failed",
        UNSUPPORTED_PTX_VERSION => c"the provided PTX was compiled with an unsupported toolchain.",
        NOT_FOUND => c"named symbol not found",
        _ => c"unknown error",
    }
}

/// The text of an error.
///
/// # Safety
///
/// `text` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorString(error: Status, text: *mut *const c_char) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *text = described(error).as_ptr() };
    SUCCESS
}
