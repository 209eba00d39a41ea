//! The functions of the driver's library, found when a device is opened.

use libloading::Library;
use std::error::Error;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::LazyLock;

/// The name of the library.
const NAME: &str = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };

/// A result code. 0 means success.
pub(super) type Code = c_int;
/// A pointer to something that the driver owns: a context, a stream, a module or a function.
pub(super) type Handle = *mut c_void;
/// An address in the device's memory.
pub(super) type Address = u64;

type Number = unsafe extern "C" fn(*mut c_int) -> Code;
type OfHandle = unsafe extern "C" fn(Handle) -> Code;
type OfDevice = unsafe extern "C" fn(c_int) -> Code;

/// The driver's functions, as `cuda.h` declares them.
pub(super) struct Functions {
    pub(super) init: unsafe extern "C" fn(c_uint) -> Code,
    pub(super) error_text: unsafe extern "C" fn(Code, *mut *const c_char) -> Code,
    pub(super) version: Number,
    pub(super) device_count: Number,
    pub(super) device: unsafe extern "C" fn(*mut c_int, c_int) -> Code,
    pub(super) device_name: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> Code,
    pub(super) attribute: unsafe extern "C" fn(*mut c_int, c_int, c_int) -> Code,
    pub(super) retain_context: unsafe extern "C" fn(*mut Handle, c_int) -> Code,
    pub(super) release_context: OfDevice,
    pub(super) use_context: OfHandle,
    pub(super) create_stream: unsafe extern "C" fn(*mut Handle, c_uint) -> Code,
    pub(super) destroy_stream: OfHandle,
    pub(super) synchronize: OfHandle,
    pub(super) allocate: unsafe extern "C" fn(*mut Address, usize) -> Code,
    pub(super) free: unsafe extern "C" fn(Address) -> Code,
    pub(super) fill: unsafe extern "C" fn(Address, u8, usize, Handle) -> Code,
    pub(super) upload: unsafe extern "C" fn(Address, *const c_void, usize, Handle) -> Code,
    pub(super) download: unsafe extern "C" fn(*mut c_void, Address, usize, Handle) -> Code,
    pub(super) load_module: unsafe extern "C" fn(*mut Handle, *const c_void) -> Code,
    pub(super) unload_module: OfHandle,
    pub(super) function: unsafe extern "C" fn(*mut Handle, Handle, *const c_char) -> Code,
    pub(super) launch: Launch,
    /// Keeps the functions above valid.
    _library: Library,
}

/// `cuLaunchKernel`: the function, the grid, the block, the bytes of dynamic shared memory, the stream, pointers to the
/// parameters, and other options.
type Launch = unsafe extern "C" fn(
    Handle,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    Handle,
    *mut *mut c_void,
    *mut *mut c_void,
) -> Code;

impl Functions {
    /// Returns the functions. The library is loaded by the first call, and stays loaded: drivers are not made to be unloaded.
    ///
    /// # Errors
    ///
    /// Returns the system's message if there is no such library, or if it lacks a function.
    pub(super) fn get() -> Result<&'static Self, String> {
        static FUNCTIONS: LazyLock<Result<Functions, String>> =
            LazyLock::new(|| Functions::load().map_err(|error| message(&error)));
        FUNCTIONS.as_ref().map_err(String::clone)
    }

    fn load() -> Result<Self, libloading::Error> {
        // SAFETY: the library is NVIDIA's driver, whose initialization has no requirements.
        let library = unsafe { Library::new(NAME) }?;
        // SAFETY: each name is that of the function in `cuda.h` with the type of its field. The functions stay valid as
        // long as the library is loaded, and the result keeps it loaded.
        unsafe {
            Ok(Self {
                init: *library.get(b"cuInit\0")?,
                error_text: *library.get(b"cuGetErrorString\0")?,
                version: *library.get(b"cuDriverGetVersion\0")?,
                device_count: *library.get(b"cuDeviceGetCount\0")?,
                device: *library.get(b"cuDeviceGet\0")?,
                device_name: *library.get(b"cuDeviceGetName\0")?,
                attribute: *library.get(b"cuDeviceGetAttribute\0")?,
                retain_context: *library.get(b"cuDevicePrimaryCtxRetain\0")?,
                release_context: *library.get(b"cuDevicePrimaryCtxRelease_v2\0")?,
                use_context: *library.get(b"cuCtxSetCurrent\0")?,
                create_stream: *library.get(b"cuStreamCreate\0")?,
                destroy_stream: *library.get(b"cuStreamDestroy_v2\0")?,
                synchronize: *library.get(b"cuStreamSynchronize\0")?,
                allocate: *library.get(b"cuMemAlloc_v2\0")?,
                free: *library.get(b"cuMemFree_v2\0")?,
                fill: *library.get(b"cuMemsetD8Async\0")?,
                upload: *library.get(b"cuMemcpyHtoDAsync_v2\0")?,
                download: *library.get(b"cuMemcpyDtoHAsync_v2\0")?,
                load_module: *library.get(b"cuModuleLoadData\0")?,
                unload_module: *library.get(b"cuModuleUnload\0")?,
                function: *library.get(b"cuModuleGetFunction\0")?,
                launch: *library.get(b"cuLaunchKernel\0")?,
                _library: library,
            })
        }
    }
}

/// Returns the system's message, which is the source of an error of `libloading`.
fn message(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
