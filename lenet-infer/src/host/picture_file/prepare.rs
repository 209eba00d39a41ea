//! From a picture file to the image of its digit.

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::GrayPicture;
use crate::picture::{Digit, Frame, NoDigit, Opinion, Preparer, Step};

/// The side of the work grid on a host, in cells: enough to find a digit that is a twentieth of the picture. A preparer
/// with it takes 115 kB.
pub const GRID_SIDE: usize = 240;

/// What a picture became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The image that the file [holds already](GrayPicture::as_image).
    Unchanged([u8; IMAGE_PIXELS]),
    /// A digit that was found in the picture. Its rectangle is that in the file, turned as its camera noted.
    Digit(Digit),
}

impl Prepared {
    /// The image, for [`Engine::classify`](crate::Engine::classify).
    #[must_use]
    pub const fn image(&self) -> &[u8; IMAGE_PIXELS] {
        match self {
            Self::Unchanged(image) => image,
            Self::Digit(digit) => &digit.image,
        }
    }

    /// Whether it is a digit whose class [is a guess](Digit::is_guess).
    #[must_use]
    pub const fn is_guess(&self) -> bool {
        matches!(self, Self::Digit(digit) if digit.is_guess)
    }
}

/// Prepares the only digit of a picture, and shows `observe` the picture after each step. An image that a file holds
/// already is taken as it is.
///
/// # Errors
///
/// Returns the reason if there is no digit, or more than one.
///
/// # Example
///
/// ```
/// use lenet_infer::host::picture_file::{self, Prepared};
/// use lenet_infer::picture::Preparer;
///
/// # let path = std::env::temp_dir().join(format!("lenet-infer-prepare-{}.bmp", std::process::id()));
/// # image::GrayImage::from_fn(160, 120, |x, y| {
/// #     image::Luma([if (80..88).contains(&x) && (30..90).contains(&y) { 40 } else { 200 }])
/// # }).save(&path)?;
/// // A file with a dark stroke on light paper.
/// let picture = picture_file::read(&path)?;
/// let mut preparer = Box::new(Preparer::new());
/// let prepared = picture_file::prepare(&picture, &mut preparer, |_| {})?;
/// let Prepared::Digit(digit) = prepared else { panic!("not an image of MNIST") };
/// assert!(digit.rect.left.abs_diff(80) <= 2);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prepare(
    picture: &GrayPicture,
    preparer: &mut Preparer<GRID_SIDE>,
    observe: impl FnMut(Step<'_>),
) -> Result<Prepared, NoDigit> {
    prepare_by(picture, |frame| preparer.prepare_observed(frame, observe))
}

/// Prepares the only digit of a picture as [`prepare`] does, and looks again while a model is unsure of it, as
/// [`Preparer::prepare_best`] does.
///
/// # Errors
///
/// Returns the reason if there is no digit, or more than one.
pub fn prepare_best(
    picture: &GrayPicture,
    preparer: &mut Preparer<GRID_SIDE>,
    enough: u16,
    classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
) -> Result<Prepared, NoDigit> {
    prepare_by(picture, |frame| preparer.prepare_best(frame, enough, classify))
}

/// Prepares the only digit of a picture as [`prepare_best`] does, and shows `observe` the picture after each step of the look
/// that was chosen, which is taken once more for that.
///
/// # Errors
///
/// As [`prepare_best`].
pub fn prepare_best_observed(
    picture: &GrayPicture,
    preparer: &mut Preparer<GRID_SIDE>,
    enough: u16,
    classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
    observe: impl FnMut(Step<'_>),
) -> Result<Prepared, NoDigit> {
    prepare_by(picture, |frame| preparer.prepare_best_observed(frame, enough, classify, observe))
}

/// Takes the image that a file holds already, or else the digit that `find` gives, with its place in the file.
fn prepare_by<'p>(
    picture: &GrayPicture,
    find: impl FnOnce(&Frame<'_>) -> Result<&'p Digit, NoDigit>,
) -> Result<Prepared, NoDigit> {
    if let Some(image) = picture.as_image() {
        let blank = image.iter().all(|level| *level == image[0]);
        return if blank { Err(NoDigit::NoInk) } else { Ok(Prepared::Unchanged(*image)) };
    }
    let mut digit = find(&picture.frame())?.clone();
    digit.rect = picture.in_file(digit.rect);
    Ok(Prepared::Digit(digit))
}

/// Whether an image looks as MNIST's makers normalized theirs: light ink on black paper, in a box whose longer side has 20
/// pixels, with its center of mass in the middle.
#[must_use]
pub fn is_normalized(image: &[u8; IMAGE_PIXELS]) -> bool {
    let (mut columns, mut rows) = (Extent::NONE, Extent::NONE);
    for (index, &level) in (0..).zip(image).filter(|(_, level)| **level > 0) {
        columns.add(index % IMAGE_SIDE as u32, level.into());
        rows.add(index / IMAGE_SIDE as u32, level.into());
    }
    // A few have 19, as their faintest pixels were rounded to 0.
    let longer = columns.length().max(rows.length());
    let is_light = image.iter().any(|level| *level >= 192);
    is_light && (19..=20).contains(&longer) && columns.is_centered() && rows.is_centered()
}

/// How the ink lies in one direction.
#[derive(Clone, Copy)]
struct Extent {
    first: u32,
    end: u32,
    mass: u32,
    /// The sum of mass times place, in half pixels.
    moment: u32,
}

impl Extent {
    const NONE: Self = Self { first: u32::MAX, end: 0, mass: 0, moment: 0 };

    fn add(&mut self, place: u32, mass: u32) {
        self.first = self.first.min(place);
        self.end = self.end.max(place + 1);
        self.mass += mass;
        self.moment += mass * (2 * place + 1);
    }

    const fn length(self) -> u32 {
        self.end.saturating_sub(self.first)
    }

    /// Whether the center of mass is that of MNIST, the middle of pixel 14, to 5/8 of a pixel.
    const fn is_centered(self) -> bool {
        let middle = IMAGE_SIDE as u32 + 1;
        4 * self.moment.abs_diff(middle * self.mass) <= 5 * self.mass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use crate::host::idx::{self, Part};

    #[test]
    fn nearly_all_images_of_mnist_are_normalized() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lenet-train/data/mnist");
        let set = idx::load(&dir, Part::Test).unwrap();
        let normalized = set.images.iter().filter(|image| is_normalized(image)).count();
        assert!(normalized * 1_000 >= set.len() * 999, "{normalized}");
        let inverted = |image: &[u8; IMAGE_PIXELS]| image.map(|level| 255 - level);
        assert!(!set.images.iter().any(|image| is_normalized(&inverted(image))));
    }

    #[test]
    fn what_is_off_the_middle_or_of_another_size_is_not_normalized() {
        let stroke = |top: usize, height: usize, level: u8| {
            let mut image = [0; IMAGE_PIXELS];
            (top..top + height).for_each(|y| image[y * IMAGE_SIDE + 13..][..3].fill(level));
            image
        };
        assert!(is_normalized(&stroke(4, 20, 255)) && is_normalized(&stroke(5, 19, 255)));
        for (top, height, level) in [(3, 20, 255), (6, 18, 255), (3, 22, 255), (4, 20, 100), (4, 20, 0)] {
            assert!(!is_normalized(&stroke(top, height, level)), "{top}, {height}, {level}");
        }
    }
}
