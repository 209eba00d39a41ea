//! Draws the steps of the preparation on one sheet.

use std::path::Path;

use anyhow::Result;
use lenet_core::shape::IMAGE_SIDE;
use lenet_infer::host::picture_file::{GrayPicture, Prepared};
use lenet_infer::picture::{Digit, Step, View, gradient};

use super::{Canvas, Color};

/// The side of a tile, in pixels.
const TILE: usize = 240;
/// The pixels between two tiles.
const GAP: usize = 8;
const COLUMNS: usize = 6;
const ROWS: usize = 2;
/// The column with the picture and the image.
const LAST: usize = COLUMNS - 1;

const BACKGROUND: Color = [70, 75, 85];
const BOX: Color = [220, 30, 30];
/// The colors of parts, by their labels.
const PARTS: [Color; 6] =
    [[230, 60, 60], [60, 160, 240], [250, 190, 40], [80, 200, 90], [190, 100, 230], [240, 130, 60]];

/// A sheet of tiles. The first row shows the whole picture, and the second the closer look at the digit, if there is one:
/// gray levels, ink, smoothed ink, its Sobel gradient, and its parts. The last column shows the picture with a box around
/// the digit, and below it the image.
pub(crate) struct Steps {
    canvas: Canvas,
    /// The rows that were begun.
    rows: usize,
}

impl Steps {
    pub(crate) fn new() -> Self {
        let canvas = Canvas::new(COLUMNS * (TILE + GAP) + GAP, ROWS * (TILE + GAP) + GAP, BACKGROUND);
        Self { canvas, rows: 0 }
    }

    /// Draws a step that the preparation shows.
    pub(crate) fn observe(&mut self, step: Step<'_>) {
        match step {
            Step::Reduced(View { width, cells, .. }) => {
                self.rows += 1;
                self.tile(0, width, cells, gray);
                if self.rows == 1 {
                    self.tile(LAST, width, cells, gray);
                }
            }
            Step::Ink(View { width, cells, .. }) => self.tile(1, width, cells, stretched(cells)),
            Step::Smoothed(view) => {
                let mut magnitudes = vec![0; view.cells.len()];
                gradient(view, &mut magnitudes);
                self.tile(2, view.width, view.cells, stretched(view.cells));
                self.tile(3, view.width, &magnitudes, stretched(&magnitudes));
            }
            Step::Parts(View { width, cells, .. }) => self.tile(4, width, cells, part),
            _ => {}
        }
    }

    /// Draws the box around the digit that was found, and the image that the model sees.
    pub(crate) fn finish(&mut self, picture: &GrayPicture, prepared: &Prepared) {
        self.place(1, LAST, IMAGE_SIDE, prepared.image(), gray);
        let Prepared::Digit(Digit { rect, .. }) = prepared else {
            return self.place(0, LAST, picture.width().into(), picture.pixels(), gray);
        };
        let longer = usize::from(picture.file_width().max(picture.file_height()));
        let [x, y] = origin(0, LAST);
        let place = |start: usize, pixel: u16| start + usize::from(pixel) * TILE / longer;
        let edges = [place(x, rect.left), place(y, rect.top), place(x, rect.right), place(y, rect.bottom)];
        self.canvas.outline(edges, 2, BOX);
    }

    /// Writes the sheet as a PNG file.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        self.canvas.save(path)
    }

    fn tile(&mut self, column: usize, width: usize, cells: &[u8], color: impl Fn(u8) -> Color) {
        self.place(self.rows.clamp(1, ROWS) - 1, column, width, cells, color);
    }

    /// Draws cells in a tile, as large as they fit.
    fn place(&mut self, row: usize, column: usize, width: usize, cells: &[u8], color: impl Fn(u8) -> Color) {
        let height = cells.len() / width;
        let longer = width.max(height);
        let [left, top] = origin(row, column);
        for y in 0..TILE * height / longer {
            for x in 0..TILE * width / longer {
                let cell = cells[y * longer / TILE * width + x * longer / TILE];
                self.canvas.set(left + x, top + y, color(cell));
            }
        }
    }
}

/// The first pixel of a tile.
fn origin(row: usize, column: usize) -> [usize; 2] {
    [column, row].map(|place| GAP + place * (TILE + GAP))
}

fn gray(level: u8) -> Color {
    [level; 3]
}

/// Makes the largest of the levels white.
fn stretched(cells: &[u8]) -> impl Fn(u8) -> Color + use<> {
    let largest = cells.iter().copied().max().unwrap_or_default().max(1);
    move |level| gray((u32::from(level) * 255 / u32::from(largest)) as u8)
}

/// Black paper, parts in color, and what is beside a part in the same color, darker.
fn part(label: u8) -> Color {
    let color = PARTS[usize::from(label & 0x7f) % PARTS.len()];
    match label {
        0 => [0; 3],
        0x80.. => color.map(|channel| channel / 2),
        _ => color,
    }
}
