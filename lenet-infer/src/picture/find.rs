//! Which parts of a picture belong to which digit, and in which order the digits are read.

use super::components::{MAX_PARTS, Part};
use super::frame::Rect;
use super::group::{Group, gap, is_frame, is_line};

/// The least number of cells of a digit that makes ink at the edge of the picture a shadow or a neighbor.
const INNER_CELLS: u16 = 12;

/// Finds the digits among the parts of a grid that covers `extent`, in reading order, in the memory `work`.
///
/// Ruled lines, frames, and what lies along the edge are no digits, nor is what is small beside the largest.
pub(super) fn find<'w>(parts: &[Part], extent: Rect, work: &'w mut [Group; MAX_PARTS]) -> &'w mut [Group] {
    let inner = parts.iter().any(|part| !part.rect().touches_edge(extent) && part.area >= INNER_CELLS);
    let mut count = 0;
    for (index, part) in parts.iter().enumerate() {
        let rect = part.rect();
        let is_cut = inner && rect.touches_edge(extent);
        if is_cut || part.hugs_edge() || is_line(rect, extent) || is_frame(index, rect, parts) {
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

/// Moves the groups of at least two fifths of the largest's size to the front, and returns how many they are.
fn drop_small(groups: &mut [Group]) -> usize {
    let tallest = groups.iter().map(|group| group.rect.longer_side()).max().unwrap_or_default();
    let mut kept = 0;
    for index in 0..groups.len() {
        let Some(group) = groups.get(index).copied() else { break };
        if group.rect.longer_side() * 5 >= tallest * 2
            && let Some(place) = groups.get_mut(kept)
        {
            *place = group;
            kept += 1;
        }
    }
    kept
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

/// Whether two groups are strokes of one digit: one above the other, or a small one close to a large one.
fn belong(a: &Group, b: &Group) -> bool {
    let (large, small) = if a.area >= b.area { (a, b) } else { (b, a) };
    let size = large.rect.longer_side();
    let (across, down) = (
        gap(a.rect.left, a.rect.right, b.rect.left, b.rect.right),
        gap(a.rect.top, a.rect.bottom, b.rect.top, b.rect.bottom),
    );
    let narrower = a.rect.width().min(b.rect.width());
    let beside = down < 0 && i32::from(a.rect.height().min(b.rect.height())) <= -2 * down;
    if !beside && across * 10 <= i32::from(size) && down * 10 <= i32::from(size) {
        return true;
    }
    let stacked = across < 0 && i32::from(narrower) <= -2 * across;
    let is_stroke = small.rect.height() * 5 <= large.rect.height() * 3;
    if stacked && (down < 0 || (is_stroke && down * 4 <= i32::from(size))) {
        return true;
    }
    small.area * 6 <= large.area && across * 6 <= i32::from(size) && down * 6 <= i32::from(size)
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
