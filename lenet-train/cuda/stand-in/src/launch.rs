//! Modules, kernels and launches.

use crate::compile::{Run, Task, compile};
use crate::counters;
use crate::memory::{self, Address};
use crate::options::options;
use crate::ptx::{Module, Space};
use crate::stop;
use crate::streams;
use crate::translate::{self, parameters};
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

/// The most shared memory that a block of any GPU has without being asked for more, in bytes.
const SHARED: usize = 48 << 10;
/// The most that it can be asked for, on compute capability 9.0.
const SHARED_AT_MOST: usize = 227 << 10;

/// A module of PTX and its variables in device memory.
#[derive(Debug)]
pub(crate) struct LoadedModule {
    ptx: Module,
    /// The address of each variable; 0 for shared memory's.
    globals: Arc<[Address]>,
    /// Kernels that were asked for, which live as long as the program.
    kernels: Mutex<HashMap<String, &'static Kernel>>,
}

/// A kernel that can be launched.
#[derive(Debug)]
pub(crate) struct Kernel {
    name: CString,
    run: Run,
    /// Offset and size of each parameter, in bytes, and the size of all.
    params: Vec<(usize, usize)>,
    params_size: usize,
    max_threads: u32,
    static_shared: usize,
    /// The most dynamic shared memory that a launch may ask for.
    pub(crate) dynamic_shared: Mutex<usize>,
    globals: Arc<[Address]>,
}

/// How many blocks and threads, and what they are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    /// In bytes.
    pub(crate) dynamic_shared: u32,
}

impl LoadedModule {
    /// Reads PTX and gives its variables memory.
    pub(crate) fn load(text: &str) -> Result<Self, String> {
        let ptx = Module::parse(text).map_err(|why| format!("cannot read PTX: {why}"))?;
        let globals = ptx.variables.iter().map(|variable| {
            if variable.space == Space::Shared {
                return Ok(0);
            }
            let address = memory::allocate(variable.size).ok_or("out of memory for a module's variables")?;
            // SAFETY: the allocation has this size, and nobody else knows it yet.
            let bytes = unsafe { std::slice::from_raw_parts_mut(address as *mut u8, variable.size) };
            bytes.fill(0);
            bytes[..variable.initial.len()].copy_from_slice(&variable.initial);
            Ok(address)
        });
        let globals = globals.collect::<Result<_, String>>()?;
        Ok(LoadedModule { ptx, globals, kernels: Mutex::default() })
    }

    /// The version of PTX that the module is written in, which tells what the driver must know.
    pub(crate) fn version(&self) -> u32 {
        self.ptx.version
    }

    /// The compute capability that the module is for.
    pub(crate) fn target(&self) -> u32 {
        self.ptx.target
    }

    /// A kernel, translated and compiled on first use. `None` if there is none with this name.
    pub(crate) fn kernel(&self, name: &str) -> Result<Option<&'static Kernel>, String> {
        let mut kernels = self.kernels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kernel) = kernels.get(name) {
            return Ok(Some(kernel));
        }
        let Some(function) = self.ptx.kernel(name) else { return Ok(None) };
        let run = if options().skip_kernels {
            skip
        } else {
            compile(name, &translate::kernel(&self.ptx, name, options().variant)?, &options().cache)?
        };
        let (params, params_size) = parameters(function);
        let kernel = Kernel {
            name: CString::new(name).map_err(|error| error.to_string())?,
            run,
            params,
            params_size,
            max_threads: function.max_threads.unwrap_or(1024),
            static_shared: translate::static_shared(&self.ptx, name),
            dynamic_shared: Mutex::new(SHARED),
            globals: self.globals.clone(),
        };
        let kernel: &'static Kernel = Box::leak(Box::new(kernel));
        kernels.insert(name.to_owned(), kernel);
        Ok(Some(kernel))
    }
}

/// Takes the place of a kernel that is not to be computed.
unsafe extern "C" fn skip(_: *const Task) {}

impl Kernel {
    /// What a GPU would refuse about a launch.
    fn refused(&self, shape: &Shape) -> Option<String> {
        let [x, y, z] = shape.block;
        let threads = u64::from(x) * u64::from(y) * u64::from(z);
        let allowed = *self.dynamic_shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = self.static_shared + shape.dynamic_shared as usize;
        if threads == 0 || shape.grid.contains(&0) {
            Some("a launch without threads".to_owned())
        } else if threads > u64::from(self.max_threads) || z > 64 {
            Some(format!("{x} x {y} x {z} threads per block; at most {}, and 64 in z", self.max_threads))
        } else if shape.grid[0] > i32::MAX as u32 || shape.grid[1] > 65535 || shape.grid[2] > 65535 {
            Some(format!("{:?} blocks; at most 2147483647 x 65535 x 65535", shape.grid))
        } else if shared > allowed.max(SHARED) || shared > SHARED_AT_MOST {
            Some(format!("{shared} bytes of shared memory per block; cuFuncSetAttribute allows {allowed}"))
        } else {
            None
        }
    }

    /// Copies the arguments and queues a launch.
    ///
    /// # Errors
    ///
    /// If a GPU would refuse it. The message names the kernel.
    ///
    /// # Safety
    ///
    /// `arguments` must point to a pointer to each parameter.
    pub(crate) unsafe fn launch(
        &'static self,
        shape: Shape,
        stream: usize,
        arguments: *const *const u8,
    ) -> Result<(), String> {
        if let Some(why) = self.refused(&shape) {
            return Err(format!("kernel `{}`: a GPU refuses {why}", self.name.to_string_lossy()));
        }
        counters::KERNELS.add(1);
        // Of u64, so that they are aligned.
        let mut params = vec![0u64; self.params_size.div_ceil(8)];
        for (index, &(at, size)) in self.params.iter().enumerate() {
            // SAFETY: the caller gives a pointer per parameter; offset and size are within `params`.
            unsafe {
                let argument = *arguments.add(index);
                std::ptr::copy_nonoverlapping(argument, params.as_mut_ptr().cast::<u8>().add(at), size);
            }
        }
        streams::push(stream, move || self.execute(shape, &params));
        Ok(())
    }

    /// Runs all blocks and threads.
    fn execute(&self, shape: Shape, params: &[u64]) {
        let task = Task {
            params: params.as_ptr().cast(),
            globals: self.globals.as_ptr(),
            grid: shape.grid,
            block: shape.block,
            dynamic_shared: shape.dynamic_shared,
            reverse: u32::from(options().reverse),
            stop: stop::stop_from_kernel,
            now: stop::block(),
        };
        stop::enter_kernel(&self.name);
        let started = std::time::Instant::now();
        // SAFETY: `task` and all that it points to hold until this returns. That the kernel keeps to the device's
        // memory is what the program under test answers for.
        unsafe { (self.run)(&task) };
        stop::leave_kernel();
        counters::note(&self.name.to_string_lossy(), started.elapsed());
    }
}
