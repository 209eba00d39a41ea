//! Classification of a picture that comes row by row, as a camera gives it.

use crate::engine;
use crate::kernel::{self, Features, PATCH_SIDE, Ring, Row};
use crate::prediction::Prediction;
use bytemuck::{must_cast_mut, must_cast_ref};
use lenet_core::Model;
use lenet_core::shape::{CLASSES, IMAGE_CHANNELS, IMAGE_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_LEN};

/// A model that takes a picture row by row and never holds more than six of its rows.
///
/// The logits are those of [`Engine::classify`](crate::Engine::classify), and the work is spread over the rows: each
/// second row from the sixth on brings a pooled row of the first convolution, the last one the answer.
///
/// # Example
///
/// ```
/// use lenet_infer::{Engine, SHIPPED_MODEL, Stream, decode};
///
/// let model = decode(SHIPPED_MODEL)?;
/// let image = [[90; 28]; 28];
/// let mut stream = Stream::new(model);
/// let mut prediction = None;
/// for row in &image {
///     prediction = stream.push(row);
/// }
/// assert_eq!(prediction, Some(Engine::new(model).classify(image.as_flattened().try_into().unwrap())));
/// # Ok::<(), lenet_infer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream<'a, const C: usize = CLASSES> {
    model: Model<'a, C>,
    /// The last rows of the picture, at their index modulo six.
    rows: [Row<IMAGE_CHANNELS, IMAGE_SIDE>; PATCH_SIDE],
    /// The last pooled rows of conv1, at their index modulo six; later the outputs of fc1.
    ring: [u8; size_of::<Ring>()],
    /// The output of conv2; later that of fc2.
    features: [u8; POOL2_LEN],
    /// Rows of this picture so far.
    taken: Count,
    /// Pooled rows of conv1 so far.
    pooled: Count,
}

/// Rows so far, and the place in a ring of six for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    rows: u8,
    place: u8,
}

impl Count {
    const ZERO: Self = Self { rows: 0, place: 0 };

    /// Counts a row in and gives its place.
    fn next(&mut self) -> usize {
        let place = self.place.min(PATCH_SIDE as u8 - 1);
        self.rows = self.rows.wrapping_add(1);
        self.place = if usize::from(place) == PATCH_SIDE - 1 { 0 } else { place + 1 };
        usize::from(place)
    }

    /// Which window of six rows, two apart, the last row completed; `None` where it completed none.
    fn window(self) -> Option<usize> {
        let after = usize::from(self.rows).checked_sub(PATCH_SIDE)?;
        after.is_multiple_of(POOL_SIDE).then_some(after / POOL_SIDE)
    }

    /// The last six rows, the oldest first, where the ring is full.
    fn oldest_first<T>(self, ring: &[T; PATCH_SIDE]) -> [&T; PATCH_SIDE] {
        core::array::from_fn(|row| &ring[kernel::place(usize::from(self.place) + row)])
    }
}

impl<'a, const C: usize> Stream<'a, C> {
    /// A stream for `model`, before the first row of a picture.
    pub const fn new(model: Model<'a, C>) -> Self {
        Self {
            model,
            rows: [[[0; IMAGE_CHANNELS]; IMAGE_SIDE]; PATCH_SIDE],
            ring: [0; size_of::<Ring>()],
            features: [0; POOL2_LEN],
            taken: Count::ZERO,
            pooled: Count::ZERO,
        }
    }

    /// Takes the next row of the picture: grey levels from left to right, 0 for paper to 255 for ink. The 28th row
    /// brings the prediction, and the row after it begins the next picture.
    pub fn push(&mut self, row: &[u8; IMAGE_SIDE]) -> Option<Prediction<C>> {
        self.rows[self.taken.next()] = *must_cast_ref(row);
        self.taken.window()?;
        let ring: &mut Ring = must_cast_mut(&mut self.ring);
        let place = self.pooled.next();
        kernel::conv_pool_row(&self.model.conv1, self.taken.oldest_first(&self.rows), &mut ring[place]);
        let window = self.pooled.window()?;
        let features: &mut Features = must_cast_mut(&mut self.features);
        kernel::conv_pool_row(&self.model.conv2, self.pooled.oldest_first(ring), features.get_mut(window)?);
        if usize::from(self.pooled.rows) < POOL1_SIDE {
            return None;
        }
        self.restart();
        Some(engine::classify_features(&self.model, &mut self.ring, &mut self.features))
    }

    /// Forgets the rows taken so far, so that the next one is a picture's first.
    pub fn restart(&mut self) {
        (self.taken, self.pooled) = (Count::ZERO, Count::ZERO);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{Engine, SHIPPED_MODEL, decode};
    use proptest::prelude::*;

    fn push_all(stream: &mut Stream<'_>, image: &[u8; 784]) -> Option<Prediction> {
        let (rows, _) = image.as_chunks::<28>();
        let (last, rows) = rows.split_last().unwrap();
        assert!(rows.iter().all(|row| stream.push(row).is_none()), "a prediction before the last row");
        stream.push(last)
    }

    proptest! {
        #[test]
        fn a_stream_gives_what_the_engine_gives_picture_after_picture(
            pictures in proptest::collection::vec(proptest::array::uniform32(any::<[u8; 32]>()), 3),
            torn in 0..28_usize,
        ) {
            let model = decode(SHIPPED_MODEL).unwrap();
            let (mut stream, mut engine) = (Stream::new(model), Engine::new(model));
            for picture in pictures {
                let image: &[u8; 784] = picture.as_flattened().first_chunk().unwrap();
                for row in image.as_chunks::<28>().0.iter().take(torn) {
                    stream.push(row);
                }
                stream.restart();
                prop_assert_eq!(push_all(&mut stream, image), Some(engine.classify(image)));
                prop_assert_eq!(push_all(&mut stream, image), Some(engine.classify(image)));
            }
        }
    }

    #[test]
    fn a_stream_holds_less_than_1000_bytes() {
        assert!(size_of::<Stream<'_>>() - size_of::<Model<'_>>() <= 864);
    }
}
