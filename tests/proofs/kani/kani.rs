//! Stands in for Kani's library, so that the compiler checks the harnesses where Kani is not installed. Nothing runs.

#![no_std]
pub use macros::*;

/// A type of which Kani makes any value.
pub trait Arbitrary {}

impl Arbitrary for u8 {}
impl Arbitrary for u16 {}
impl Arbitrary for i32 {}
impl Arbitrary for usize {}
impl<const N: usize> Arbitrary for [u8; N] {}

pub fn any<T: Arbitrary>() -> T {
    unreachable!()
}

pub fn assume(_: bool) {}
