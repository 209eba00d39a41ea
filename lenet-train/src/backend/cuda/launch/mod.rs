//! The launch of each kernel. `../kernels/*.cu` documents what they compute.
//!
//! Each function checks that the arrays are as long as the kernel assumes, and panics if one is too short. Arrays are row by
//! row, image after image.

mod dense;
mod images;
mod loss;
mod parameters;

pub(crate) use dense::{Dense, Outputs};
pub(crate) use images::{CHANGE_WORDS, Convolutions, Images, Pooled, SPLINE_NUMBERS};
pub(crate) use images::{CONV_PARAMETERS, MAX_PARTS};
pub(crate) use loss::CrossEntropy;
pub(crate) use parameters::{ROW_GRADIENT_NUMBERS, SCALE_WORDS, UpdateNumbers, Updated};

use super::driver::{CudaError, Function, Gpu, Module, Slice};
use std::rc::Rc;

const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/lenet.ptx"));

/// Words of the requantization of a channel: multiplier, shift, factor (f32) and largest activation.
pub(crate) const REQUANTIZATION_WORDS: usize = 4;

/// The kernels of training, loaded on a GPU.
pub(crate) struct Kernels {
    augment: Function,
    convolve: Function,
    convolve_backward: Function,
    sum_partial: Function,
    dense: Function,
    dense_inputs: Function,
    dense_parameters: Function,
    teach: Function,
    cross_entropy: Function,
    update: Function,
    quantize: Function,
}

impl Kernels {
    /// Loads the kernels.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example that it is too old for this version of PTX.
    pub(crate) fn load(gpu: &Rc<Gpu>) -> Result<Self, CudaError> {
        let module = Module::load(gpu, PTX)?;
        Ok(Self {
            augment: module.function("augment")?,
            convolve: module.function("convolve")?,
            convolve_backward: module.function("convolve_backward")?,
            sum_partial: module.function("sum_partial")?,
            dense: module.function("dense")?,
            dense_inputs: module.function("dense_inputs")?,
            dense_parameters: module.function("dense_parameters")?,
            teach: module.function("teach")?,
            cross_entropy: module.function("cross_entropy")?,
            update: module.function("update")?,
            quantize: module.function("quantize")?,
        })
    }
}

fn assert_requantizations(requantizations: Option<Slice<'_, u32>>, channels: usize) {
    assert!(requantizations.is_none_or(|words| words.len() >= channels * REQUANTIZATION_WORDS));
}
