//! Modules, functions and launches.

use super::{Handle, INVALID_VALUE, NO_BINARY_FOR_GPU, NOT_FOUND, SUCCESS, Status, UNSUPPORTED_PTX_VERSION};
use crate::launch::{Kernel, LoadedModule, Shape};
use crate::options::options;
use crate::stop::stop;
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::sync::PoisonError;

/// The version of PTX that came with a CUDA, both as 10 × major + minor: 7.8 with 11.8, 8.5 with 12.5 and 12.6, 8.8
/// with 12.9, 9.0 with 13.0.
fn newest_ptx(cuda: u32) -> u32 {
    cuda - if (126..130).contains(&cuda) { 41 } else { 40 }
}

/// Loads PTX.
///
/// # Safety
///
/// `image` must be a C string of PTX, and `module` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(module: *mut Handle, image: *const c_char) -> Status {
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(image) }.to_string_lossy();
    if !text.trim_start().starts_with(['/', '.']) {
        stop("cuModuleLoadData: expected PTX; machine code for a GPU cannot be executed here");
    }
    let loaded = LoadedModule::load(&text).unwrap_or_else(|why| stop(&why));
    if loaded.version() > newest_ptx(options().driver) {
        return UNSUPPORTED_PTX_VERSION;
    }
    if loaded.target() > options().capability {
        return NO_BINARY_FOR_GPU;
    }
    // SAFETY: the caller's promise.
    unsafe { *module = Box::into_raw(Box::new(loaded)) as Handle };
    SUCCESS
}

/// Gives a module back. Its kernels and variables stay: work that is queued may use them.
#[unsafe(no_mangle)]
pub extern "C" fn cuModuleUnload(_module: Handle) -> Status {
    SUCCESS
}

/// # Safety
///
/// The handle must be from `cuModuleLoadData`, the name a C string.
unsafe fn named<'a>(
    module: Handle,
    name: *const c_char,
) -> (&'static LoadedModule, std::borrow::Cow<'a, str>) {
    // SAFETY: modules live as long as the program; the rest is the caller's promise.
    unsafe { (&*(module as *const LoadedModule), CStr::from_ptr(name).to_string_lossy()) }
}

/// A kernel of a module.
///
/// # Safety
///
/// `module` must be from `cuModuleLoadData`, `name` a C string, and `function` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut Handle,
    module: Handle,
    name: *const c_char,
) -> Status {
    // SAFETY: the caller's promise.
    let (module, name) = unsafe { named(module, name) };
    match module.kernel(&name) {
        Ok(Some(kernel)) => {
            // SAFETY: the caller's promise.
            unsafe { *function = std::ptr::from_ref(kernel) as Handle };
            SUCCESS
        }
        Ok(None) => NOT_FOUND,
        Err(why) => stop(&format!("{why}\n  it can be added in src/translate of the stand-in")),
    }
}

/// Changes what a kernel may use: `CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES`.
///
/// # Safety
///
/// `function` must be from `cuModuleGetFunction`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuFuncSetAttribute(function: Handle, attribute: c_int, value: c_int) -> Status {
    // SAFETY: kernels live as long as the program; the rest is the caller's promise.
    let kernel = unsafe { &*(function as *const Kernel) };
    match attribute {
        8 => {
            *kernel.dynamic_shared.lock().unwrap_or_else(PoisonError::into_inner) = value.max(0) as usize;
            SUCCESS
        }
        // PREFERRED_SHARED_MEMORY_CARVEOUT: a hint.
        9 => SUCCESS,
        other => stop(&format!(
            "cuFuncSetAttribute: attribute {other} is not supported; add it in src/driver/module.rs"
        )),
    }
}

/// Launches a kernel.
///
/// # Safety
///
/// `function` must be from `cuModuleGetFunction`; `arguments` must point to a pointer to each parameter.
#[unsafe(no_mangle)]
#[rustfmt::skip]
pub unsafe extern "C" fn cuLaunchKernel(
    function: Handle, grid_x: c_uint, grid_y: c_uint, grid_z: c_uint, block_x: c_uint, block_y: c_uint, block_z: c_uint,
    dynamic_shared: c_uint, stream: Handle, arguments: *const *const u8, extra: *const *const u8,
) -> Status {
    if !extra.is_null() {
        stop("cuLaunchKernel: arguments in `extra` are not supported; add them in src/driver/module.rs");
    }
    // SAFETY: kernels live as long as the program; the rest is the caller's promise.
    let kernel: &'static Kernel = unsafe { &*(function as *const Kernel) };
    let shape = Shape { grid: [grid_x, grid_y, grid_z], block: [block_x, block_y, block_z], dynamic_shared };
    // SAFETY: the caller's promise.
    match unsafe { kernel.launch(shape, stream, arguments) } {
        Ok(()) => SUCCESS,
        Err(why) => {
            eprintln!("CUDA stand-in: {why}");
            INVALID_VALUE
        }
    }
}
