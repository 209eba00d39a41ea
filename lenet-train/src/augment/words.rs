//! The change of an image as a GPU takes it.

use super::warp::POINTS;
use super::{Change, stroke};

pub(crate) use super::warp::SPLINE_WEIGHTS;

/// The number of words of a [`Change`] for a GPU.
pub(crate) const CHANGE_WORDS: usize = 6 + 2 * POINTS * POINTS + 1;

impl Change {
    /// Returns the change as the kernel for GPUs takes it: the affine maps and the control points of both axes (f32), and
    /// the change of the stroke width in steps (i32).
    pub(crate) fn words(&self) -> [u32; CHANGE_WORDS] {
        let mut words = [0; CHANGE_WORDS];
        let (stroke, coefficients) = words.split_last_mut().expect("words");
        for (word, coefficient) in coefficients.iter_mut().zip(self.warp.coefficients()) {
            *word = coefficient.to_bits();
        }
        let share = i32::from(stroke::share(self.stroke.abs()));
        *stroke = if self.stroke < 0.0 { -share } else { share }.cast_unsigned();
        words
    }
}
