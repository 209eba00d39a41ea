//! Whether the ink is darker than the paper.
//!
//! The picture is taken both ways, and what the removal of light keeps is compared. Ink is thin: it has many edges for its
//! mass, while the paper between two strokes or between the lines of squared paper has as many edges and more mass.

use super::plane::Plane;

/// How many times as likely dark ink is before the picture is seen.
const DARK: u64 = 3;
/// The bits of an energy that are compared, so that a product of all fits in 64 bits.
const BITS: u32 = 12;

/// What the removal of light keeps of a picture if its ink has one polarity.
pub(super) struct Kept {
    /// The energy of the edges.
    pub(super) edges: u64,
    /// The sum of the levels of ink.
    pub(super) mass: u32,
}

/// The sum of the levels.
pub(super) fn mass(plane: &Plane<'_>) -> u32 {
    plane.cells.iter().map(|level| u32::from(*level)).sum()
}

/// Whether the ink of a picture of `cells` cells is dark, given what is kept if it is `dark` and if it is `light`, and the sum
/// of the gray levels.
///
/// The squared energy per mass is compared, weighted with the light and the dark of the whole picture, which is mostly paper.
pub(super) fn is_dark(dark: &Kept, light: &Kept, brightness: u32, cells: usize) -> bool {
    let shift = (u64::BITS - (dark.edges | light.edges).leading_zeros()).saturating_sub(BITS);
    let square = |kept: &Kept| (kept.edges >> shift) * (kept.edges >> shift);
    let cells = (cells as u32).max(1);
    let mean = u64::from(brightness / cells).min(255);
    square(dark) * u64::from(light.mass + 1) * (DARK * mean + 1)
        > square(light) * u64::from(dark.mass + 1) * (256 - mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: usize = 576;

    fn kept(edges: u64, mass: u32) -> Kept {
        Kept { edges, mass }
    }

    #[test]
    fn of_as_many_edges_those_of_less_ink_are_kept() {
        // Dark lines on paper of medium gray, and the paper between them.
        let (lines, paper) = (kept(50_000, 9_000), kept(60_000, 60_000));
        assert!(is_dark(&lines, &paper, 128 * CELLS as u32, CELLS));
        assert!(!is_dark(&paper, &lines, 128 * CELLS as u32, CELLS));
    }

    #[test]
    fn in_doubt_the_ink_of_a_light_picture_is_dark_and_of_a_dark_one_light() {
        let [one, other] = [kept(40_000, 9_000), kept(40_000, 9_000)];
        assert!(is_dark(&one, &other, 180 * CELLS as u32, CELLS));
        assert!(!is_dark(&one, &other, 30 * CELLS as u32, CELLS));
    }

    #[test]
    fn energies_of_any_size_are_compared() {
        let most = u64::from(u32::MAX);
        let mass = u32::from(u8::MAX) * 255 * 255;
        for brightness in [0, mass] {
            assert!(is_dark(&kept(most, 1), &kept(1, mass), brightness, 255 * 255));
            assert!(!is_dark(&kept(1, mass), &kept(most, 1), brightness, 255 * 255));
            assert!(!is_dark(&kept(0, 0), &kept(0, 0), brightness, 255 * 255));
        }
    }
}
