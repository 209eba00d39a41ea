//! Removal of ruled lines: thin ink that runs straight through most of the picture.
//!
//! A line is followed from the edge of the picture where it enters, cell by cell, with the slope that it had so far. What is
//! thicker than the line is a stroke that crosses it, and stays.

use super::plane::Plane;
use core::cell::Cell;

/// Erases the ruled lines of ink of at least `weak`, along the rows and along the columns.
pub(super) fn erase(plane: &mut Plane<'_>, weak: u8) {
    let width = plane.width;
    let height = plane.cells.len() / width.max(1);
    let cells = plane.shared();
    for reversed in [false, true] {
        erase_along(&Strip {
            cells,
            along: Axis { count: width, step: 1 },
            across: Axis { count: height, step: width },
            reversed,
            weak,
        });
        erase_along(&Strip {
            cells,
            along: Axis { count: height, step: width },
            across: Axis { count: width, step: 1 },
            reversed,
            weak,
        });
    }
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

/// A line where it enters the picture: its center, in 1/256 cell, and its thickness in cells.
#[derive(Clone, Copy)]
struct Run {
    center: i32,
    thickness: usize,
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

    /// Follows a line, and calls `visit` with each of its runs that is no thicker than `limit`. Returns how many there are, and
    /// where the last one is.
    fn follow(&self, first: Run, limit: usize, mut visit: impl FnMut(usize, usize, usize)) -> (usize, usize) {
        let (mut center, mut slope, mut support, mut last) = (first.center, 0, 0, 0);
        for x in 0..self.along.count {
            let expected = center + slope;
            let y = usize::try_from(expected >> 8).unwrap_or(usize::MAX);
            center = expected;
            if y > self.across.count {
                break;
            }
            if let Some((start, end)) = self.run(x, y)
                && end - start <= limit
            {
                support += 1;
                last = x;
                let found = (start + end) as i32 * 128;
                // The slope and the place follow what is found slowly, so that noise does not lead away.
                let error = (found - expected).clamp(-256, 256);
                slope = (slope + error / 16).clamp(-64, 64);
                center += error / 2;
                visit(x, start, end);
            }
        }
        (support, last)
    }
}

fn erase_along(strip: &Strip<'_>) {
    let limit = (strip.across.count / 12).max(3);
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
        let first = Run { center: (y + end) as i32 * 128, thickness: end - y };
        y = end;
        if first.thickness > limit {
            continue;
        }
        let mut total = 0;
        let (support, last) = strip.follow(first, limit, |_, start, end| total += end - start);
        let count = strip.along.count;
        if support * 4 >= count * 3 && (last + 1) * 16 >= count * 15 {
            let thickest = (total * 3 / 2).div_ceil(support.max(1));
            strip.follow(first, thickest, |x, start, end| {
                for y in start..end {
                    if let Some(cell) = strip.cell(x, y) {
                        cell.set(0);
                    }
                }
            });
        }
    }
}
