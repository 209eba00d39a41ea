//! A gray picture that is read in place, and rectangles in it.

use core::fmt;

/// The longest side of a picture, in pixels.
pub const MAX_SIDE: u16 = 4_096;

/// A gray picture over borrowed bytes: 1x1 to 4096x4096 pixels, one byte of gray each.
///
/// The pixels of a row lie `pixel_step` bytes apart and the rows `row_stride` bytes, so that one channel of RGB, or the
/// luma of YUYV, is read in place.
///
/// # Example
///
/// ```
/// use lenet_infer::picture::Frame;
///
/// // The luma of a 160x120 camera frame in YUYV.
/// let yuyv = [0; 160 * 120 * 2];
/// let frame = Frame::with_layout(&yuyv, 160, 120, 320, 2)?;
/// assert_eq!((frame.width(), frame.height()), (160, 120));
/// # Ok::<(), lenet_infer::picture::FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    width: u16,
    height: u16,
    row_stride: usize,
    pixel_step: usize,
}

impl<'a> Frame<'a> {
    /// Creates a frame of one byte per pixel, row by row without gaps.
    ///
    /// # Errors
    ///
    /// Returns a [`FrameError`] if a side is not 1 to 4096, or if there are fewer than `width * height` bytes.
    pub const fn new(bytes: &'a [u8], width: usize, height: usize) -> Result<Self, FrameError> {
        Self::with_layout(bytes, width, height, width, 1)
    }

    /// Creates a frame whose rows start `row_stride` bytes apart, and whose pixels `pixel_step` bytes apart.
    ///
    /// # Errors
    ///
    /// Returns a [`FrameError`] if a side is not 1 to 4096, if `pixel_step` is 0, if a row does not fit in its stride, or
    /// if the last pixel lies beyond the bytes.
    pub const fn with_layout(
        bytes: &'a [u8],
        width: usize,
        height: usize,
        row_stride: usize,
        pixel_step: usize,
    ) -> Result<Self, FrameError> {
        if width == 0 || width > MAX_SIDE as usize || height == 0 || height > MAX_SIDE as usize {
            return Err(FrameError::Size { width, height });
        }
        let Some(row_bytes) = (width - 1).checked_mul(pixel_step) else {
            return Err(FrameError::Layout { row_stride, pixel_step });
        };
        if pixel_step == 0 || (height > 1 && row_stride <= row_bytes) {
            return Err(FrameError::Layout { row_stride, pixel_step });
        }
        let Some(last_row) = (height - 1).checked_mul(row_stride) else {
            return Err(FrameError::Layout { row_stride, pixel_step });
        };
        match last_row.checked_add(row_bytes) {
            Some(last) if last < bytes.len() => {}
            Some(last) => {
                return Err(FrameError::Bytes { expected: last.saturating_add(1), found: bytes.len() });
            }
            None => return Err(FrameError::Layout { row_stride, pixel_step }),
        }
        Ok(Self { bytes, width: width as u16, height: height as u16, row_stride, pixel_step })
    }

    /// The width in pixels, 1 to [`MAX_SIDE`].
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The height in pixels, 1 to [`MAX_SIDE`].
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The rectangle that covers the whole frame.
    pub(super) const fn rect(&self) -> Rect {
        Rect { left: 0, top: 0, right: self.width, bottom: self.height }
    }

    /// The gray levels of row `y` from column `left` on, at most `width` of them, if they lie side by side.
    pub(super) fn contiguous_row(&self, y: u16, left: u16, width: u16) -> Option<&'a [u8]> {
        let start = usize::from(y) * self.row_stride + usize::from(left);
        let row = self.bytes.get(start..).unwrap_or_default();
        (self.pixel_step == 1).then(|| row.get(..usize::from(width)).unwrap_or(row))
    }

    /// The gray levels of row `y` from column `left` on; at most `width` of them.
    pub(super) fn row(&self, y: u16, left: u16, width: u16) -> impl Iterator<Item = u8> + Clone + use<'a> {
        let start = usize::from(y) * self.row_stride + usize::from(left) * self.pixel_step;
        let row = self.bytes.get(start..).unwrap_or_default();
        row.iter().step_by(self.pixel_step.max(1)).take(usize::from(width)).copied()
    }
}

/// Without the pixels.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

/// Why bytes are not a [`Frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FrameError {
    /// A side is 0 or longer than [`MAX_SIDE`].
    Size {
        /// The width that was given, in pixels.
        width: usize,
        /// The height that was given, in pixels.
        height: usize,
    },
    /// Rows overlap, or the distances are out of range.
    Layout {
        /// The distance of rows that was given, in bytes.
        row_stride: usize,
        /// The distance of pixels that was given, in bytes.
        pixel_step: usize,
    },
    /// There are too few bytes for the size.
    Bytes {
        /// The number of bytes up to the last pixel.
        expected: usize,
        /// The number of bytes that were given.
        found: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { width, height } => {
                write!(f, "frame size: expected sides of 1 to {MAX_SIDE} pixels, found {width}x{height}")
            }
            Self::Layout { row_stride, pixel_step } => write!(
                f,
                "frame layout: expected pixels at least 1 byte apart and rows that do not overlap, found a pixel step of \
                 {pixel_step} and a row stride of {row_stride} bytes"
            ),
            Self::Bytes { expected, found } => {
                write!(f, "frame bytes: expected at least {expected} for its size and layout, found {found}")
            }
        }
    }
}

impl core::error::Error for FrameError {}

/// A rectangle in a picture, in pixels. `right` and `bottom` are the first column and row beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rect {
    /// The first column.
    pub left: u16,
    /// The first row.
    pub top: u16,
    /// The column after the last.
    pub right: u16,
    /// The row after the last.
    pub bottom: u16,
}

impl Rect {
    /// The number of columns.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.right.saturating_sub(self.left)
    }

    /// The number of rows.
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.bottom.saturating_sub(self.top)
    }

    /// The rectangle with a quarter of its longer side around it, at least 4 pixels, within `limits`.
    pub(super) fn with_margin(self, limits: Self) -> Self {
        self.widened((self.longer_side() / 4).max(4), limits)
    }

    /// The rectangle with `margin` more on each side, within `limits`.
    pub(super) fn widened(self, margin: u16, limits: Self) -> Self {
        Self {
            left: self.left.saturating_sub(margin).max(limits.left),
            top: self.top.saturating_sub(margin).max(limits.top),
            right: self.right.saturating_add(margin).min(limits.right),
            bottom: self.bottom.saturating_add(margin).min(limits.bottom),
        }
    }

    /// Whether this rectangle reaches the edge of one that holds it.
    pub(super) const fn touches_edge(&self, whole: Self) -> bool {
        self.left <= whole.left
            || self.top <= whole.top
            || self.right >= whole.right
            || self.bottom >= whole.bottom
    }

    /// Whether the center of another rectangle lies in this one.
    pub(super) const fn contains_center(&self, other: Self) -> bool {
        let (x, y) = (other.left.midpoint(other.right), other.top.midpoint(other.bottom));
        x >= self.left && x < self.right && y >= self.top && y < self.bottom
    }

    /// The smallest rectangle that holds both.
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Whether two rectangles are nearly the same: more than half of what both cover is common.
    pub(super) fn is_nearly(&self, other: Self) -> bool {
        3 * self.common_area(other) > self.area() + other.area()
    }

    /// The number of pixels that two rectangles have in common.
    pub(super) fn common_area(&self, other: Self) -> u32 {
        let common = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        common.area()
    }

    /// The number of pixels.
    fn area(&self) -> u32 {
        u32::from(self.width()) * u32::from(self.height())
    }

    /// The longer side.
    pub(super) const fn longer_side(&self) -> u16 {
        if self.width() > self.height() { self.width() } else { self.height() }
    }
}

#[cfg(test)]
mod tests;
