//! What a model is.
#![no_std]
#![forbid(unsafe_code)]

pub mod shape;
