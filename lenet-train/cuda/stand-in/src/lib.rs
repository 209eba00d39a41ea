//! A CUDA driver for machines without a GPU. **A test device, not a way to train.**
//!
//! A CUDA program that loads this library as `libcuda.so.1` finds a GPU with compute capability 9.0. Its kernels are
//! executed on the CPU from their own PTX: every instruction, thread, block, barrier, shared memory and atomic operation,
//! on one core and in a fixed order. An instruction that is not known here, or a modifier of one, stops the program with a
//! message that names it.
//!
//! How a kernel gets to run, module by module:
//!
//! - [`ptx`] parses the text that the program hands to `cuModuleLoadData`.
//! - [`translate`] turns a kernel into C.
//! - `compile` has the system's C compiler make a library of it, which is kept in the user's cache folder.
//! - `launch` runs it; `streams` decides when.
//! - `memory` is the device's memory, `counters` what was asked for how often.
//! - `driver` has the functions that programs call.
//!
//! `options` lists the environment variables.

#![allow(non_snake_case, reason = "the driver's functions have these names")]

mod compile;
mod counters;
pub mod driver;
mod launch;
mod memory;
mod options;
pub mod ptx;
mod stop;
mod streams;
pub mod translate;
