//! What a model does.
#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "host")]
extern crate std;

#[cfg(feature = "host")]
pub mod files;
#[cfg(feature = "host")]
pub mod idx;
