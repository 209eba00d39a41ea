//! Which parts of a picture belong to which digit, and in which order the digits are read.

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
/// Ruled lines, frames, and what lies along the edge are no digits, nor is what is small beside the largest. What the edge
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
    while let Some(fewer) = join_once(work.get_mut(..count).unwrap_or_default(), belong) {
        count = fewer;
    }
    let groups = work.get_mut(..count).unwrap_or_default();
    let tallest = tallest(groups);
    while let Some(fewer) =
        join_once(work.get_mut(..count).unwrap_or_default(), |a, b| are_halves(a, b, tallest))
    {
        count = fewer;
    }
    let count = drop_unlike(work.get_mut(..count).unwrap_or_default());
    let groups = work.get_mut(..count).unwrap_or_default();
    order(groups);
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

/// Moves the groups that are like the others to the front, and returns how many they are: at least two fifths of the usual
/// size, with strokes of at least a fifth of the usual thickness, and no flat bars.
fn drop_unlike(groups: &mut [Group]) -> usize {
    let size = |group: &Group| u32::from(group.rect.longer_side());
    let usual = usual_thickness(groups);
    let tallest =
        groups.iter().filter(|group| thickness(group) * 2 >= usual).map(size).max().unwrap_or_default();
    let mut kept = 0;
    for index in 0..groups.len() {
        let Some(group) = groups.get(index).copied() else { break };
        let is_bar = groups.len() > 1 && group.rect.height() * 3 <= group.rect.width();
        if size(&group) * 5 >= tallest * 2
            && thickness(&group) * 5 >= usual
            && !is_bar
            && let Some(place) = groups.get_mut(kept)
        {
            *place = group;
            kept += 1;
        }
    }
    kept
}

/// The median thickness of groups, each counted by its area.
fn usual_thickness(groups: &[Group]) -> u32 {
    let area = |groups: &mut dyn Iterator<Item = &Group>| groups.map(|group| group.area).sum::<u32>();
    let all = area(&mut groups.iter());
    let is_half =
        |limit: &u32| area(&mut groups.iter().filter(|group| thickness(group) <= *limit)) * 2 >= all;
    groups.iter().map(thickness).filter(is_half).min().unwrap_or_default()
}

/// The area per length, in 1/16 cell: that of a printed line is small beside those of digits.
fn thickness(group: &Group) -> u32 {
    group.area * 16 / u32::from(group.rect.longer_side()).max(1)
}

/// Joins the first two groups that are one digit, and returns how many groups are left.
fn join_once(groups: &mut [Group], belong: impl Fn(&Group, &Group) -> bool) -> Option<usize> {
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

/// Whether two groups are strokes of one digit: nearly touching but not side by side, one above the other, a bar above or
/// below a digit, or a small one close to a large one. Distances are in shares of the larger group's size.
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
    let overlap = if is_higher(small.rect, large.rect) { 8 } else { 2 };
    if is_bar(small.rect)
        && small.rect.width() * 2 <= large.rect.width() * 3
        && narrower <= -across * overlap
        && down * 4 <= size
    {
        return true;
    }
    small.area * 8 <= large.area && across * 8 <= size && down * 8 <= size
}

/// Whether two groups, one above the other, are shorter than a digit as tall as `tallest`, and together no taller.
fn are_halves(a: &Group, b: &Group, tallest: u16) -> bool {
    let both = a.rect.union(b.rect);
    let [across, _] = gaps(a.rect, b.rect);
    let narrower = i32::from(a.rect.width().min(b.rect.width()));
    a.rect.height().max(b.rect.height()) * 4 <= tallest * 3
        && both.height() * 8 <= tallest * 9
        && both.width() <= tallest
        && narrower <= across * -4
}

/// The height of the tallest group whose strokes are at least half as thick as usual.
fn tallest(groups: &[Group]) -> u16 {
    let usual = usual_thickness(groups);
    groups
        .iter()
        .filter(|group| thickness(group) * 2 >= usual)
        .map(|group| group.rect.height())
        .max()
        .unwrap_or_default()
}

/// Whether a box is flatter than a digit: the bar of a 5, or its lower end.
fn is_bar(rect: Rect) -> bool {
    rect.height() * 5 <= rect.width() * 3
}

/// Whether the center of one box is above that of another.
fn is_higher(rect: Rect, other: Rect) -> bool {
    rect.top + rect.bottom < other.top + other.bottom
}

/// Sorts digits into lines, and each line from left to right.
///
/// From left to right, each digit goes on in the line whose last digit is most level with it, or else begins a line. So a line
/// may be tilted.
fn order(groups: &mut [Group]) {
    sort(groups, |group| (0, group.rect.left));
    let mut lines = 0;
    for index in 0..groups.len() {
        let (before, rest) = groups.split_at_mut(index);
        let Some(group) = rest.first_mut() else { break };
        let last = |line: u8| before.iter().rfind(|other| other.line == line);
        let steps = (0..lines).filter_map(|line| Some((step(last(line)?, group)?, line)));
        group.line = steps.min().map_or(lines, |(_, line)| line);
        lines = lines.max(group.line + 1);
    }
    let mut ranks = [0; MAX_PARTS];
    for (line, rank) in (0..lines).zip(&mut ranks) {
        let is_higher = |other: &u8| (height(groups, *other), *other) < (height(groups, line), line);
        *rank = (0..lines).filter(is_higher).count() as u8;
    }
    for group in &mut *groups {
        group.line = ranks.get(usize::from(group.line)).copied().unwrap_or_default();
    }
    sort(groups, |group| (group.line, group.rect.left));
}

/// How far a digit is above or below the last one of a line, in half cells; `None` if that is too far for the next digit.
///
/// Their centers may be half of their mean height apart, and further where there is a gap between them, since lines are tilted.
fn step(last: &Group, next: &Group) -> Option<u16> {
    let (a, b) = (last.rect, next.rect);
    let step = (a.top + a.bottom).abs_diff(b.top + b.bottom);
    let heights = a.height() + b.height();
    let ahead = (b.left + b.right).saturating_sub(a.left + a.right).min(heights);
    (step * 4 <= heights * 2 + ahead).then_some(step)
}

/// The mean of the top and the bottom of a line's digits, from the top of the picture, in half cells.
fn height(groups: &[Group], line: u8) -> u32 {
    let digits = groups.iter().filter(|group| group.line == line);
    let (sum, count) = digits
        .fold((0, 0), |(sum, count), group| (sum + u32::from(group.rect.top + group.rect.bottom), count + 1));
    sum / count.max(1)
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
mod tests;
