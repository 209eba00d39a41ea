//! A frame while it is made: gray levels as floats.

use crate::geometry::Size;

/// Gray levels, row by row: 0 for black to 255 for white.
pub(crate) struct Plane {
    pub(crate) size: Size,
    pub(crate) gray: Vec<f32>,
}

impl Plane {
    /// Makes a plane whose gray levels are `gray` of column and row.
    pub(crate) fn from_fn(size: Size, mut gray: impl FnMut(u32, u32) -> f32) -> Self {
        let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        Self { size, gray: pixels.map(|(x, y)| gray(x, y)).collect() }
    }

    /// Returns the gray level of a pixel, or of the nearest one for a position outside the plane.
    pub(crate) fn at(&self, x: i32, y: i32) -> f32 {
        let inside = |along: i32, side: u32| along.clamp(0, side as i32 - 1) as usize;
        self.gray[inside(y, self.size.height) * self.size.width as usize + inside(x, self.size.width)]
    }

    /// Returns the gray levels as bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.gray.iter().map(|gray| (gray + 0.5).clamp(0.0, 255.0) as u8).collect()
    }
}
