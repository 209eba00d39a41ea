//! The files of the host, by semihosting.
//!
//! Without errors: there is no room to say what went wrong, so whatever the host does not do ends the program.

use core::ffi::CStr;
use semihosting::process;
use semihosting::sys::arm_compat::OpenMode;
use semihosting::sys::arm_compat::syscall::{OperationNumber, ParamRegW, RetReg, syscall};

/// A file of the host, in the folder in which the emulator runs. It stays open until the program ends.
pub(crate) struct File(usize);

impl File {
    /// Opens a file to read.
    pub(crate) fn open(name: &CStr) -> Self {
        Self::with_mode(name, OpenMode::RDONLY_BINARY)
    }

    /// Creates a file.
    pub(crate) fn create(name: &CStr) -> Self {
        Self::with_mode(name, OpenMode::WRONLY_TRUNC_BINARY)
    }

    #[inline(never)]
    fn with_mode(name: &CStr, mode: OpenMode) -> Self {
        let name = name.to_bytes_with_nul();
        // SAFETY: the name is valid for reads, and its length is that without the zero.
        let file = unsafe {
            call(
                OperationNumber::SYS_OPEN,
                [name.as_ptr().expose_provenance(), mode as usize, name.len() - 1],
            )
        };
        if file.raw_fd().is_none() {
            fail()
        }
        Self(file.usize())
    }

    /// Fills `bytes`. Returns false at the end of the file.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> bool {
        // SAFETY: the bytes are valid for writes.
        let missing = unsafe {
            call(OperationNumber::SYS_READ, [self.0, bytes.as_mut_ptr().expose_provenance(), bytes.len()])
        };
        missing.usize() == 0
    }

    /// Writes `bytes`.
    pub(crate) fn write(&self, bytes: &[u8]) {
        // SAFETY: the bytes are valid for reads.
        let missing = unsafe {
            call(OperationNumber::SYS_WRITE, [self.0, bytes.as_ptr().expose_provenance(), bytes.len()])
        };
        if missing.usize() != 0 {
            fail()
        }
    }
}

/// Ends the program with the exit code of a failure.
#[inline(never)]
fn fail() -> ! {
    process::exit(1)
}

/// Calls the host.
///
/// # Safety
///
/// The block must be what the operation expects.
#[inline(never)]
unsafe fn call(operation: OperationNumber, block: [usize; 3]) -> RetReg {
    let mut block = block.map(ParamRegW::usize);
    // SAFETY: the caller guarantees it.
    unsafe { syscall(operation, ParamRegW::block(&mut block)) }
}
