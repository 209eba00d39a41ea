//! Where in a picture a digit is.

use super::frame::Rect;
use super::grid::reduce::Scale;
use super::group::Group;

/// A digit that has been found and not yet prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The pixels of the picture that it covers.
    pub(super) place: Rect,
    /// The line of digits it stands in, from 0 at the top.
    pub(super) line: u8,
    /// Its parts on the grid of the whole picture; none if only a closer look tells it from its neighbors.
    pub(super) group: Option<Group>,
}

impl Spot {
    pub(super) const NONE: Self =
        Self { place: Rect { left: 0, top: 0, right: 0, bottom: 0 }, line: 0, group: None };

    /// Of a group on a grid of this scale.
    pub(super) fn new(group: Group, scale: Scale) -> Self {
        Self { place: scale.to_picture(group.rect), line: group.line, group: Some(group) }
    }

    /// Whether a part of the picture belongs to this digit, and not rather to one of its neighbors: slanted digits side by side
    /// reach into each other's rectangles.
    pub(super) fn has(&self, part: Rect, neighbors: &[Self]) -> bool {
        let common = self.place.common_area(part);
        neighbors.iter().all(|other| other.place.common_area(part) <= common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_belongs_to_the_digit_that_covers_most_of_it() {
        let rect = |left, right| Rect { left, top: 10, right, bottom: 30 };
        let [first, second] = [rect(10, 24), rect(18, 32)].map(|place| Spot { place, ..Spot::NONE });
        let both = [first, second];
        assert!(first.has(rect(10, 22), &both) && !second.has(rect(10, 22), &both));
        assert!(second.has(rect(20, 32), &both) && !first.has(rect(20, 32), &both));
        // What both cover alike is of both, and without neighbors there is no doubt.
        assert!(first.has(rect(19, 23), &both) && second.has(rect(19, 23), &both));
        assert!(second.has(rect(10, 22), &[]));
    }
}
