//! Which groups of strokes are one digit.

use super::{Group, Rect, Wanted, gaps, largest, usual_thickness};

/// Joins the groups that are one digit, and returns how many are left, at the front.
///
/// If all digits of a picture are wanted, their size tells what are two halves of one. Beside an only digit they may be remains.
pub(super) fn join(groups: &mut [Group], wanted: Wanted) -> usize {
    let count = join_all(groups, 0);
    if wanted == Wanted::One {
        return count;
    }
    let groups = groups.get_mut(..count).unwrap_or_default();
    join_all(groups, largest(groups, usual_thickness(groups), Rect::height))
}

/// Joins groups until no two belong together beside a digit as tall as `tallest`, and returns how many are left.
// Never inlined, since it is called in two places and is not hot.
#[inline(never)]
fn join_all(groups: &mut [Group], tallest: u16) -> usize {
    let mut count = groups.len();
    while let Some(fewer) = join_once(groups.get_mut(..count).unwrap_or_default(), tallest) {
        count = fewer;
    }
    count
}

/// Joins the first two groups that belong together, and returns how many groups are left.
fn join_once(groups: &mut [Group], tallest: u16) -> Option<usize> {
    let count = groups.len();
    for a in 0..count {
        for b in a + 1..count {
            let (Some(first), Some(second)) = (groups.get(a).copied(), groups.get(b).copied()) else {
                continue;
            };
            if !belong(&first, &second) && !are_halves(&first, &second, tallest) {
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
/// below a digit and no wider than its size, or a small one close to a large one. Distances are in shares of the larger group's size.
pub(super) fn belong(a: &Group, b: &Group) -> bool {
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
        && small.rect.width() <= large.rect.longer_side()
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

/// Whether a box is flatter than a digit: the bar of a 5, or its lower end.
fn is_bar(rect: Rect) -> bool {
    rect.height() * 5 <= rect.width() * 3
}

/// Whether the center of one box is above that of another.
fn is_higher(rect: Rect, other: Rect) -> bool {
    rect.top + rect.bottom < other.top + other.bottom
}
