//! What the decoders give their pixels to.

use image::metadata::Orientation;

use super::error::Fault;

/// Takes the gray levels of a picture row by row, so that a decoder need not hold all of them.
pub(super) trait Sink: Sized {
    /// What becomes of the picture.
    type Output;

    /// The memory that a picture of this size takes, in bytes.
    fn bytes(width: u32, height: u32) -> u64;

    /// Starts a picture of `width` columns and `height` rows. Neither may be 0.
    fn new(width: u32, height: u32) -> Result<Self, Fault>;

    /// Adds gray levels of row `y`: those of every `step`th column from column `first` on. Rows come in any order.
    fn add(&mut self, y: u32, first: u32, step: u32, grays: &[u8]);

    /// Ends the picture, and turns it as its camera noted.
    fn finish(self, orientation: Orientation) -> Result<Self::Output, Fault>;
}
