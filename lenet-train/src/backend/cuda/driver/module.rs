//! Modules of kernels, and their launch.

use super::library::Handle;
use super::memory::Slice;
use super::{CudaError, Gpu};
use std::ffi::{CString, c_void};
use std::ptr::null_mut;
use std::rc::Rc;

/// The largest number of parameters of a kernel.
const MAX_PARAMETERS: usize = 24;

/// A compiled module of kernels.
pub(crate) struct Module {
    gpu: Rc<Gpu>,
    handle: Handle,
    ptx: &'static str,
}

/// A kernel of a module.
pub(crate) struct Function {
    /// Keeps the kernel loaded.
    module: Rc<Module>,
    handle: Handle,
    name: &'static str,
    parameters: Vec<Kind>,
    /// The number of threads of its blocks.
    threads: u32,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An address in the device's memory.
    Pointer,
    /// 32 bits, signed or unsigned.
    Integer,
    Float,
}

/// An argument of a kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument {
    /// An address in the device's memory.
    Pointer(u64),
    /// A count, an index or a choice.
    Integer(u32),
    /// A number.
    Float(f32),
}

impl Argument {
    /// The address of no array.
    pub(crate) const NULL: Self = Self::Pointer(0);

    fn kind(self) -> Kind {
        match self {
            Self::Pointer(_) => Kind::Pointer,
            Self::Integer(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
        }
    }
}

impl<T> From<Slice<'_, T>> for Argument {
    fn from(slice: Slice<'_, T>) -> Self {
        Self::Pointer(slice.address)
    }
}

impl<T> From<Option<Slice<'_, T>>> for Argument {
    fn from(slice: Option<Slice<'_, T>>) -> Self {
        slice.map_or(Self::NULL, Self::from)
    }
}

impl From<usize> for Argument {
    /// # Panics
    ///
    /// Panics if the number has more than 31 bits, of which no count of a kernel has as many.
    fn from(number: usize) -> Self {
        Self::Integer(i32::try_from(number).expect("a count below 2^31").unsigned_abs())
    }
}

impl From<f32> for Argument {
    fn from(number: f32) -> Self {
        Self::Float(number)
    }
}

impl Module {
    /// Loads a module: the driver compiles it for the GPU, and keeps the result in its cache.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example that it is too old for this version of PTX.
    pub(crate) fn load(gpu: &Rc<Gpu>, ptx: &'static str) -> Result<Rc<Self>, CudaError> {
        let text = CString::new(ptx).expect("PTX is text");
        let mut module = Self { gpu: Rc::clone(gpu), handle: null_mut(), ptx };
        gpu.bind()?;
        // SAFETY: the context is current, and the text ends with 0, as the driver requires.
        let code = unsafe { (gpu.functions.load_module)(&mut module.handle, text.as_ptr().cast()) };
        gpu.check("cuModuleLoadData", code)?;
        Ok(Rc::new(module))
    }

    /// Finds a kernel.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    ///
    /// # Panics
    ///
    /// Panics if the module has no such kernel.
    pub(crate) fn function(self: &Rc<Self>, name: &'static str) -> Result<Function, CudaError> {
        let (parameters, threads) = declaration(self.ptx, name).expect("a kernel of the module");
        assert!(parameters.len() <= MAX_PARAMETERS, "{name} has {} parameters", parameters.len());
        let mut function =
            Function { module: Rc::clone(self), handle: null_mut(), name, parameters, threads };
        let text = CString::new(name).expect("a name is text");
        // SAFETY: the module is loaded, the text ends with 0, and the pointer is to the handle that the driver writes.
        let code = unsafe { (self.gpu.functions.function)(&mut function.handle, self.handle, text.as_ptr()) };
        self.gpu.check("cuModuleGetFunction", code)?;
        Ok(function)
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if !self.handle.is_null() && self.gpu.bind().is_ok() {
            // SAFETY: the module was loaded once, and no `Function` of it is left. Nothing can be done about an error here.
            unsafe { (self.gpu.functions.unload_module)(self.handle) };
        }
    }
}

/// Returns the types of a kernel's parameters and the number of threads of its blocks, as its PTX declares them. `None` if
/// there is no such kernel.
fn declaration(ptx: &str, name: &str) -> Option<(Vec<Kind>, u32)> {
    let (_, declaration) = ptx.split_once(&format!(".entry {name}("))?;
    let (list, rest) = declaration.split_once(')')?;
    let kinds = list.split(".param").skip(1).map(|parameter| match parameter.split_whitespace().next() {
        Some(".u64") => Some(Kind::Pointer),
        Some(".u32") => Some(Kind::Integer),
        Some(".f32") => Some(Kind::Float),
        _ => None,
    });
    let (directives, _) = rest.split_once('{')?;
    let (_, threads) = directives.split_once(".maxntid ")?;
    Some((kinds.collect::<Option<_>>()?, threads.split(',').next()?.trim().parse().ok()?))
}

impl Function {
    /// Returns the number of threads of its blocks.
    pub(crate) fn threads(&self) -> usize {
        self.threads as usize
    }

    /// Queues a launch of the kernel, with `grid` blocks along each of two axes.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, which may be that of earlier work.
    ///
    /// # Panics
    ///
    /// Panics if the arguments are not those of the kernel.
    pub(crate) fn launch(&self, grid: [usize; 2], arguments: &[Argument]) -> Result<(), CudaError> {
        let kinds = arguments.iter().map(|argument| argument.kind());
        assert!(kinds.eq(self.parameters.iter().copied()), "{}: {:?}", self.name, self.parameters);
        let gpu = &self.module.gpu;
        let mut values = [0_u64; MAX_PARAMETERS];
        let mut pointers = [null_mut::<c_void>(); MAX_PARAMETERS];
        for ((value, pointer), argument) in values.iter_mut().zip(&mut pointers).zip(arguments) {
            // The driver reads the first 4 bytes of an integer or a float.
            *value = match *argument {
                Argument::Pointer(address) => address,
                Argument::Integer(number) => first_bytes(number.to_ne_bytes()),
                Argument::Float(number) => first_bytes(number.to_ne_bytes()),
            };
            *pointer = std::ptr::from_mut(value).cast();
        }
        let count = |number: usize| u32::try_from(number).expect("a grid below 2^32");
        gpu.bind()?;
        // SAFETY: the module is loaded as long as `self` exists. There is one pointer for each parameter of the kernel, to a
        // value of at least its size; the driver copies the values before it returns. What the kernel does, it does to the
        // device's memory.
        let code = unsafe {
            let (launch, [x, y], stream) = (gpu.functions.launch, grid.map(count), gpu.stream);
            launch(self.handle, x, y, 1, self.threads, 1, 1, 0, stream, pointers.as_mut_ptr(), null_mut())
        };
        gpu.check("cuLaunchKernel", code).map_err(|error| CudaError { call: self.name, ..error })
    }
}

fn first_bytes([a, b, c, d]: [u8; 4]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_parameters_and_the_number_of_threads_are_read_from_ptx() {
        let ptx = ".visible .entry first(\n\t.param .u64 .ptr .align 1 first_param_0,\n\t.param .f32 first_param_1\n)\n\
                   .maxntid 288, 1, 1\n{\n}\n.visible .entry second(\n\t.param .u32 second_param_0\n)\n.maxntid 64\n{\n}\n\
                   .visible .entry third(\n\t.param .f64 a\n)\n.maxntid 64\n{\n}\n.visible .entry fourth(\n)\n{\n}\n";
        assert_eq!(declaration(ptx, "first"), Some((vec![Kind::Pointer, Kind::Float], 288)));
        assert_eq!(declaration(ptx, "second"), Some((vec![Kind::Integer], 64)));
        for name in ["third", "fourth", "fir"] {
            assert_eq!(declaration(ptx, name), None);
        }
    }
}
