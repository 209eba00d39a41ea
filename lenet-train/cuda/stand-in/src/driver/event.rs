//! Events, which order streams.

use super::{Handle, SUCCESS, Status};
use crate::streams;
use std::ffi::c_uint;

/// An event.
///
/// # Safety
///
/// `event` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventCreate(event: *mut Handle, _flags: c_uint) -> Status {
    // SAFETY: the caller's promise.
    unsafe { *event = streams::create_event() };
    SUCCESS
}

/// Ends an event.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventDestroy_v2(event: Handle) -> Status {
    streams::destroy_event(event);
    SUCCESS
}

/// The event stands for all that the stream was asked for until now.
#[unsafe(no_mangle)]
pub extern "C" fn cuEventRecord(event: Handle, stream: Handle) -> Status {
    streams::record(event, stream);
    SUCCESS
}
