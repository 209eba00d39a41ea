//! Kernels for WebAssembly with 128-bit vectors (`simd128`): eight products per instruction.
//!
//! `i32x4.dot_i16x8_s` multiplies eight pairs of `i16` and adds neighboring products, which gives four exact `i32` sums. So
//! activations and weights are widened to `i16`, and each step takes two taps:
//!
//! - A convolution computes four windows at the same time, one per lane. The word of two weights is the same for all
//!   lanes. The activations of two taps lie in words too, those of even and of odd columns apart, so that the words of
//!   neighboring windows are neighbors: see [`window`]. Two channels share them.
//! - A fully-connected layer takes four rows of weights at a time, so one load of the input serves four outputs.
//!
//! Every engine of the specification's version 2.0 has these instructions. A module is checked as a whole, so that one with
//! vectors does not load elsewhere: there is no choice at run time.

#![allow(unsafe_code)]

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
pub(crate) mod lanes;
mod requant;
mod window;

use core::arch::wasm32::{v128, v128_load};

/// Loads four words from any address.
#[inline(always)]
fn load(words: &[i32; 4]) -> v128 {
    // SAFETY: a reference to 16 bytes; the load needs no alignment.
    unsafe { v128_load(words.as_ptr().cast()) }
}
