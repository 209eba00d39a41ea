//! A contact sheet: scenes side by side.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

/// Scenes per row of the sheet.
const COLUMNS: u64 = 8;
/// Scenes of a sheet.
pub(crate) const SCENES: u64 = 6 * COLUMNS;
/// The side of a scene's cell, in pixels.
const CELL: u32 = 180;
/// The space between two scenes, in pixels.
const SPACE: u32 = 4;

/// The sheet, and how many scenes are on it.
pub(crate) struct Sheet {
    image: GrayImage,
    filled: u64,
}

impl Sheet {
    pub(crate) fn new() -> Self {
        let side = |cells: u64| cells as u32 * (CELL + SPACE);
        let image = GrayImage::from_pixel(side(COLUMNS), side(SCENES / COLUMNS), Luma([128]));
        Self { image, filled: 0 }
    }

    /// Adds a scene: larger ones shrunk to the cell, small ones with each pixel as a square.
    pub(crate) fn add(&mut self, scene: &GrayImage) {
        let (width, height) = scene.dimensions();
        let longer = width.max(height);
        let scaled = if longer > CELL {
            imageops::thumbnail(scene, (width * CELL / longer).max(1), (height * CELL / longer).max(1))
        } else {
            let times = CELL / longer;
            imageops::resize(scene, width * times, height * times, FilterType::Nearest)
        };
        let at = |index: u64| i64::from(index as u32 * (CELL + SPACE));
        imageops::replace(&mut self.image, &scaled, at(self.filled % COLUMNS), at(self.filled / COLUMNS));
        self.filled += 1;
    }

    pub(crate) fn into_image(self) -> GrayImage {
        self.image
    }
}
