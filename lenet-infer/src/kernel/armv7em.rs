//! Cortex-M4, M7 and M33 with the DSP extension: two products an instruction.

#![allow(unsafe_code)]

/// Tells the assembler of the DSP extension: where whole programs are optimised it knows no more than the target.
#[cfg(lenet_armv8m)]
macro_rules! dsp {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(lenet_armv8m))]
macro_rules! dsp {
    () => {
        ""
    };
}

mod conv;
mod dense;
mod finish;

pub(super) use conv::conv_pool_row;
pub(super) use dense::{dense, logits};
