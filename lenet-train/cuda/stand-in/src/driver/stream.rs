//! Streams.

use super::{Handle, SUCCESS, Status};
use crate::stop::stop;
use crate::{counters, streams};
use std::ffi::c_uint;

/// `CU_STREAM_NON_BLOCKING`: no order between this stream and the default one.
const NON_BLOCKING: c_uint = 1;

/// A stream.
///
/// # Safety
///
/// `stream` must be writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreate(stream: *mut Handle, flags: c_uint) -> Status {
    if flags != NON_BLOCKING {
        stop("cuStreamCreate: only CU_STREAM_NON_BLOCKING is supported; others wait for the default stream");
    }
    // SAFETY: the caller's promise.
    unsafe { *stream = streams::create_stream() };
    SUCCESS
}

/// Ends a stream, after its work.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamDestroy_v2(stream: Handle) -> Status {
    streams::destroy_stream(stream);
    SUCCESS
}

/// Waits for a stream's work.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamSynchronize(stream: Handle) -> Status {
    counters::WAITS.add(1);
    streams::synchronize(stream);
    SUCCESS
}

/// What is queued on the stream from now on waits for an event.
#[unsafe(no_mangle)]
pub extern "C" fn cuStreamWaitEvent(stream: Handle, event: Handle, _flags: c_uint) -> Status {
    streams::wait(stream, event);
    SUCCESS
}
