//! Sizes, rectangles, and how the camera sees the page.

/// The size of a frame, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// Returns a size of `width` columns and `height` rows.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// The shorter side, in pixels.
    #[must_use]
    pub fn shorter(self) -> u32 {
        self.width.min(self.height)
    }
}

/// A rectangle of whole pixels in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// The leftmost column.
    pub x: u32,
    /// The topmost row.
    pub y: u32,
    /// The number of columns.
    pub width: u32,
    /// The number of rows.
    pub height: u32,
}

/// A rectangle of any position, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Area {
    /// An area without points, to be extended.
    pub(crate) const NONE: Self = Self { left: f32::MAX, top: f32::MAX, right: f32::MIN, bottom: f32::MIN };

    pub(crate) fn width(self) -> f32 {
        self.right - self.left
    }

    pub(crate) fn height(self) -> f32 {
        self.bottom - self.top
    }

    pub(crate) fn center(self) -> (f32, f32) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    /// Returns the area with each edge moved out by `by`.
    pub(crate) fn grown(self, by: f32) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    /// Returns the smallest area that holds this one and the point.
    pub(crate) fn with(self, (x, y): (f32, f32)) -> Self {
        Self {
            left: self.left.min(x),
            top: self.top.min(y),
            right: self.right.max(x),
            bottom: self.bottom.max(y),
        }
    }

    /// Returns the smallest area that holds both.
    pub(crate) fn union(self, other: Self) -> Self {
        self.with((other.left, other.top)).with((other.right, other.bottom))
    }

    pub(crate) fn corners(self) -> [(f32, f32); 4] {
        [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }
}

/// The projection between a frame and the page in it. Both have their origin in the center of the frame, where they have
/// the same scale.
pub(crate) struct View {
    /// Half the size of the frame.
    center: (f32, f32),
    /// Cosine and sine of the tilt.
    rotation: (f32, f32),
    /// How much the page recedes along each axis of the frame, per pixel.
    recession: (f32, f32),
}

impl View {
    /// `tilt` is the tangent of the angle; `recession` is how much smaller the page is at the edge of the frame along each
    /// axis.
    pub(crate) fn new(size: Size, tilt: f32, recession: (f32, f32)) -> Self {
        let center = (size.width as f32 / 2.0, size.height as f32 / 2.0);
        let cosine = 1.0 / (1.0 + tilt * tilt).sqrt();
        Self {
            center,
            rotation: (cosine, cosine * tilt),
            recession: (recession.0 / center.0, recession.1 / center.1),
        }
    }

    /// Returns the point of the page that is seen at a point of the frame.
    pub(crate) fn page(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = (x - self.center.0, y - self.center.1);
        let (cosine, sine) = self.rotation;
        let depth = 1.0 + self.recession.0 * x + self.recession.1 * y;
        ((cosine * x + sine * y) / depth, (cosine * y - sine * x) / depth)
    }

    /// Returns the point of the frame at which a point of the page is seen: the inverse of [`page`](Self::page).
    pub(crate) fn frame(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (cosine, sine) = self.rotation;
        let (x, y) = (cosine * x - sine * y, cosine * y + sine * x);
        let nearness = 1.0 / (1.0 - self.recession.0 * x - self.recession.1 * y);
        (x * nearness + self.center.0, y * nearness + self.center.1)
    }

    /// Returns the smallest area of the frame that holds an area of the page.
    pub(crate) fn area(&self, page: Area) -> Area {
        page.corners().into_iter().fold(Area::NONE, |area, corner| area.with(self.frame(corner)))
    }
}
