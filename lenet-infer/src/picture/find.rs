//! Which parts of a picture belong to which digit, and in which order the digits are read.

use super::frame::Rect;
use super::grid::components::{MAX_PARTS, Part};
use super::group::{Group, gaps, is_no_stroke};

/// The least number of cells of a digit that makes ink at the edge of the picture a shadow or a neighbor.
const INNER_CELLS: u16 = 12;

/// Finds the digits among the parts of a grid that covers `extent`, in reading order, in the memory `work`.
///
/// Ruled lines, frames, and what lies along the edge are no digits, nor is what is small beside the largest.
pub(super) fn find<'w>(parts: &[Part], extent: Rect, work: &'w mut [Group; MAX_PARTS]) -> &'w mut [Group] {
    let inner = parts.iter().any(|part| !part.rect().touches_edge(extent) && part.area >= INNER_CELLS);
    let mut count = 0;
    for (index, part) in parts.iter().enumerate() {
        let is_cut = inner && part.rect().touches_edge(extent);
        if is_cut || is_no_stroke(index, part, parts, extent) {
            continue;
        }
        if let Some(group) = work.get_mut(count) {
            *group = Group::of(index, part);
            count += 1;
        }
    }
    while let Some(fewer) = join_once(work.get_mut(..count).unwrap_or_default()) {
        count = fewer;
    }
    let count = drop_small(work.get_mut(..count).unwrap_or_default());
    let groups = work.get_mut(..count).unwrap_or_default();
    order(groups);
    groups
}

/// Moves the groups that are large enough beside the others to the front, and returns how many they are: at least two fifths
/// of the largest's size, and with strokes of at least a fifth of the thickness.
fn drop_small(groups: &mut [Group]) -> usize {
    let tallest = groups.iter().map(|group| group.rect.longer_side()).max().unwrap_or_default();
    let thickest = groups.iter().map(thickness).max().unwrap_or_default();
    let mut kept = 0;
    for index in 0..groups.len() {
        let Some(group) = groups.get(index).copied() else { break };
        if group.rect.longer_side() * 5 >= tallest * 2
            && thickness(&group) * 5 >= thickest
            && let Some(place) = groups.get_mut(kept)
        {
            *place = group;
            kept += 1;
        }
    }
    kept
}

/// The area per length, in 1/16 cell: that of a printed line is small beside those of digits.
fn thickness(group: &Group) -> u32 {
    group.area * 16 / u32::from(group.rect.longer_side()).max(1)
}

/// Joins the first two groups that are one digit, and returns how many groups are left.
fn join_once(groups: &mut [Group]) -> Option<usize> {
    let count = groups.len();
    for a in 0..count {
        for b in a + 1..count {
            let (Some(first), Some(second)) = (groups.get(a).copied(), groups.get(b).copied()) else {
                continue;
            };
            if !belong(&first, &second) {
                continue;
            }
            groups.get_mut(a)?.join(&second);
            let last = groups.last().copied()?;
            *groups.get_mut(b)? = last;
            return Some(count - 1);
        }
    }
    None
}

/// Whether two groups are strokes of one digit: nearly touching but not side by side, one above the other, a bar above a
/// digit, or a small one close to a large one. Distances are in shares of the larger group's size.
fn belong(a: &Group, b: &Group) -> bool {
    let (large, small) = if a.area >= b.area { (a, b) } else { (b, a) };
    let size = i32::from(large.rect.longer_side());
    let [across, down] = gaps(a.rect, b.rect);
    let narrower = i32::from(a.rect.width().min(b.rect.width()));
    let beside = down < 0 && i32::from(a.rect.height().min(b.rect.height())) <= -2 * down;
    if !beside && across * 10 <= size && down * 10 <= size {
        return true;
    }
    // The boxes of slanted digits side by side overlap as well, by less.
    let stacked = across < 0 && narrower * 2 <= -across * if beside { 3 } else { 4 };
    let is_stroke = small.rect.height() * 5 <= large.rect.height() * 3;
    if stacked && (down < 0 || (is_stroke && down * 4 <= size)) {
        return true;
    }
    if is_bar(small.rect) && is_higher(small.rect, large.rect) && narrower <= -across * 8 && down * 4 <= size
    {
        return true;
    }
    small.area * 8 <= large.area && across * 8 <= size && down * 8 <= size
}

/// Whether a box is flatter than a digit: the bar of a 5.
fn is_bar(rect: Rect) -> bool {
    rect.height() * 5 <= rect.width() * 3
}

/// Whether the center of one box is above that of another.
fn is_higher(rect: Rect, other: Rect) -> bool {
    rect.top + rect.bottom < other.top + other.bottom
}

/// Sorts digits into lines, and each line from left to right.
fn order(groups: &mut [Group]) {
    sort(groups, |group| (0, group.rect.top));
    let mut line = 0;
    let mut span: Option<(u16, u16)> = None;
    for group in groups.iter_mut() {
        let (top, bottom) = (group.rect.top, group.rect.bottom);
        match &mut span {
            // At least half of the digit is beside the line.
            Some((_, end)) if 2 * top + (bottom - top) <= 2 * *end => *end = bottom.max(*end),
            Some(next) => {
                line += 1;
                *next = (top, bottom);
            }
            None => span = Some((top, bottom)),
        }
        group.line = line;
    }
    sort(groups, |group| (group.line, group.rect.left));
}

/// Sorts a few groups by insertion. The standard library's sorts recurse, and for a few need more code than this.
fn sort(groups: &mut [Group], key: impl Fn(&Group) -> (u8, u16)) {
    for end in 1..groups.len() {
        for later in (1..=end).rev() {
            if let Some([before, after]) = groups.get_mut(later - 1..=later)
                && key(before) > key(after)
            {
                core::mem::swap(before, after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::super::grid::components::Parts;
    use super::super::grid::plane::Plane;
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const WIDTH: usize = 64;
    const HEIGHT: usize = 60;
    const EXTENT: Rect = Rect { left: 0, top: 0, right: WIDTH as u16, bottom: HEIGHT as u16 };

    fn rect([left, top, right, bottom]: [u16; 4]) -> Rect {
        Rect { left, top, right, bottom }
    }

    /// The line and the box of each digit among filled boxes and the outlines of boxes.
    fn found(boxes: &[[u16; 4]], outlines: &[[u16; 4]]) -> Vec<(u8, Rect)> {
        let mut cells = vec![0; WIDTH * HEIGHT];
        for y in 0..HEIGHT as u16 {
            for x in 0..WIDTH as u16 {
                let is_in =
                    |[left, top, right, bottom]: [u16; 4]| x >= left && x < right && y >= top && y < bottom;
                let is_on = |[left, top, right, bottom]: [u16; 4]| {
                    is_in([left, top, right, bottom]) && !is_in([left + 1, top + 1, right - 1, bottom - 1])
                };
                if boxes.iter().any(|ink| is_in(*ink)) || outlines.iter().any(|ink| is_on(*ink)) {
                    cells[usize::from(y) * WIDTH + usize::from(x)] = 1;
                }
            }
        }
        let mut parts = Parts::NONE;
        parts.find(&mut Plane { width: WIDTH, cells: &mut cells }, 1, 1, 1).unwrap();
        let mut work = [Group::NONE; MAX_PARTS];
        find(parts.as_slice(), EXTENT, &mut work).iter().map(|group| (group.line, group.rect)).collect()
    }

    const DIGIT: [u16; 4] = [10, 10, 20, 28];
    const BESIDE: [u16; 4] = [30, 8, 40, 26];
    const BELOW: [u16; 4] = [12, 36, 22, 54];

    #[test]
    fn digits_side_by_side_are_read_from_left_to_right() {
        assert_eq!(found(&[DIGIT, BESIDE], &[]), [(0, rect(DIGIT)), (0, rect(BESIDE))]);
    }

    #[test]
    fn lines_of_digits_are_read_from_the_top() {
        let last = [40, 38, 50, 52];
        let expected = [(0, rect(DIGIT)), (0, rect(BESIDE)), (1, rect(BELOW)), (1, rect(last))];
        assert_eq!(found(&[DIGIT, BESIDE, BELOW, last], &[]), expected);
    }

    #[test]
    fn a_stroke_above_a_digit_joins_it() {
        // The stroke of a 5.
        assert_eq!(found(&[DIGIT, [12, 5, 22, 7]], &[]), [(0, rect([10, 5, 22, 28]))]);
    }

    #[test]
    fn strokes_that_almost_touch_are_one_digit() {
        assert_eq!(found(&[[10, 10, 14, 30], [15, 28, 24, 34]], &[]), [(0, rect([10, 10, 24, 34]))]);
    }

    #[test]
    fn a_frame_around_a_digit_is_left_out() {
        assert_eq!(found(&[DIGIT], &[[5, 5, 27, 33]]), [(0, rect(DIGIT))]);
    }

    #[test]
    fn a_bar_that_reaches_beyond_its_digit_joins_it() {
        assert_eq!(found(&[DIGIT, [17, 5, 27, 7]], &[]), [(0, rect([10, 5, 27, 28]))]);
    }

    #[test]
    fn slanted_digits_whose_boxes_overlap_are_two() {
        let group = |[left, top, right, bottom]: [u16; 4]| {
            let mut group = Group::NONE;
            (group.rect, group.area) = (Rect { left, top, right, bottom }, 60);
            group
        };
        let first = group([10, 10, 20, 30]);
        assert!(!belong(&first, &group([14, 10, 24, 30])));
        // The two halves of a 0.
        assert!(belong(&first, &group([12, 10, 22, 30])));
    }

    #[test]
    fn a_frame_around_a_row_of_digits_is_left_out() {
        let expected = [(0, rect(DIGIT)), (0, rect(BESIDE))];
        assert_eq!(found(&[DIGIT, BESIDE], &[[2, 2, 62, 34]]), expected);
    }

    #[test]
    fn what_is_thin_beside_the_digits_is_left_out() {
        assert_eq!(found(&[DIGIT, [40, 10, 41, 28]], &[]), [(0, rect(DIGIT))]);
        assert_eq!(found(&[DIGIT, [40, 10, 42, 28]], &[]), [(0, rect(DIGIT)), (0, rect([40, 10, 42, 28]))]);
    }

    #[test]
    fn a_zero_is_no_frame_around_a_speck() {
        assert_eq!(found(&[[19, 20, 20, 22]], &[[10, 10, 28, 34]]), [(0, rect([10, 10, 28, 34]))]);
    }

    #[test]
    fn lines_are_left_out() {
        assert_eq!(found(&[DIGIT, [4, 40, 60, 43]], &[]), [(0, rect(DIGIT))]);
        assert_eq!(found(&[DIGIT, [50, 2, 53, 58]], &[]), [(0, rect(DIGIT))]);
    }

    #[test]
    fn what_the_edge_cuts_is_left_out_beside_a_whole_digit() {
        let cut = [56, 20, 64, 40];
        assert_eq!(found(&[DIGIT, cut], &[]), [(0, rect(DIGIT))]);
        // Alone it may be a digit, unless it lies along the edge.
        let reaching = [40, 20, 64, 25];
        assert_eq!(found(&[reaching], &[]), [(0, rect(reaching))]);
        assert_eq!(found(&[cut], &[]), []);
    }

    #[test]
    fn what_is_small_beside_the_largest_is_left_out() {
        assert_eq!(found(&[DIGIT, [40, 14, 44, 21]], &[]), [(0, rect(DIGIT))]);
        assert_eq!(found(&[DIGIT, [40, 14, 44, 22]], &[]), [(0, rect(DIGIT)), (0, rect([40, 14, 44, 22]))]);
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(found(&[], &[]), []);
    }

    #[test]
    fn groups_are_sorted_whatever_their_order() {
        let mut groups = [5, 2, 9, 2, 0].map(|left| {
            let mut group = Group::NONE;
            group.rect.left = left;
            group
        });
        sort(&mut groups, |group| (0, group.rect.left));
        assert_eq!(groups.map(|group| group.rect.left), [0, 2, 2, 5, 9]);
    }
}
