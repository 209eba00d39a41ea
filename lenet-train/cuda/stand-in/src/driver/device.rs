//! The device and its context.

use super::{Handle, INVALID_DEVICE, NO_DEVICE, SUCCESS, Status, give_handle};
use crate::options::options;
use crate::stop::stop;
use crate::{counters, memory, stop as stops, streams};
use std::ffi::{c_char, c_int, c_uint};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The one context.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

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
        1 => 1024,             // MAX_THREADS_PER_BLOCK
        2 | 3 => 1024,         // MAX_BLOCK_DIM_X, _Y
        4 => 64,               // MAX_BLOCK_DIM_Z
        5 => i32::MAX,         // MAX_GRID_DIM_X
        6 | 7 => 65535,        // MAX_GRID_DIM_Y, _Z
        8 => 48 << 10,         // MAX_SHARED_MEMORY_PER_BLOCK
        10 => 32,              // WARP_SIZE
        12 => 65536,           // MAX_REGISTERS_PER_BLOCK
        16 => 1,               // MULTIPROCESSOR_COUNT
        31 => 1,               // CONCURRENT_KERNELS
        39 => 1024,            // MAX_THREADS_PER_MULTIPROCESSOR
        41 => 1,               // UNIFIED_ADDRESSING
        75 => capability / 10, // COMPUTE_CAPABILITY_MAJOR
        76 => capability % 10, // COMPUTE_CAPABILITY_MINOR
        97 => 227 << 10,       // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        115 => 1,              // MEMORY_POOLS_SUPPORTED
        other => stop(&format!(
            "cuDeviceGetAttribute: attribute {other} is not supported; add it in src/driver/device.rs"
        )),
    };
    // SAFETY: the caller's promise.
    unsafe { *value = found };
    SUCCESS
}

/// How much memory the device has, in bytes.
///
/// # Safety
///
/// `bytes` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, _device: c_int) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *bytes = memory::left().1 };
    SUCCESS
}

/// Free and total memory, in bytes.
///
/// # Safety
///
/// `free` and `total` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Status {
    // SAFETY: the caller's promise.
    unsafe { (*free, *total) = memory::left() };
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

/// The context that was set last.
///
/// # Safety
///
/// `context` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxGetCurrent(context: *mut Handle) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *context = CURRENT.load(Ordering::Relaxed) };
    SUCCESS
}

/// Calls from now on are about this context. All share one memory here.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSetCurrent(context: Handle) -> Status {
    CURRENT.store(context, Ordering::Relaxed);
    SUCCESS
}

/// Waits for all work.
#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSynchronize() -> Status {
    counters::WAITS.add(1);
    streams::synchronize_all();
    SUCCESS
}
