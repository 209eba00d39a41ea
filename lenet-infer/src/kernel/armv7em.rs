//! Cortex-M4, M7 and M33 with the DSP extension: two products an instruction.

#![allow(unsafe_code)]

mod conv;
mod dense;
mod finish;

pub(super) use conv::conv_pool_row;
pub(super) use dense::{dense, logits};
