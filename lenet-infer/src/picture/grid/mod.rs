//! The work grid: the memory in which a picture is surveyed, and the steps of the survey in their order.
//!
//! - `reduce`: by area, from the picture to the grid.
//! - `light`: removal of uneven light; `window`, `reconstruct`, `bytes`: its steps. `border`: the light at the edge of the
//!   picture. `polarity`: whether ink is dark.
//! - `average`, `filter`: the mean around a cell, the Gaussian, the Sobel gradient.
//! - `threshold`: the level of ink, from the edges.
//! - `lines`: removal of ruled lines.
//! - `components`: the parts that do not touch each other.
//! - `plane`, `step`: the cells that they work on, and what an observer sees.

mod average;
mod border;
mod bytes;
pub(in crate::picture) mod components;
pub(in crate::picture) mod filter;
mod light;
mod lines;
pub(in crate::picture) mod plane;
mod polarity;
mod reconstruct;
pub(in crate::picture) mod reduce;
pub(in crate::picture) mod step;
mod threshold;
mod window;

use super::frame::{Frame, Rect};
use super::no_digit::NoDigit;
use average::average;
use components::{Part, Parts};
use plane::Plane;
use reduce::{Reducer, Scale};
use step::{Step, View};

/// The least level, of 255, that tells ink from paper.
const LEAST_LEVEL: u8 = 3;
/// The least number of cells of a part.
const LEAST_CELLS: u8 = 3;
/// How often ink is searched for: again where all that was found lies along the edge of the picture, without that.
const SEARCHES: usize = 3;

/// How ink is told from paper.
#[derive(Clone, Copy, Debug)]
pub(in crate::picture) struct Ink {
    /// Whether it is darker, if that is known.
    pub(in crate::picture) dark: Option<bool>,
    /// Its least level, in 1/16 of the level halfway up the edges.
    pub(in crate::picture) level: u8,
}

/// Two planes of cells, and what was found in them.
#[derive(Clone, Debug)]
pub(in crate::picture) struct Grid<const SIDE: usize> {
    /// Gray levels, then levels of ink.
    ink: [[u8; SIDE]; SIDE],
    /// Paper, then smoothed ink, then the label of the part to which each cell belongs.
    labels: [[u8; SIDE]; SIDE],
    /// The sums of a row of cells while the picture is reduced, then a copy of four columns.
    sums: [u32; SIDE],
    /// How the picture lies on the grid.
    pub(in crate::picture) scale: Scale,
    pub(in crate::picture) parts: Parts,
    /// Whether the ink is darker than the paper.
    pub(in crate::picture) dark: bool,
}

impl<const SIDE: usize> Grid<SIDE> {
    pub(in crate::picture) const fn new() -> Self {
        // A smaller grid does not show a digit, and a cell's place must fit in a byte.
        const { assert!(SIDE >= 28 && SIDE <= 255, "the side of the work grid must be 28 to 255 cells") };
        Self {
            ink: [[0; SIDE]; SIDE],
            labels: [[0; SIDE]; SIDE],
            sums: [0; SIDE],
            scale: Scale::EMPTY,
            parts: Parts::NONE,
            dark: false,
        }
    }

    /// The planes of ink and of labels.
    pub(in crate::picture) fn planes(&mut self) -> (Plane<'_>, Plane<'_>) {
        let (ink, labels, ..) = self.memory();
        (ink, labels)
    }

    /// The planes of ink and of labels, memory for columns, and the parts.
    fn memory(&mut self) -> (Plane<'_>, Plane<'_>, &mut [u32], &mut Parts) {
        let (width, height) = (self.scale.width(), self.scale.height());
        let ink = self.ink.as_flattened_mut().get_mut(..width * height).unwrap_or_default();
        let labels = self.labels.as_flattened_mut().get_mut(..width * height).unwrap_or_default();
        (Plane { width, cells: ink }, Plane { width, cells: labels }, &mut self.sums, &mut self.parts)
    }

    /// All cells of the grid.
    pub(in crate::picture) fn extent(&self) -> Rect {
        Rect { left: 0, top: 0, right: self.scale.width() as u16, bottom: self.scale.height() as u16 }
    }

    /// Prepares to take the rows of the rectangle of `scale`.
    pub(in crate::picture) fn start(&mut self, scale: Scale) -> Reducer {
        self.scale = scale;
        self.sums = [0; SIDE];
        Reducer::new(self.scale)
    }

    /// Takes the next row of the rectangle.
    pub(in crate::picture) fn push(&mut self, reducer: &mut Reducer, row: impl Iterator<Item = u8>) {
        reducer.push(row, &mut self.sums, self.ink.as_flattened_mut());
    }

    /// Reduces a rectangle of a frame and finds the parts in it.
    pub(in crate::picture) fn survey(
        &mut self,
        frame: &Frame<'_>,
        scale: Scale,
        ink: Ink,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<(), NoDigit> {
        let rect = scale.rect;
        let mut reducer = self.start(scale);
        let mut y = rect.top;
        while y < rect.bottom {
            let row = |y: u16| frame.contiguous_row(y, rect.left, rect.width());
            match (row(y), row(y + 1)) {
                (Some(upper), Some(lower)) if reducer.takes_two() => {
                    reducer.push_two(upper, lower, &mut self.sums);
                    y += 1;
                }
                (Some(row), _) => self.push(&mut reducer, row.iter().copied()),
                (None, _) => self.push(&mut reducer, frame.row(y, rect.left, rect.width())),
            }
            y += 1;
        }
        self.find_parts(ink, observe)
    }

    /// Finds the parts of the picture on the grid.
    pub(in crate::picture) fn find_parts(
        &mut self,
        Ink { dark, level }: Ink,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<(), NoDigit> {
        let extent = self.extent();
        let longer = usize::from(extent.longer_side());
        let (mut ink, mut labels, columns, parts) = self.memory();
        parts.clear();
        observe(Step::Reduced(View::of(&ink)));
        let dark = light::remove(&mut ink, &mut labels, longer, dark);
        observe(Step::Ink(View::of(&ink)));
        for _ in 0..SEARCHES {
            // What is left of the light is smooth: ink stands out from the mean around it.
            average(&ink, &mut labels, columns, longer * 5 / 8);
            bytes::combine(labels.cells, ink.cells, bytes::MinusFrom);
            filter::smooth(&mut labels);
            observe(Step::Smoothed(View::of(&labels)));
            find_ink(&mut labels, level, parts)?;
            observe(Step::Parts(View::of(&labels)));
            if !are_mostly_at_edge(parts.as_slice()) {
                break;
            }
            // A table at the edge of the paper may be so dark that the digit is faint beside it.
            erase_at_edge(&mut ink, &labels, parts.as_slice());
        }
        self.dark = dark;
        if self.parts.as_slice().is_empty() { Err(NoDigit::NoInk) } else { Ok(()) }
    }
}

/// Finds the parts of smoothed ink, and replaces its levels by their labels. `share` is the least level, in 1/16 of the level
/// halfway up the edges.
fn find_ink(ink: &mut Plane<'_>, share: u8, parts: &mut Parts) -> Result<(), NoDigit> {
    let edges = threshold::edge_mean(ink);
    if edges < LEAST_LEVEL {
        return Err(NoDigit::NoInk);
    }
    let least = threshold::above_noise(ink, edges);
    let mut level = edges.max(least);
    // Ruled lines are fainter than they are between strokes where a shadow ends, and may be darker than the digit.
    if lines::erase(ink, (u16::from(level) * 15 / 32) as u8) {
        level = threshold::edge_mean(ink).max(least);
        if level < LEAST_LEVEL {
            return Err(NoDigit::NoInk);
        }
    }
    level = (u16::from(level) * u16::from(share) / 16).clamp(LEAST_LEVEL.into(), u8::MAX.into()) as u8;
    let weak = (u16::from(level) * 3 / 4) as u8;
    parts.find(ink, weak, level, LEAST_CELLS).map_err(|_| NoDigit::TooMany)?;
    parts.widen(ink);
    Ok(())
}

/// Whether more than four fifths of what was found, by area, lie along the edge of the picture.
fn are_mostly_at_edge(parts: &[Part]) -> bool {
    let area = |is_at_edge: bool| -> u32 {
        parts.iter().filter(|part| part.hugs_edge() == is_at_edge).map(|part| u32::from(part.area)).sum()
    };
    area(true) > 4 * area(false)
}

/// Erases the ink of the parts that lie along the edge of the picture.
fn erase_at_edge(ink: &mut Plane<'_>, labels: &Plane<'_>, parts: &[Part]) {
    for (level, label) in ink.cells.iter_mut().zip(&*labels.cells) {
        let part = components::unmarked(*label).and_then(|index| parts.get(index as usize));
        if part.is_some_and(Part::hugs_edge) {
            *level = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar of `height` rows along the upper edge and a blot of 3x3 cells, and whether most of that is at the edge; the ink
    /// that is left without what is.
    fn without_bar(height: usize) -> (bool, [u8; 400]) {
        let level = |x: usize, y: usize| match (x, y) {
            (2..18, _) if y < height => 90,
            (8..11, 12..15) => 70,
            _ => 3,
        };
        let mut ink = core::array::from_fn::<u8, 400, _>(|index| level(index % 20, index / 20));
        let mut labels = Plane { width: 20, cells: &mut { ink } };
        let mut parts = Parts::NONE;
        parts.find(&mut labels, 50, 50, 1).unwrap();
        parts.widen(&mut labels);
        erase_at_edge(&mut Plane { width: 20, cells: &mut ink }, &labels, parts.as_slice());
        (are_mostly_at_edge(parts.as_slice()), ink)
    }

    #[test]
    fn what_lies_along_the_edge_is_erased_and_nothing_else() {
        let (_, ink) = without_bar(2);
        for (index, ink) in ink.into_iter().enumerate() {
            let expected = match (index % 20, index / 20) {
                // The bar and the cells beside it.
                (1..19, 0..3) => 0,
                (8..11, 12..15) => 70,
                _ => 3,
            };
            assert_eq!(ink, expected, "{index}");
        }
    }

    #[test]
    fn a_blot_beside_a_bar_of_more_than_four_times_its_area_counts_for_nothing() {
        // The blot has 9 cells, and each row of the bar 16.
        assert_eq!([0, 1, 2, 3].map(|height| without_bar(height).0), [false, false, false, true]);
    }
}
