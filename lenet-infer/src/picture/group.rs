//! The parts of a digit.

use super::frame::Rect;
use super::grid::components::{MAX_PARTS, Part, is_paper, is_part, unmarked};
use super::grid::plane::Plane;

// A group is a set of parts with a bit for each.
const _: () = assert!(MAX_PARTS <= u32::BITS as usize);

/// The parts of a digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// The bounding box in cells.
    pub(super) rect: Rect,
    /// Its parts, one bit per part.
    members: u32,
    /// The number of cells of its parts.
    pub(super) area: u32,
    /// The line of digits, from 0 at the top.
    pub(super) line: u8,
}

impl Group {
    pub(super) const NONE: Self =
        Self { rect: Rect { left: 0, top: 0, right: 0, bottom: 0 }, members: 0, area: 0, line: 0 };

    pub(super) fn of(index: usize, part: &Part) -> Self {
        Self { rect: part.rect(), members: 1_u32.wrapping_shl(index as u32), area: part.area.into(), line: 0 }
    }

    /// In this rectangle, whatever its parts are.
    pub(super) const fn without_parts(rect: Rect, line: u8) -> Self {
        Self { rect, members: 0, area: 0, line }
    }

    pub(super) const fn has_parts(&self) -> bool {
        self.members != 0
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.rect = if self.area == 0 { other.rect } else { self.rect.union(other.rect) };
        self.members |= other.members;
        self.area += other.area;
    }

    /// Whether this group is a second digit beside a larger one: as tall, and not above or below it.
    pub(super) fn rivals(&self, main: &Self) -> bool {
        let [across, _] = gaps(self.rect, main.rect);
        let narrower = i32::from(self.rect.width().min(main.rect.width()));
        self.area * 3 >= main.area
            && self.rect.height() * 5 >= main.rect.height() * 3
            && across * -4 <= narrower
    }

    /// Whether this group may be a stroke of a larger one: no further away than a quarter of its size.
    pub(super) fn is_near(&self, main: &Self) -> bool {
        let reach = i32::from(main.rect.longer_side());
        let [across, down] = gaps(self.rect, main.rect);
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
        unmarked(label).is_some_and(|part| self.members.wrapping_shr(part) & 1 == 1)
    }

    /// The parts whose centers lie in `expected` and that are its own, as one digit. `extent` is the grid, which shows `view`
    /// of the picture `whole`.
    ///
    /// What an edge inside the picture cuts is a neighbor's, unless it is most of the ink.
    pub(super) fn within(
        expected: Rect,
        is_own: impl Fn(Rect) -> bool,
        parts: &[Part],
        extent: Rect,
        view: Rect,
        whole: Rect,
    ) -> Option<Self> {
        let uncut = Rect {
            left: u16::from(view.left > whole.left),
            top: u16::from(view.top > whole.top),
            right: extent.right - u16::from(view.right < whole.right),
            bottom: extent.bottom - u16::from(view.bottom < whole.bottom),
        };
        let (mut all, mut complete) = (Self::NONE, Self::NONE);
        for (index, part) in parts.iter().enumerate() {
            let rect = part.rect();
            if is_no_stroke(index, part, parts, extent) || !expected.contains_center(rect) || !is_own(rect) {
                continue;
            }
            all.join(&Self::of(index, part));
            if uncut.union(rect) == uncut {
                complete.join(&Self::of(index, part));
            }
        }
        let group = if complete.area * 8 >= all.area { complete } else { all };
        (group.area > 0).then_some(group)
    }
}

/// The distances of two rectangles, across and down, negative where they overlap.
pub(super) fn gaps(a: Rect, b: Rect) -> [i32; 2] {
    [gap(a.left, a.right, b.left, b.right), gap(a.top, a.bottom, b.top, b.bottom)]
}

/// The distance of two spans, negative if they overlap.
fn gap(a_start: u16, a_end: u16, b_start: u16, b_end: u16) -> i32 {
    i32::from(a_start.max(b_start)) - i32::from(a_end.min(b_end))
}

/// Whether a part is a ruled line, a frame, or a shadow along the edge of the picture.
///
/// Never inlined, since it is called in two places and is not hot.
#[inline(never)]
pub(super) fn is_no_stroke(index: usize, part: &Part, parts: &[Part], extent: Rect) -> bool {
    let rect = part.rect();
    is_line(rect, extent) || part.hugs_edge() || is_frame(index, part, parts)
}

/// Whether a part spans most of the picture and is flat: a ruled line, or the edge of a shadow.
fn is_line(rect: Rect, extent: Rect) -> bool {
    let (width, height) = (rect.width(), rect.height());
    (width * 4 >= extent.width() * 3 && height * 5 <= width)
        || (height * 10 >= extent.height() * 9 && width * 8 <= height)
}

/// Whether a part encloses others that are no specks beside it: a box around digits, or the boxes of a form.
fn is_frame(index: usize, frame: &Part, parts: &[Part]) -> bool {
    let rect = frame.rect();
    let encloses = |other: usize, inner: Rect| {
        other != index
            && inner.left > rect.left
            && inner.top > rect.top
            && inner.right < rect.right
            && inner.bottom < rect.bottom
            && inner.longer_side() * 4 >= rect.width().min(rect.height())
    };
    let inner = parts.iter().enumerate().filter(|(other, part)| encloses(*other, part.rect()));
    inner.map(|(_, part)| u32::from(part.area)).sum::<u32>() * 8 >= u32::from(frame.area)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::super::grid::components::Parts;
    use super::*;
    use std::vec::Vec;

    const WIDTH: usize = 16;
    const EXTENT: Rect = Rect { left: 0, top: 0, right: 16, bottom: 16 };

    fn group(rect: [u16; 4], area: u32) -> Group {
        let [left, top, right, bottom] = rect;
        Group { rect: Rect { left, top, right, bottom }, area, ..Group::NONE }
    }

    #[test]
    fn a_gap_is_negative_where_spans_overlap() {
        assert_eq!((gap(0, 4, 6, 9), gap(6, 9, 0, 4), gap(0, 4, 4, 9), gap(0, 6, 4, 9)), (2, 2, 0, -2));
    }

    #[test]
    fn a_rival_is_tall_heavy_and_beside_the_digit() {
        let main = group([10, 10, 20, 30], 90);
        assert!(group([24, 10, 34, 30], 90).rivals(&main));
        assert!(!group([24, 10, 34, 30], 29).rivals(&main));
        assert!(!group([24, 10, 34, 21], 90).rivals(&main));
        assert!(!group([12, 32, 22, 52], 90).rivals(&main));
    }

    #[test]
    fn a_stroke_is_near_up_to_a_quarter_of_the_digit_s_size() {
        let main = group([10, 10, 20, 30], 90);
        assert!(group([25, 12, 28, 14], 6).is_near(&main) && group([12, 3, 18, 5], 12).is_near(&main));
        assert!(!group([26, 12, 28, 14], 4).is_near(&main) && !group([12, 2, 18, 4], 12).is_near(&main));
    }

    /// Two blots, and their labels.
    fn blots() -> (Vec<u8>, Vec<u8>, Parts) {
        let ink = (0..WIDTH * WIDTH)
            .map(|index| match (index % WIDTH, index / WIDTH) {
                (2..5, 3..9) => 90,
                (9..12, 4..10) => 60,
                _ => 4,
            })
            .collect::<Vec<u8>>();
        let mut labels = ink.clone();
        let mut plane = Plane { width: WIDTH, cells: &mut labels };
        let mut parts = Parts::NONE;
        parts.find(&mut plane, 50, 50, 1).unwrap();
        parts.widen(&mut plane);
        (ink, labels, parts)
    }

    #[test]
    fn a_group_has_its_parts_and_what_lies_beside_them() {
        let (_, labels, parts) = blots();
        let plane = Plane { width: WIDTH, cells: &mut labels.clone() };
        let [first, second] = [0, 1].map(|index| Group::of(index, &parts.as_slice()[index]));
        let mut both = first;
        both.join(&second);
        assert_eq!((both.area, both.rect), (36, Rect { left: 2, top: 3, right: 12, bottom: 10 }));
        for (x, y, has) in
            [(3, 5, [true, false]), (1, 2, [true, false]), (8, 5, [false, true]), (7, 5, [false; 2])]
        {
            let label = plane.at(x, y);
            assert_eq!([first.has(label), second.has(label)], has);
            assert_eq!(both.has(label), has != [false; 2]);
        }
    }

    #[test]
    fn ink_stands_out_if_its_level_is_three_times_that_of_the_paper() {
        let (mut ink, mut labels, parts) = blots();
        let group = Group::of(0, &parts.as_slice()[0]);
        let labels = Plane { width: WIDTH, cells: &mut labels };
        for (paper, full) in [(4, Some(90)), (30, Some(90)), (31, None)] {
            for (ink, label) in ink.iter_mut().zip(&*labels.cells) {
                if is_paper(*label) {
                    *ink = paper;
                }
            }
            assert_eq!(group.stands_out(&Plane { width: WIDTH, cells: &mut ink }, &labels), full);
        }
    }

    #[test]
    fn the_parts_whose_centers_lie_in_a_box_are_one_digit() {
        let (_, _, parts) = blots();
        let within = |[left, top, right, bottom]: [u16; 4]| {
            let expected = Rect { left, top, right, bottom };
            Group::within(expected, |_| true, parts.as_slice(), EXTENT, EXTENT, EXTENT)
                .map(|group| group.rect)
        };
        let [first, second] = [0, 1].map(|index| parts.as_slice()[index].rect());
        assert_eq!(within([0, 0, 6, 16]), Some(first));
        assert_eq!(within([10, 7, 11, 8]), Some(second));
        assert_eq!(within([0, 0, 16, 16]), Some(first.union(second)));
        assert_eq!(within([5, 0, 9, 16]), None);
    }

    #[test]
    fn what_an_edge_inside_the_picture_cuts_is_left_out_beside_the_digit() {
        // A digit of 36 cells, and the end of another that the upper edge of the grid cuts.
        let mut labels = [0; WIDTH * WIDTH];
        for (x, y) in (5..11).flat_map(|x| (5..11).map(move |y| (x, y))).chain([(7, 0), (7, 1), (7, 2)]) {
            labels[y * WIDTH + x] = 90;
        }
        let mut parts = Parts::NONE;
        parts.find(&mut Plane { width: WIDTH, cells: &mut labels }, 50, 50, 1).unwrap();
        let top = |view: Rect, whole: Rect| {
            Group::within(EXTENT, |_| true, parts.as_slice(), EXTENT, view, whole).map(|group| group.rect.top)
        };
        let below = Rect { left: 0, top: 16, right: 16, bottom: 32 };
        let whole = Rect { bottom: 32, ..EXTENT };
        assert_eq!(top(below, whole), Some(5));
        assert_eq!(top(EXTENT, whole), Some(0));
    }
}
