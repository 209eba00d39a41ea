//! Which parts of a picture belong to which digit, and in which order the digits are read.
//!
//! - `join`: parts are joined to digits.
//! - `order`: digits are put in reading order.

mod join;
mod order;

use super::frame::Rect;
use super::grid::components::{MAX_PARTS, Part};
use super::group::{Group, gaps, is_no_stroke};

/// The least number of cells of a digit that makes ink at the edge of the picture a shadow or a neighbor.
const INNER_CELLS: u16 = 12;

/// How many digits a picture is to be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One, beside which a neighbor may be cut by the edge of the picture.
    One,
    /// All.
    All,
}

/// Finds the digits among the parts of a grid that covers `extent`, in reading order, in the memory `work`.
///
/// Ruled lines, frames, and what lies along the edge are no digits, nor is what is small or thin beside the others. What the edge
/// cuts is no digit beside a whole one, unless all digits are wanted and it looks like that one.
pub(super) fn find<'w>(
    parts: &[Part],
    extent: Rect,
    wanted: Wanted,
    work: &'w mut [Group; MAX_PARTS],
) -> &'w mut [Group] {
    let is_inner = |part: &Part| !part.rect().touches_edge(extent) && part.area >= INNER_CELLS;
    let inner = parts.iter().any(is_inner);
    let mut count = 0;
    for (index, part) in parts.iter().enumerate() {
        let is_cut = inner
            && part.rect().touches_edge(extent)
            && (wanted == Wanted::One || !parts.iter().any(|other| is_inner(other) && is_like(part, other)));
        if is_cut || is_no_stroke(index, part, parts, extent) {
            continue;
        }
        if let Some(group) = work.get_mut(count) {
            *group = Group::of(index, part);
            count += 1;
        }
    }
    let count = join::join(work.get_mut(..count).unwrap_or_default(), wanted);
    let count = drop_unlike(work.get_mut(..count).unwrap_or_default(), wanted);
    let groups = work.get_mut(..count).unwrap_or_default();
    order::order(groups);
    groups
}

/// Whether a part at the edge looks like a digit in line with another: about as tall, and with strokes hardly thicker.
fn is_like(part: &Part, other: &Part) -> bool {
    let (rect, beside) = (part.rect(), other.rect());
    let [_, down] = gaps(rect, beside);
    let thickness = |part: &Part| thickness(&Group::of(0, part));
    let (height, usual) = (rect.height(), beside.height());
    height * 5 >= usual * 3
        && usual * 7 >= height * 5
        && rect.width() * 2 <= height * 3
        && i32::from(height.min(usual)) <= -2 * down
        && thickness(part) * 2 <= thickness(other) * 3
}

/// Moves the groups that are like the others to the front, and returns how many they are: at least two fifths of the largest's
/// size, with strokes of at least a fifth of the usual thickness, and where all digits are wanted no flat bars. The bar of an only
/// digit may yet be joined to it.
fn drop_unlike(groups: &mut [Group], wanted: Wanted) -> usize {
    let usual = usual_thickness(groups);
    let largest = largest(groups, usual, Rect::longer_side);
    let mut kept = 0;
    for index in 0..groups.len() {
        let Some(group) = groups.get(index).copied() else { break };
        let is_flat = group.rect.height() * 3 <= group.rect.width();
        if group.rect.longer_side() * 5 >= largest * 2
            && thickness(&group) * 5 >= usual
            && !(is_flat && wanted == Wanted::All && groups.len() > 1)
            && let Some(place) = groups.get_mut(kept)
        {
            *place = group;
            kept += 1;
        }
    }
    kept
}

/// The largest size of the groups whose strokes are at least half as thick as `usual`, so that a remaining line is not taken for
/// a large digit.
fn largest(groups: &[Group], usual: u32, size: impl Fn(&Rect) -> u16) -> u16 {
    let bold = groups.iter().filter(|group| thickness(group) * 2 >= usual);
    bold.map(|group| size(&group.rect)).max().unwrap_or_default()
}

/// The median thickness of groups, each counted by its area.
// Never inlined, since it is called in two places and is not hot.
#[inline(never)]
fn usual_thickness(groups: &[Group]) -> u32 {
    let area_up_to = |limit: u32| -> u32 {
        groups.iter().filter(|group| thickness(group) <= limit).map(|group| group.area).sum()
    };
    let all = area_up_to(u32::MAX);
    groups.iter().map(thickness).filter(|limit| area_up_to(*limit) * 2 >= all).min().unwrap_or_default()
}

/// The area per length, in 1/16 cell: that of a printed line is small beside those of digits.
fn thickness(group: &Group) -> u32 {
    group.area * 16 / u32::from(group.rect.longer_side()).max(1)
}

#[cfg(test)]
mod tests;
