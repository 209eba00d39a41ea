//! Classification of an image that comes row by row, as a camera gives it.

use crate::kernel::{self, ImageRow, PATCH_SIDE, Scratch};
use crate::prediction::Prediction;
use core::fmt;
use lenet_core::Model;
use lenet_core::shape::{IMAGE_SIDE, POOL_SIDE, POOL1_SIDE};

/// A model that takes an image row by row and holds six of its rows at most.
///
/// The logits are those of [`Engine::classify`](crate::Engine::classify). The work is spread over the rows: every second
/// row, from the sixth on, completes a pooled row of the first convolution, and the last row the answer.
///
/// # Example
///
/// ```
/// use lenet_infer::{Engine, SHIPPED, Stream};
///
/// let image = [[90; 28]; 28];
/// let mut stream = Stream::new(&SHIPPED.model);
/// let (last, rows) = image.split_last().unwrap();
/// for row in rows {
///     assert!(stream.push(row).is_none());
/// }
/// let prediction = stream.push(last);
/// let mut engine = Engine::new(&SHIPPED.model);
/// assert_eq!(prediction, Some(engine.classify(image.as_flattened().try_into().unwrap())));
/// ```
#[derive(Clone)]
pub struct Stream<'a> {
    model: &'a Model<'a>,
    /// The last rows of the image, each at its index modulo six.
    rows: [ImageRow; PATCH_SIDE],
    /// The last pooled rows of conv1, each at its index modulo six, and the pooled rows of conv2.
    scratch: Scratch,
    /// Rows of this image so far.
    taken: Count,
    /// Pooled rows of conv1 so far.
    pooled: Count,
}

/// Rows so far, and the place of the next one in a ring of six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    rows: u8,
    place: u8,
}

impl Count {
    const ZERO: Self = Self { rows: 0, place: 0 };

    /// Counts a row and gives its place.
    fn next(&mut self) -> usize {
        let place = self.place.min(PATCH_SIDE as u8 - 1);
        self.rows = self.rows.wrapping_add(1);
        self.place = if usize::from(place) == PATCH_SIDE - 1 { 0 } else { place + 1 };
        usize::from(place)
    }

    /// Which window of six rows, two apart, the last row completed. `None` when it completed none.
    fn window(self) -> Option<usize> {
        let after = usize::from(self.rows).checked_sub(PATCH_SIDE)?;
        after.is_multiple_of(POOL_SIDE).then_some(after / POOL_SIDE)
    }

    /// The six rows of a full ring, the oldest first.
    fn oldest_first<T>(self, ring: &[T; PATCH_SIDE]) -> [&T; PATCH_SIDE] {
        core::array::from_fn(|row| &ring[kernel::place(usize::from(self.place) + row)])
    }
}

impl<'a> Stream<'a> {
    /// A stream for `model`, before the first row of an image.
    #[must_use]
    pub const fn new(model: &'a Model<'a>) -> Self {
        Self {
            model,
            rows: [[0; IMAGE_SIDE]; PATCH_SIDE],
            scratch: Scratch::new(model.conv2()),
            taken: Count::ZERO,
            pooled: Count::ZERO,
        }
    }

    /// Takes the next row of the image: grey levels from left to right, 0 for paper to 255 for ink.
    ///
    /// The 28th row brings the prediction, and the row after it begins the next image.
    pub fn push(&mut self, row: &[u8; IMAGE_SIDE]) -> Option<Prediction<'_>> {
        self.rows[self.taken.next()] = *row;
        self.taken.window()?;
        let place = self.pooled.next();
        let device = self.scratch.device();
        let (ring, features) = self.scratch.of_device();
        kernel::conv1_row(device, self.model.conv1(), self.taken.oldest_first(&self.rows), &mut ring[place]);
        let window = self.pooled.window()?;
        let output = features.get_mut(window)?;
        kernel::conv2_row(device, self.model.conv2(), self.pooled.oldest_first(ring), output);
        if usize::from(self.pooled.rows) < POOL1_SIDE {
            return None;
        }
        self.restart();
        let logits = kernel::dense_layers(self.model, &mut self.scratch);
        Some(Prediction::new(logits, self.model.confidence()))
    }

    /// Forgets the rows taken so far, so that the next row is the first of an image.
    pub const fn restart(&mut self) {
        (self.taken, self.pooled) = (Count::ZERO, Count::ZERO);
    }
}

/// Without the activations.
impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("model", self.model)
            .field("rows", &self.taken.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{Engine, SHIPPED, SHIPPED_INT4};
    use proptest::prelude::*;
    use std::vec::Vec;

    fn push_all(stream: &mut Stream<'_>, image: &[u8; 784]) -> Option<Vec<i32>> {
        let (rows, _) = image.as_chunks::<28>();
        let (last, rows) = rows.split_last().unwrap();
        assert!(rows.iter().all(|row| stream.push(row).is_none()), "a prediction before the last row");
        stream.push(last).map(|prediction| prediction.logits.to_vec())
    }

    proptest! {
        #[test]
        fn a_stream_gives_what_the_engine_gives_image_after_image(
            images in proptest::collection::vec(proptest::array::uniform32(any::<[u8; 32]>()), 3),
            torn in 0..28_usize,
            int4 in any::<bool>(),
        ) {
            let model = if int4 { &SHIPPED_INT4.model } else { &SHIPPED.model };
            let (mut stream, mut engine) = (Stream::new(model), Engine::new(model));
            for image in images {
                let image: &[u8; 784] = image.as_flattened().first_chunk().unwrap();
                for row in image.as_chunks::<28>().0.iter().take(torn) {
                    stream.push(row);
                }
                stream.restart();
                let expected = Some(engine.classify(image).logits.to_vec());
                prop_assert_eq!(push_all(&mut stream, image), expected.clone());
                prop_assert_eq!(push_all(&mut stream, image), expected);
            }
        }
    }

    #[test]
    fn a_stream_holds_864_bytes_beside_its_model() {
        assert!(size_of::<Stream<'_>>() - size_of::<&Model<'_>>() <= 864);
    }
}
