//! Removal of ruled lines: thin ink that runs straight through most of the picture.
//!
//! A line is followed from the edge of the picture where it enters, cell by cell, with the slope that it had so far. What is
//! thicker than the line is a stroke that crosses it, and stays.

use super::plane::Plane;
use core::cell::Cell;

/// Erases the ruled lines of ink of at least `weak`, along the rows and along the columns. Returns whether there were any.
pub(super) fn erase(plane: &mut Plane<'_>, weak: u8) -> bool {
    let mut erased = false;
    let width = plane.width;
    let height = plane.cells.len() / width.max(1);
    let cells = plane.shared();
    for reversed in [false, true] {
        erased |= erase_along(&Strip {
            cells,
            along: Axis { count: width, step: 1 },
            across: Axis { count: height, step: width },
            reversed,
            weak,
        });
        erased |= erase_along(&Strip {
            cells,
            along: Axis { count: height, step: width },
            across: Axis { count: width, step: 1 },
            reversed,
            weak,
        });
    }
    erased
}

/// One direction of a plane.
#[derive(Clone, Copy)]
struct Axis {
    count: usize,
    /// The distance of neighbors in memory.
    step: usize,
}

/// A plane as it is seen when lines are followed in one direction.
struct Strip<'a> {
    cells: &'a [Cell<u8>],
    along: Axis,
    across: Axis,
    /// From the last cell to the first.
    reversed: bool,
    weak: u8,
}

/// How a line was followed, in cells along it.
#[derive(Default)]
struct Followed {
    /// The number of runs of ink that are as thick as the line.
    support: usize,
    /// The number of runs that are thicker: strokes that cross it.
    crossings: usize,
    /// The place after the last run of the line.
    end: usize,
    /// The place where the line left the picture.
    length: usize,
}

impl Followed {
    /// Whether the line runs straight through, and far enough. Strokes may cover a part of it.
    fn is_line(&self, count: usize) -> bool {
        let Self { support, crossings, end, length } = *self;
        support * 8 >= length * 3
            && (2 * support + crossings) * 4 >= length * 5
            && end * 16 >= length * 15
            && length * 3 >= count
    }
}

impl Strip<'_> {
    fn cell(&self, x: usize, y: usize) -> Option<&Cell<u8>> {
        let x = if self.reversed { self.along.count.checked_sub(x + 1)? } else { x };
        (y < self.across.count).then(|| self.cells.get(x * self.along.step + y * self.across.step)).flatten()
    }

    fn is_ink(&self, x: usize, y: usize) -> bool {
        self.cell(x, y).is_some_and(|cell| cell.get() >= self.weak)
    }

    /// The run of ink across the line at `x` that holds the cell at `y`, or one next to it: its first cell and the one
    /// after its last.
    fn run(&self, x: usize, y: usize) -> Option<(usize, usize)> {
        let y =
            [Some(y), y.checked_sub(1), Some(y + 1)].into_iter().flatten().find(|y| self.is_ink(x, *y))?;
        let (mut start, mut end) = (y, y + 1);
        while start > 0 && self.is_ink(x, start - 1) {
            start -= 1;
        }
        while self.is_ink(x, end) {
            end += 1;
        }
        Some((start, end))
    }

    /// Follows a line that enters the picture in the run `first`, and calls `visit` with each of its runs that is no thicker
    /// than `limit`, nor much thicker than the line was so far.
    fn follow(
        &self,
        first: (usize, usize),
        limit: usize,
        mut visit: impl FnMut(usize, usize, usize),
    ) -> Followed {
        // The center in 1/256 cell, and the thickness in 1/16 cell.
        let (mut center, mut slope) = ((first.0 + first.1) as i32 * 128, 0);
        let mut usual = (first.1 - first.0) as i32 * 16;
        let mut followed = Followed::default();
        for x in 0..self.along.count {
            center += slope;
            let y = usize::try_from(center >> 8).unwrap_or(usize::MAX);
            if y > self.across.count {
                break;
            }
            followed.length = x + 1;
            let Some((start, end)) = self.run(x, y) else { continue };
            let thickness = (end - start) as i32 * 16;
            if end - start > limit || thickness > usual * 3 / 2 + 16 {
                followed.crossings += 1;
                continue;
            }
            followed.support += 1;
            followed.end = x + 1;
            // The thickness, the slope and the place follow what is found slowly, so that noise does not lead away.
            usual += (thickness - usual) / 8;
            let error = ((start + end) as i32 * 128 - center).clamp(-256, 256);
            slope = (slope + error / 16).clamp(-64, 64);
            center += error / 2;
            visit(x, start, end);
        }
        followed
    }
}

/// Erases the lines that enter a strip at its first column, and returns whether there were any.
fn erase_along(strip: &Strip<'_>) -> bool {
    let limit = (strip.across.count / 12).max(3);
    let mut erased = false;
    let mut y = 0;
    while y < strip.across.count {
        if !strip.is_ink(0, y) {
            y += 1;
            continue;
        }
        let mut end = y;
        while strip.is_ink(0, end) {
            end += 1;
        }
        let first = (y, end);
        y = end;
        if first.1 - first.0 > limit {
            continue;
        }
        let mut total = 0;
        let followed = strip.follow(first, limit, |_, start, end| total += end - start);
        if followed.is_line(strip.along.count) {
            erased = true;
            let thickest = (total * 3 / 2).div_ceil(followed.support.max(1));
            strip.follow(first, thickest, |x, start, end| {
                for y in start..end {
                    if let Some(cell) = strip.cell(x, y) {
                        cell.set(0);
                    }
                }
            });
        }
    }
    erased
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec;
    use std::vec::Vec;

    const WIDTH: usize = 64;
    const HEIGHT: usize = 48;
    const INK: u8 = 200;

    type Place = fn(usize, usize) -> bool;

    /// Lines of one or two cells, level, with a slope of up to 1/5, and with a sag.
    const LINES: [Place; 7] = [
        |_, y| y == 20,
        |_, y| y == 20 || y == 21,
        |x, y| y == 16 + x / 8,
        |x, y| y == 14 + x / 5 || y == 15 + x / 5,
        |x, y| y + x / 6 == 30,
        |x, y| y + x / 16 == 24 || y + x / 16 == 25,
        // On paper that is bent.
        |x, y| y == 20 + x * (WIDTH - x) / 200,
    ];

    /// The cells of strokes after lines are erased, row by row; `turned` by a quarter first.
    fn erased(turned: bool, place: impl Fn(usize, usize) -> bool) -> Vec<bool> {
        let mut cells = vec![0; WIDTH * HEIGHT];
        let at = |x, y| if turned { x * HEIGHT + y } else { y * WIDTH + x };
        for (y, x) in (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x))) {
            cells[at(x, y)] = if place(x, y) { INK } else { INK / 2 };
        }
        erase(&mut Plane { width: if turned { HEIGHT } else { WIDTH }, cells: &mut cells }, INK);
        (0..WIDTH * HEIGHT).map(|index| cells[at(index % WIDTH, index / WIDTH)] == INK).collect()
    }

    fn drawn(place: impl Fn(usize, usize) -> bool) -> Vec<bool> {
        (0..WIDTH * HEIGHT).map(|index| place(index % WIDTH, index / WIDTH)).collect()
    }

    /// A stroke of a digit that crosses the lines.
    fn stroke(x: usize, y: usize) -> bool {
        (30..34).contains(&x) && (6..42).contains(&y)
    }

    #[test]
    fn a_ruled_line_is_erased_whatever_its_slope() {
        for turned in [false, true] {
            for line in LINES {
                assert_eq!(erased(turned, line), drawn(|_, _| false));
            }
        }
    }

    #[test]
    fn a_stroke_that_crosses_a_ruled_line_stays_whole() {
        for turned in [false, true] {
            for line in LINES {
                assert_eq!(erased(turned, |x, y| line(x, y) || stroke(x, y)), drawn(stroke));
            }
        }
    }

    #[test]
    fn several_ruled_lines_are_erased_and_the_strokes_between_them_stay() {
        let rules = |_: usize, y: usize| y % 12 == 4;
        let between = |x: usize, y: usize| (20..40).contains(&x) && (18..26).contains(&y);
        assert_eq!(erased(false, |x, y| rules(x, y) || between(x, y)), drawn(between));
    }

    #[test]
    fn a_ruled_line_that_several_strokes_cover_is_erased() {
        // Half of the line.
        let strokes = |x: usize, y: usize| x % 16 < 8 && (6..42).contains(&y);
        for turned in [false, true] {
            let line: Place = |_, y| y == 20;
            let cells = if turned { HEIGHT } else { WIDTH };
            let strokes = |x: usize, y: usize| (4..cells - 4).contains(&x) && strokes(x + 4, y);
            assert_eq!(erased(turned, |x, y| line(x, y) || strokes(x, y)), drawn(strokes));
        }
    }

    #[test]
    fn a_stroke_along_a_ruled_line_does_not_lead_away() {
        let line: Place = |_, y| y == 20 || y == 21;
        let bar = |x: usize, y: usize| (24..40).contains(&x) && (20..25).contains(&y);
        assert_eq!(erased(false, |x, y| line(x, y) || bar(x, y)), drawn(bar));
    }

    #[test]
    fn strokes_that_end_inside_the_picture_stay() {
        let strokes: [Place; 4] = [
            stroke,
            // From the edge, but not through.
            |x, y| x < 50 && y == 20,
            |x, y| x >= 10 && (20..22).contains(&y),
            // Through the picture, but thick.
            |_, y| (20..26).contains(&y),
        ];
        for turned in [false, true] {
            for stroke in strokes {
                assert_eq!(erased(turned, stroke), drawn(stroke));
            }
        }
    }

    #[test]
    fn planes_of_any_size_are_taken() {
        erase(&mut Plane { width: 1, cells: &mut [] }, 1);
        for width in 1..5 {
            for height in 1..5 {
                let mut cells = vec![0; width * height];
                erase(&mut Plane { width, cells: &mut cells }, 1);
                assert_eq!(cells, vec![0; width * height]);
            }
        }
    }
}
