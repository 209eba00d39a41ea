//! Reading order: lines from the top, each from left to right.

use super::{Group, MAX_PARTS};

/// Sorts digits into lines, and each line from left to right.
///
/// From left to right, each digit goes on in the line whose last digit is most level with it, or else begins a line. So a line
/// may be tilted.
///
/// The groups are in line 0 before.
pub(super) fn order(groups: &mut [Group]) {
    sort(groups);
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
    sort(groups);
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
/// Sorts a few groups by line, and each line from left to right, by insertion. The standard library's sorts recurse, and for a few
/// need more code than this.
// Never inlined, since it is called in two places and is not hot.
#[inline(never)]
pub(super) fn sort(groups: &mut [Group]) {
    let place = |group: &Group| (group.line, group.rect.left);
    for end in 1..groups.len() {
        for later in (1..=end).rev() {
            if let Some([before, after]) = groups.get_mut(later - 1..=later)
                && place(before) > place(after)
            {
                core::mem::swap(before, after);
            }
        }
    }
}
