//! Counts the pictures of which a model reads all digits right, prepared by `lenet_infer::picture`.

use std::fmt;
use std::ops::AddAssign;

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use lenet_infer::host::picture_file::GRID_SIDE;
use lenet_infer::picture::{Frame, Preparer};
use lenet_scenes::Scene;
use rayon::prelude::*;

use crate::reader::Reader;

/// A gray picture, and the digits that it shows, in reading order.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

impl From<Scene> for Picture {
    fn from(scene: Scene) -> Self {
        let labels = scene.digits.iter().map(|digit| digit.label).collect();
        Self { width: scene.width as usize, height: scene.height as usize, pixels: scene.pixels, labels }
    }
}

impl Picture {
    /// An image, `zoom` times as large.
    pub(crate) fn of_image(image: &[u8; IMAGE_PIXELS], label: u8, zoom: usize) -> Self {
        let side = IMAGE_SIDE * zoom;
        let pixel = |index: usize| image[index / side / zoom * IMAGE_SIDE + index % side / zoom];
        Self { width: side, height: side, pixels: (0..side * side).map(pixel).collect(), labels: vec![label] }
    }
}

/// How many pictures were read right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pictures: u32,
    /// Those with all digits found and read right, in order; of an empty picture, those without a confident digit.
    right: u32,
    /// Those in which no digit was found, or not the right number.
    missed: u32,
    /// Digits, found and read.
    digits: u32,
    confident: u32,
    confident_and_wrong: u32,
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.pictures += other.pictures;
        self.right += other.right;
        self.missed += other.missed;
        self.digits += other.digits;
        self.confident += other.confident;
        self.confident_and_wrong += other.confident_and_wrong;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pictures, right, missed, digits, confident, confident_and_wrong } = self;
        let share = 100.0 * f64::from(*right) / f64::from(*pictures).max(1.0);
        writeln!(f, "right                {right} of {pictures} pictures, {share:.2} %")?;
        writeln!(f, "not found            {missed} pictures without the right number of digits")?;
        write!(f, "confident            {confident} of {digits} digits, {confident_and_wrong} of them wrong")
    }
}

/// Scores one picture.
fn score(reader: &Reader, preparer: &mut Preparer<GRID_SIDE>, picture: &Picture) -> Score {
    let labels = picture.labels.as_slice();
    let frame = Frame::new(&picture.pixels, picture.width, picture.height)
        .expect("one byte per pixel, at most 4096 per side");
    let read = reader.read(preparer, &frame, labels.len() > 1);
    let confident = read.iter().filter(|(_, confident)| *confident).count() as u32;
    let found = read.len() == labels.len();
    let wrong = |((class, confident), label): &(&(u8, bool), &u8)| *confident && class != *label;
    // A digit is compared with its label only where all were found, since its place tells which label is its own.
    let wrong = if found { read.iter().zip(labels).filter(wrong).count() as u32 } else { 0 };
    let right = match labels {
        [] => confident == 0,
        labels => read.iter().map(|(class, _)| class).eq(labels),
    };
    let confident_and_wrong = if labels.is_empty() { confident } else { wrong };
    Score {
        pictures: 1,
        right: right.into(),
        missed: (!found).into(),
        digits: read.len() as u32,
        confident,
        confident_and_wrong,
    }
}

/// Scores `count` pictures on all cores. `draw` gives each by its number.
pub(crate) fn score_all(reader: &Reader, count: u64, draw: impl Fn(u64) -> Picture + Sync) -> Score {
    let add = |mut a: Score, b| {
        a += b;
        a
    };
    (0..count)
        .into_par_iter()
        .map_init(|| Box::new(Preparer::new()), |preparer, number| score(reader, preparer, &draw(number)))
        .reduce(Score::default, add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_infer::SHIPPED;
    use lenet_infer::host::idx::{self, LabeledImages, Part};
    use lenet_scenes::Limits;
    use std::path::Path;

    const READER: Reader = Reader::new(SHIPPED.model, false);

    fn digits() -> LabeledImages {
        idx::load(Path::new(crate::MNIST), Part::Test).expect("MNIST in the repository")
    }

    /// Scenes are the same everywhere, and so is what is read in them: a change that loses some is seen.
    #[test]
    fn scenes_of_one_digit_and_of_numbers_are_read_and_empty_ones_are_not() {
        let digits = digits();
        let singles =
            score_all(&READER, 200, |seed| lenet_scenes::single(&digits, &Limits::ALL, seed).into());
        assert!(singles.right >= 190 && singles.confident_and_wrong <= 2, "{singles}");
        let numbers = score_all(&READER, 60, |seed| lenet_scenes::number(&digits, &Limits::ALL, seed).into());
        assert!(numbers.right >= 50, "{numbers}");
        let empty = score_all(&READER, 300, |seed| lenet_scenes::empty(&Limits::ALL, seed).into());
        assert!(empty.right >= 299, "{empty}");
    }

    #[test]
    fn images_of_mnist_are_read_as_pictures_of_their_own_size_and_enlarged() {
        let digits = digits();
        for zoom in [1, 5] {
            let picture = |index: u64| {
                let index = index as usize;
                Picture::of_image(&digits.images[index], digits.labels[index], zoom)
            };
            let score = score_all(&READER, 1_000, picture);
            assert!(score.right >= 990, "{zoom} times: {score}");
        }
    }
}
