//! Allocations, copies and fills.

use super::{Handle, OUT_OF_MEMORY, SUCCESS, Status};
use crate::counters;
use crate::memory::{Address, allocate, check, free};
use crate::streams;

/// The default stream, on which calls without a stream work.
const DEFAULT: Handle = 0;

/// Allocates memory of the device.
///
/// # Safety
///
/// `memory` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(memory: *mut Address, bytes: usize) -> Status {
    match allocate(bytes) {
        Some(address) => {
            // SAFETY: the caller's promise.
            unsafe { *memory = address };
            SUCCESS
        }
        None => OUT_OF_MEMORY,
    }
}

/// Gives memory back, after all work.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemFree_v2(memory: Address) -> Status {
    streams::synchronize_all();
    free(memory);
    SUCCESS
}

/// Fills memory with a value.
fn fill<T: Copy + Send + 'static>(memory: Address, value: T, count: usize, stream: Handle) -> Status {
    counters::FILLS.add(1);
    streams::push(stream, move || {
        check(memory, count * size_of::<T>(), "fill");
        for index in 0..count {
            // SAFETY: `check` found all of it within one allocation.
            unsafe { (memory as *mut T).add(index).write_unaligned(value) };
        }
    });
    SUCCESS
}

/// Fills memory with a byte.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD8Async(memory: Address, value: u8, count: usize, stream: Handle) -> Status {
    fill(memory, value, count, stream)
}

/// Fills memory with a word of 32 bits.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD32Async(memory: Address, value: u32, count: usize, stream: Handle) -> Status {
    fill(memory, value, count, stream)
}

/// Copies from the host. The host's memory may change as soon as this returns, as is so with memory that is not locked.
///
/// # Safety
///
/// `from` must have so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: Address,
    from: *const u8,
    bytes: usize,
    stream: Handle,
) -> Status {
    counters::UPLOADS.add(1);
    counters::UPLOADED_BYTES.add(bytes as u64);
    let copied = if bytes == 0 {
        Vec::new()
    } else {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(from, bytes) }.to_vec()
    };
    streams::push(stream, move || {
        check(to, bytes, "copy to the device");
        // SAFETY: `check` found all of it within one allocation.
        unsafe { std::ptr::copy_nonoverlapping(copied.as_ptr(), to as *mut u8, bytes) };
    });
    SUCCESS
}

/// Copies from the host, and returns when it is done.
///
/// # Safety
///
/// `from` must have so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoD_v2(to: Address, from: *const u8, bytes: usize) -> Status {
    // SAFETY: the caller's promise.
    let status = unsafe { cuMemcpyHtoDAsync_v2(to, from, bytes, DEFAULT) };
    streams::synchronize(DEFAULT);
    status
}

/// Copies to the host. As with memory of the host that is not locked, this returns when the copy is there.
///
/// # Safety
///
/// `to` must have room for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoHAsync_v2(
    to: *mut u8,
    from: Address,
    bytes: usize,
    stream: Handle,
) -> Status {
    counters::DOWNLOADS.add(1);
    counters::DOWNLOADED_BYTES.add(bytes as u64);
    streams::synchronize(stream);
    check(from, bytes, "copy to the host");
    // SAFETY: `check` found all of it within one allocation; room is the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to, bytes) };
    SUCCESS
}

/// Copies to the host.
///
/// # Safety
///
/// `to` must have room for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut u8, from: Address, bytes: usize) -> Status {
    // SAFETY: the caller's promise.
    unsafe { cuMemcpyDtoHAsync_v2(to, from, bytes, DEFAULT) }
}

/// Copies within the device.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoDAsync_v2(to: Address, from: Address, bytes: usize, stream: Handle) -> Status {
    counters::COPIES.add(1);
    streams::push(stream, move || {
        check(to, bytes, "copy within the device, to");
        check(from, bytes, "copy within the device, from");
        // SAFETY: `check` found both within allocations.
        unsafe { std::ptr::copy(from as *const u8, to as *mut u8, bytes) };
    });
    SUCCESS
}
