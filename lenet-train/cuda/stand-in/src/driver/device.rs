//! The device and its context.

use super::{Handle, INVALID_DEVICE, NO_DEVICE, SUCCESS, Status, give_handle};
use crate::options::options;
use crate::stop::stop;
use crate::{counters, stop as stops};
use std::ffi::{c_char, c_int, c_uint};
use std::sync::Once;

/// The first call of every program.
#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_flags: c_uint) -> Status {
    static ONCE: Once = Once::new();
    if options().devices == 0 {
        return NO_DEVICE;
    }
    ONCE.call_once(|| {
        counters::write_at_exit();
        stops::name_faults();
    });
    SUCCESS
}

/// The newest CUDA that the driver knows, as 1000 × major + 10 × minor.
///
/// # Safety
///
/// `version` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> Status {
    let driver = options().driver as c_int;
    // SAFETY: the caller's promise.
    unsafe { *version = driver / 10 * 1000 + driver % 10 * 10 };
    SUCCESS
}

/// How many devices there are.
///
/// # Safety
///
/// `count` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *count = options().devices };
    SUCCESS
}

/// A device by number.
///
/// # Safety
///
/// `device` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> Status {
    if !(0..options().devices).contains(&ordinal) {
        return INVALID_DEVICE;
    }
    // SAFETY: the caller's promise.
    unsafe { *device = ordinal };
    SUCCESS
}

/// What the device is called.
///
/// # Safety
///
/// `name` must have room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, _device: c_int) -> Status {
    let text = c"CPU (stand-in for a GPU)".to_bytes_with_nul();
    let count = text.len().min(length.max(0) as usize);
    // SAFETY: the caller's promise; `count` is at most either length.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), name, count);
        if count > 0 {
            *name.add(count - 1) = 0;
        }
    }
    SUCCESS
}

/// A number about the device: `CUdevice_attribute`.
///
/// # Safety
///
/// `value` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_int, _device: c_int) -> Status {
    let capability = options().capability as c_int;
    let found = match attribute {
        75 => capability / 10, // COMPUTE_CAPABILITY_MAJOR
        76 => capability % 10, // COMPUTE_CAPABILITY_MINOR
        other => stop(&format!(
            "cuDeviceGetAttribute: attribute {other} is not supported; add it in src/driver/device.rs"
        )),
    };
    // SAFETY: the caller's promise.
    unsafe { *value = found };
    SUCCESS
}

/// The device's context.
///
/// # Safety
///
/// `context` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut Handle, _device: c_int) -> Status {
    // SAFETY: the caller's promise.
    unsafe { give_handle(context) }
}

/// Gives the context back.
#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRelease_v2(_device: c_int) -> Status {
    SUCCESS
}

/// Calls from now on are about this context. All share one memory here.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSetCurrent(_context: Handle) -> Status {
    SUCCESS
}
