//! The parts of a digit.

use super::components::{MAX_PARTS, Part, is_paper, is_part, unmarked};
use super::frame::Rect;
use super::plane::Plane;

/// A set of parts, one bit per part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Members(u32);

const _: () = assert!(MAX_PARTS <= 32);

/// The parts of a digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// The bounding box in cells.
    pub(super) rect: Rect,
    members: Members,
    /// The number of cells of its parts.
    pub(super) area: u32,
    /// The line of digits, from 0 at the top.
    pub(super) line: u8,
}

impl Group {
    pub(super) const NONE: Self =
        Self { rect: Rect { left: 0, top: 0, right: 0, bottom: 0 }, members: Members(0), area: 0, line: 0 };

    pub(super) fn of(index: usize, part: &Part) -> Self {
        Self {
            rect: part.rect(),
            members: Members(1_u32.wrapping_shl(index as u32)),
            area: part.area.into(),
            line: 0,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.rect = self.rect.union(other.rect);
        self.members.0 |= other.members.0;
        self.area += other.area;
    }

    /// Whether this group is a second digit beside a larger one: as tall, and not above or below it.
    pub(super) fn rivals(&self, main: &Self) -> bool {
        let across = gap(self.rect.left, self.rect.right, main.rect.left, main.rect.right);
        let narrower = i32::from(self.rect.width().min(main.rect.width()));
        self.area * 3 >= main.area
            && self.rect.height() * 5 >= main.rect.height() * 3
            && across * -4 <= narrower
    }

    /// Whether this group may be a stroke of a larger one: no further away than a quarter of its size.
    pub(super) fn is_near(&self, main: &Self) -> bool {
        let reach = i32::from(main.rect.longer_side());
        let across = gap(self.rect.left, self.rect.right, main.rect.left, main.rect.right);
        let down = gap(self.rect.top, self.rect.bottom, main.rect.top, main.rect.bottom);
        across * 4 <= reach && down * 4 <= reach
    }

    /// The mean level of the ink, if it is more than three times that of the paper.
    pub(super) fn stands_out(&self, ink: &Plane<'_>, labels: &Plane<'_>) -> Option<u8> {
        let (mut inked, mut ink_sum, mut blank, mut blank_sum) = (0_u32, 0_u32, 0_u32, 0_u32);
        for (level, label) in ink.cells.iter().zip(&*labels.cells) {
            if is_paper(*label) {
                blank += 1;
                blank_sum += u32::from(*level);
            } else if is_part(*label) && self.has(*label) {
                inked += 1;
                ink_sum += u32::from(*level);
            }
        }
        let mean = ink_sum / inked.max(1);
        (blank_sum * 3 <= mean * blank).then_some(mean as u8)
    }

    /// Whether a cell with this label is part of the digit, or lies beside a part of it.
    pub(super) fn has(&self, label: u8) -> bool {
        unmarked(label).is_some_and(|part| self.members.0.wrapping_shr(part) & 1 == 1)
    }

    /// The parts whose centers lie in `expected`, as one digit.
    pub(super) fn within(expected: Rect, parts: &[Part], extent: Rect) -> Option<Self> {
        let mut group: Option<Self> = None;
        for (index, part) in parts.iter().enumerate() {
            let rect = part.rect();
            if is_line(rect, extent)
                || part.hugs_edge()
                || is_frame(index, rect, parts)
                || !expected.contains_center(rect)
            {
                continue;
            }
            match &mut group {
                Some(group) => group.join(&Self::of(index, part)),
                None => group = Some(Self::of(index, part)),
            }
        }
        group
    }
}

/// The distance of two spans, negative if they overlap.
pub(super) fn gap(a_start: u16, a_end: u16, b_start: u16, b_end: u16) -> i32 {
    i32::from(a_start.max(b_start)) - i32::from(a_end.min(b_end))
}

/// Whether a part spans most of the picture and is flat: a ruled line, or the edge of a shadow.
pub(super) fn is_line(rect: Rect, extent: Rect) -> bool {
    let (width, height) = (rect.width(), rect.height());
    (width * 4 >= extent.width() * 3 && height * 5 <= width)
        || (height * 10 >= extent.height() * 9 && width * 8 <= height)
}

/// Whether a part encloses another of a similar size: the frame around a digit.
pub(super) fn is_frame(index: usize, rect: Rect, parts: &[Part]) -> bool {
    parts.iter().enumerate().any(|(other, part)| {
        let inner = part.rect();
        other != index
            && inner.left > rect.left
            && inner.top > rect.top
            && inner.right < rect.right
            && inner.bottom < rect.bottom
            && inner.longer_side() * 5 >= rect.longer_side().min(rect.width().min(rect.height()) * 2) * 2
    })
}
