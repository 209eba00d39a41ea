//! What the tests share: a GPU that they ask as programs do, and tables of instructions.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod forms;

use cuda::driver::{device, memory, module, stream};
use std::ffi::CString;
use std::process::{Command, Output};

/// The head of every file of PTX.
pub(crate) const HEAD: &str = ".version 9.0\n.target sm_90\n.address_size 64\n";

/// Memory of the device.
pub(crate) struct Buffer {
    pub(crate) address: u64,
    bytes: usize,
}

impl Buffer {
    /// Memory with these bytes in it.
    pub(crate) fn new<T: Copy>(values: &[T]) -> Buffer {
        let buffer = Buffer::unwritten(size_of_val(values));
        // SAFETY: `values` has so many bytes.
        let status = unsafe { memory::cuMemcpyHtoD_v2(buffer.address, values.as_ptr().cast(), buffer.bytes) };
        assert_eq!(status, 0);
        buffer
    }

    pub(crate) fn unwritten(bytes: usize) -> Buffer {
        let mut address = 0;
        // SAFETY: `address` is writable.
        assert_eq!(unsafe { memory::cuMemAlloc_v2(&raw mut address, bytes) }, 0);
        Buffer { address, bytes }
    }

    pub(crate) fn read<T: Copy + Default>(&self) -> Vec<T> {
        let mut values = vec![T::default(); self.bytes / size_of::<T>()];
        // SAFETY: `values` has room.
        let status = unsafe { memory::cuMemcpyDtoH_v2(values.as_mut_ptr().cast(), self.address, self.bytes) };
        assert_eq!(status, 0);
        values
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        assert_eq!(memory::cuMemFree_v2(self.address), 0);
    }
}

/// A kernel, and how it is launched.
pub(crate) struct Launch {
    pub(crate) function: usize,
    pub(crate) grid: u32,
    pub(crate) block: u32,
    pub(crate) dynamic_shared: u32,
    pub(crate) stream: usize,
}

impl Launch {
    /// One block of so many threads of the kernel `name`.
    pub(crate) fn new(ptx: &str, name: &str, block: u32) -> Launch {
        let function = function(ptx, name).unwrap_or_else(|status| panic!("status {status}"));
        Launch { function, grid: 1, block, dynamic_shared: 0, stream: 0 }
    }

    /// Launches it with parameters of 64 bits, and returns the status.
    pub(crate) fn run(&self, arguments: &[u64]) -> i32 {
        let pointers: Vec<*const u8> =
            arguments.iter().map(|argument| std::ptr::from_ref(argument).cast()).collect();
        // SAFETY: the test passes as many arguments as the kernel has parameters.
        unsafe {
            module::cuLaunchKernel(
                self.function,
                self.grid,
                1,
                1,
                self.block,
                1,
                1,
                self.dynamic_shared,
                self.stream,
                pointers.as_ptr(),
                std::ptr::null(),
            )
        }
    }
}

/// The handle of a kernel, or the status of what failed.
pub(crate) fn function(ptx: &str, name: &str) -> Result<usize, i32> {
    let (text, name) = (CString::new(ptx).unwrap(), CString::new(name).unwrap());
    let (mut loaded, mut function) = (0, 0);
    let checked = |status| if status == 0 { Ok(()) } else { Err(status) };
    checked(device::cuInit(0))?;
    // SAFETY: C strings and writable handles.
    unsafe {
        checked(module::cuModuleLoadData(&raw mut loaded, text.as_ptr()))?;
        checked(module::cuModuleGetFunction(&raw mut function, loaded, name.as_ptr()))?;
    }
    Ok(function)
}

/// A new stream.
pub(crate) fn new_stream() -> usize {
    let mut stream = 0;
    // SAFETY: `stream` is writable.
    assert_eq!(unsafe { stream::cuStreamCreate(&raw mut stream, 1) }, 0);
    stream
}

/// Whether this process is one that [`apart`] started.
pub(crate) fn is_apart() -> bool {
    std::env::var_os("APART").is_some()
}

/// Runs a test of this file in a process of its own with other options, since options hold for a process.
pub(crate) fn apart(test: &str, options: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("APART", "1").envs(options.iter().copied());
    command.output().unwrap()
}

/// What a process that was to stop printed.
pub(crate) fn stopped(test: &str, options: &[(&str, &str)]) -> String {
    let output = apart(test, options);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "expected a stop, found success: {text}");
    assert!(text.contains("error: CUDA stand-in: "), "{text}");
    text
}
