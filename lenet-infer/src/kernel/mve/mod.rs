//! Kernels for Cortex-M55 and M85: Helium, the vector extension MVE, sixteen products of bytes per instruction.
#![allow(unsafe_code)]

/// The directive that names the processor, see `build.rs`. It stays in force after a block of assembly, which changes
/// nothing, because it is the processor that all other code is compiled for.
macro_rules! mve {
    () => {
        env!("LENET_CPU_DIRECTIVE")
    };
}

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
// These cores have the instructions for four bytes of a word as well.
#[path = "../armv7em/lanes.rs"]
pub(crate) mod lanes;
mod requant;
