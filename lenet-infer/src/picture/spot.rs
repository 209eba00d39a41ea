//! Where in a picture a digit is.

use super::frame::Rect;
use super::grid::reduce::Scale;
use super::group::Group;

/// A digit that has been found and not yet prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Its parts on the grid of the whole picture. Without parts, if only a closer look tells it from its neighbors: then the
    /// rectangle is in pixels of the picture.
    group: Group,
}

impl Spot {
    pub(super) const NONE: Self = Self { group: Group::NONE };

    /// With these parts on the grid of the whole picture.
    pub(super) const fn of(group: Group) -> Self {
        Self { group }
    }

    /// At these pixels of the picture, beside neighbors with which it has run together on the grid of the whole picture.
    pub(super) const fn apart(place: Rect, line: u8) -> Self {
        Self { group: Group::without_parts(place, line) }
    }

    /// The line of digits it stands in, from 0 at the top.
    pub(super) const fn line(&self) -> u8 {
        self.group.line
    }

    /// Its parts on the grid of the whole picture, if they are no other digit's.
    pub(super) fn group(&self) -> Option<Group> {
        self.group.has_parts().then_some(self.group)
    }

    /// The pixels of the picture that it covers. `scale` is that of the grid of the whole picture.
    pub(super) fn place(&self, scale: Scale) -> Rect {
        if self.group.has_parts() { scale.to_picture(self.group.rect) } else { self.group.rect }
    }

    /// Whether a part of the picture belongs to this digit, and not rather to one of its neighbors: slanted digits side by side
    /// reach into each other's rectangles.
    pub(super) fn has(&self, part: Rect, neighbors: &[Self], scale: Scale) -> bool {
        let common = self.place(scale).common_area(part);
        neighbors.iter().all(|other| other.place(scale).common_area(part) <= common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_belongs_to_the_digit_that_covers_most_of_it() {
        let rect = |left, right| Rect { left, top: 10, right, bottom: 30 };
        let both = [rect(10, 24), rect(18, 32)].map(|place| Spot::apart(place, 0));
        let have = |part| both.map(|spot| spot.has(part, &both, Scale::EMPTY));
        assert_eq!(have(rect(10, 22)), [true, false]);
        assert_eq!(have(rect(20, 32)), [false, true]);
        // What both cover alike is of both, and without neighbors there is no doubt.
        assert_eq!(have(rect(19, 23)), [true, true]);
        assert!(both[1].has(rect(10, 22), &[], Scale::EMPTY));
    }
}
