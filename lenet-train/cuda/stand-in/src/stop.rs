//! The end of a program that asks for what the stand-in does not do, or that is wrong.

use std::ffi::{CStr, c_char};
use std::io::Write;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The kernel that runs, a C string, or null. A handler of signals reads it, so it is no lock.
static KERNEL: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());
/// The block that runs: its three indices, which kernels write.
static BLOCK: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Notes which kernel runs, for messages.
pub(crate) fn enter_kernel(name: &CStr) {
    KERNEL.store(name.as_ptr().cast_mut(), Ordering::Relaxed);
}

/// Notes that no kernel runs.
pub(crate) fn leave_kernel() {
    KERNEL.store(std::ptr::null_mut(), Ordering::Relaxed);
}

/// Where a kernel writes which block runs.
pub(crate) fn block() -> *mut u32 {
    BLOCK[0].as_ptr()
}

/// Prints why, and which kernel and block ran, and aborts the program: there is no way to go on that would not hide
/// what is wrong.
pub(crate) fn stop(why: &str) -> ! {
    // Not `eprintln!`: a handler of a signal must not wait for the lock of standard error.
    let mut text = format!("error: CUDA stand-in: {why}\n");
    let kernel = KERNEL.load(Ordering::Relaxed);
    if !kernel.is_null() {
        // SAFETY: `enter_kernel` stored a C string that lives until `leave_kernel`.
        let name = unsafe { CStr::from_ptr(kernel) }.to_string_lossy();
        let [x, y, z] = BLOCK.each_ref().map(|index| index.load(Ordering::Relaxed));
        text = format!("{text}  in kernel `{name}`, block ({x}, {y}, {z})\n");
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
    std::process::abort();
}

/// Stops with what a kernel says.
pub(crate) extern "C" fn stop_from_kernel(why: *const c_char) {
    // SAFETY: the generated code passes a C string.
    stop(&unsafe { CStr::from_ptr(why) }.to_string_lossy());
}

/// From now on, an access to memory that is not there stops the program with a message.
pub(crate) fn name_faults() {
    extern "C" fn fault(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the system passes what it knows of the fault.
        let at = unsafe { (*info).si_addr() } as usize;
        if KERNEL.load(Ordering::Relaxed).is_null() {
            // Not ours: let the program end as it would have without us.
            // SAFETY: the default action may be set at any time.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
            return;
        }
        stop(&format!("access to address {at:#x}, which is in no allocation"));
    }
    // SAFETY: all zeros is a valid `sigaction`; the handler has the signature that `SA_SIGINFO` asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
    }
}
