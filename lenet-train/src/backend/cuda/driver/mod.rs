//! The CUDA driver, as far as training needs it: a device, its memory, and the launch of kernels.
//!
//! The driver's library is loaded when a device is opened, so that the program also starts where there is none. All work
//! is queued on one stream, and so runs in the order in which it was queued.
//!
//! This is the only module with unsafe code. What it offers is safe for the host: a launch checks the number and the types
//! of its arguments against the kernel's, and kernels see no memory but the device's.
#![allow(unsafe_code)]

mod library;
mod memory;
mod module;
#[cfg(test)]
mod tests;

pub(crate) use memory::{Buffer, Slice};
pub(crate) use module::{Function, Module};

use library::{Code, Functions, Handle};
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::rc::Rc;
use thiserror::Error;

/// The driver's code for a lack of memory.
const OUT_OF_MEMORY: Code = 2;
/// The driver's codes for a PTX version that it does not know, and for code that it cannot compile for the device.
const UNSUPPORTED_PTX: [Code; 2] = [218, 222];
/// The attributes of a device that hold its compute capability.
const CAPABILITY: [i32; 2] = [75, 76];

/// The error of a call of the driver.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{call}: {text}{}", self.hint())]
pub(crate) struct CudaError {
    call: &'static str,
    code: Code,
    text: String,
}

impl CudaError {
    /// Whether the driver does not know the version of PTX that the kernels are compiled to.
    pub(super) fn is_of_unknown_ptx(&self) -> bool {
        UNSUPPORTED_PTX.contains(&self.code)
    }

    fn hint(&self) -> &'static str {
        match self.code {
            OUT_OF_MEMORY => ": lower --batch-size, or free memory of the GPU",
            code if UNSUPPORTED_PTX.contains(&code) => {
                ": the driver is older than the CUDA toolkit that built this program: update the driver, or build with an \
                 older toolkit"
            }
            _ => "",
        }
    }
}

/// Why no device could be opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The library of the driver cannot be loaded. Holds the system's message.
    NoDriver(String),
    /// The driver reports no device. Holds its message.
    NoDevice(String),
    /// There is no device of the given number. Holds the names of those there are.
    NoSuchDevice(Vec<String>),
    /// The driver failed.
    Driver(CudaError),
}

/// A GPU, and the stream that its work is queued on.
pub(crate) struct Gpu {
    functions: &'static Functions,
    device: i32,
    context: Handle,
    stream: Handle,
}

impl Gpu {
    /// Opens the GPU of this number, counted from 0.
    ///
    /// # Errors
    ///
    /// Returns an [`OpenError`] if there is no driver, no such GPU, or if the driver fails.
    pub(super) fn open(number: usize) -> Result<Rc<Self>, OpenError> {
        let functions = Functions::get().map_err(OpenError::NoDriver)?;
        let (mut gpu, mut count) =
            (Self { functions, device: 0, context: null_mut(), stream: null_mut() }, 0);
        // SAFETY: these functions take plain numbers and pointers to the variables that they write.
        unsafe {
            let no_device = |error: CudaError| OpenError::NoDevice(error.text);
            gpu.check("cuInit", (gpu.functions.init)(0)).map_err(no_device)?;
            gpu.check("cuDeviceGetCount", (gpu.functions.device_count)(&mut count)).map_err(no_device)?;
            if count == 0 {
                return Err(OpenError::NoDevice("no CUDA-capable device is detected".to_owned()));
            }
            let wanted = c_int::try_from(number).ok().filter(|number| *number < count);
            let Some(wanted) = wanted else {
                let names =
                    (0..count).map(|number| gpu.name_of(gpu.device_of(number)?)).collect::<Result<_, _>>();
                return Err(names.map_or_else(OpenError::Driver, OpenError::NoSuchDevice));
            };
            gpu.device = gpu.device_of(wanted).map_err(OpenError::Driver)?;
            let code = (gpu.functions.retain_context)(&mut gpu.context, gpu.device);
            gpu.check("cuDevicePrimaryCtxRetain", code).map_err(OpenError::Driver)?;
        }
        gpu.bind().map_err(OpenError::Driver)?;
        // SAFETY: the context is current, and the pointer is to the handle that the driver writes. 1 means that the stream
        // does not wait for the default stream, which is not used.
        let code = unsafe { (gpu.functions.create_stream)(&mut gpu.stream, 1) };
        gpu.check("cuStreamCreate", code).map_err(OpenError::Driver)?;
        Ok(Rc::new(gpu))
    }

    /// Returns the name of the GPU, such as "Tesla T4".
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn name(&self) -> Result<String, CudaError> {
        self.name_of(self.device)
    }

    fn device_of(&self, number: c_int) -> Result<c_int, CudaError> {
        let mut device = 0;
        // SAFETY: the pointer is to the device that the driver writes.
        self.check("cuDeviceGet", unsafe { (self.functions.device)(&mut device, number) })?;
        Ok(device)
    }

    fn name_of(&self, device: c_int) -> Result<String, CudaError> {
        let mut name = [0; 256];
        // SAFETY: the pointer is to as many bytes as the driver may write.
        let code = unsafe { (self.functions.device_name)(name.as_mut_ptr(), name.len() as c_int, device) };
        self.check("cuDeviceGetName", code)?;
        let bytes = name.map(|byte| byte as u8);
        Ok(CStr::from_bytes_until_nul(&bytes).unwrap_or_default().to_string_lossy().into_owned())
    }

    /// Returns the newest version of CUDA that the driver knows, such as 13.0.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn driver_version(&self) -> Result<String, CudaError> {
        let mut version = 0;
        // SAFETY: the pointer is to the number that the driver writes.
        self.check("cuDriverGetVersion", unsafe { (self.functions.version)(&mut version) })?;
        Ok(format!("{}.{}", version / 1000, version % 1000 / 10))
    }

    /// Returns the compute capability, such as 75 for 7.5.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn compute_capability(&self) -> Result<i32, CudaError> {
        let [mut major, mut minor] = [0; 2];
        for (attribute, value) in CAPABILITY.into_iter().zip([&mut major, &mut minor]) {
            // SAFETY: the pointer is to the number that the driver writes.
            let code = unsafe { (self.functions.attribute)(value, attribute, self.device) };
            self.check("cuDeviceGetAttribute", code)?;
        }
        Ok(10 * major + minor)
    }

    /// Waits until all queued work is done.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, which may be that of earlier work.
    fn synchronize(&self) -> Result<(), CudaError> {
        // SAFETY: the stream is open as long as `self` is.
        self.check("cuStreamSynchronize", unsafe { (self.functions.synchronize)(self.stream) })
    }

    /// Makes the context that of the calling thread, as the other functions require.
    fn bind(&self) -> Result<(), CudaError> {
        // SAFETY: the context is retained as long as `self` exists.
        self.check("cuCtxSetCurrent", unsafe { (self.functions.use_context)(self.context) })
    }

    fn check(&self, call: &'static str, code: Code) -> Result<(), CudaError> {
        if code == 0 {
            return Ok(());
        }
        let mut text = std::ptr::null();
        // SAFETY: the pointer is to the pointer that the driver writes; it points to a constant string, or stays null.
        let text = unsafe {
            (self.functions.error_text)(code, &mut text);
            if text.is_null() {
                format!("error {code}")
            } else {
                CStr::from_ptr(text).to_string_lossy().into()
            }
        };
        Err(CudaError { call, code, text })
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // Nothing can be done about errors here.
        if !self.stream.is_null() && self.bind().is_ok() {
            // SAFETY: the stream was created by `open`, and is not used after this.
            unsafe { (self.functions.destroy_stream)(self.stream) };
        }
        if !self.context.is_null() {
            // SAFETY: the context was retained once by `open`, and is not used after this.
            unsafe { (self.functions.release_context)(self.device) };
        }
    }
}
