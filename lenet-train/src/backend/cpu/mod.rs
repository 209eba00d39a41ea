//! The CPU: convolutions of our own, since dfdx has none on stable Rust.

mod arithmetic;
pub(crate) mod conv;
pub(crate) mod simd;

pub use arithmetic::{Arithmetic, arithmetic};

/// Sets subnormal numbers, which slow down arithmetic, to 0.
pub(crate) fn flush_subnormals(values: &mut [f32]) {
    values.iter_mut().filter(|value| value.is_subnormal()).for_each(|value| *value = 0.0);
}
