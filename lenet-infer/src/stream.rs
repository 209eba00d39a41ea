//! Classification of an image that comes row by row, as a camera gives it.

use crate::kernel::{self, PATCH_SIDE, StreamMemory, WAITING};
use crate::prediction::Prediction;
use core::fmt;
use core::hint::black_box;
use core::marker::PhantomData;
use core::ops::Deref;
use lenet_core::Model;
use lenet_core::shape::{IMAGE_SIDE, POOL_SIDE, POOL1_SIDE};

/// A model that takes an image row by row and holds five of its rows at most.
///
/// It holds 768 bytes beside its model, or 1,204 on a Cortex-M4, M7 or M33, and with the stack 1.5 kB on a Cortex-M0, or 1.2 kB in a
/// small build.
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
///
/// # A model that the compiler knows
///
/// With [`Stream::of`], a model that is part of the program can be part of a type. Then the stream holds no reference to
/// it, and the compiler leaves out what this model does not need, the code for other widths of weights among it:
///
/// ```
/// use core::ops::Deref;
/// use lenet_infer::{Model, SHIPPED, Stream};
///
/// struct Shipped;
///
/// impl Deref for Shipped {
///     type Target = Model<'static>;
///
///     fn deref(&self) -> &Model<'static> {
///         &SHIPPED.model
///     }
/// }
///
/// let mut stream = Stream::of(Shipped);
/// assert!(stream.push(&[90; 28]).is_none());
/// ```
#[derive(Clone)]
pub struct Stream<'a, M = &'a Model<'a>> {
    model: M,
    /// The last five rows of the image, each at its index modulo five, the last pooled rows of conv1, each at its index modulo
    /// six, and the pooled rows of conv2.
    memory: StreamMemory,
    /// Rows of this image so far.
    taken: Count<WAITING>,
    /// Pooled rows of conv1 so far.
    pooled: Count<PATCH_SIDE>,
    borrowed: PhantomData<&'a ()>,
}

/// Rows so far, and the place of the next one in a ring of `PLACES`, which is that of the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count<const PLACES: usize> {
    rows: u8,
    place: u8,
}

impl<const PLACES: usize> Count<PLACES> {
    const ZERO: Self = Self { rows: 0, place: 0 };

    /// Counts a row and gives its place.
    fn next(&mut self) -> usize {
        let place = usize::from(self.place).min(PLACES - 1);
        self.rows = self.rows.wrapping_add(1);
        self.place = after::<PLACES>(place) as u8;
        place
    }

    /// Which window of six rows, two apart, the last row completed. `None` when it completed none.
    fn window(self) -> Option<usize> {
        let after = usize::from(self.rows).checked_sub(PATCH_SIDE)?;
        after.is_multiple_of(POOL_SIDE).then_some(after / POOL_SIDE)
    }

    /// The rows of a full ring, the oldest first, and `newest` after five.
    fn oldest_first<'r, T>(self, ring: &'r [T; PLACES], newest: &'r T) -> [&'r T; PATCH_SIDE] {
        let mut rows = [newest; PATCH_SIDE];
        let mut place = usize::from(self.place);
        let mut index = 0;
        while index < PLACES.min(PATCH_SIDE) {
            rows[index] = &ring[place.min(PLACES - 1)];
            place = after::<PLACES>(place);
            // Hidden, so that the loop is not unrolled.
            index = black_box(index + 1);
        }
        rows
    }
}

/// The place after `place` in a ring of `PLACES`.
const fn after<const PLACES: usize>(place: usize) -> usize {
    if place >= PLACES - 1 { 0 } else { place + 1 }
}

impl<'a> Stream<'a> {
    /// A stream for `model`, before the first row of an image.
    #[must_use]
    pub const fn new(model: &'a Model<'a>) -> Self {
        Self::with_memory(model, StreamMemory::new(model.conv2()))
    }
}

impl<'a, M: Deref<Target = Model<'a>>> Stream<'a, M> {
    /// A stream for a model that `model` leads to, before the first row of an image.
    ///
    /// `model` must lead to the same model each time. If it leads to another one, the logits are of neither.
    #[must_use]
    pub fn of(model: M) -> Self {
        let memory = StreamMemory::new(model.conv2());
        Self::with_memory(model, memory)
    }

    /// Takes the next row of the image: gray levels from left to right, 0 for paper to 255 for ink.
    ///
    /// The 28th row brings the prediction, and the row after it begins the next image.
    pub fn push(&mut self, row: &[u8; IMAGE_SIDE]) -> Option<Prediction<'_>> {
        let Self { model, memory, taken, pooled, .. } = self;
        let device = memory.device();
        let (ring, rows) = memory.ring_and_rows();
        let waiting = *taken;
        let place = taken.next();
        if taken.window().is_none() {
            rows[place] = *row;
            return None;
        }
        kernel::conv1_row(device, model.conv1(), waiting.oldest_first(rows, row), &mut ring[pooled.next()]);
        rows[place] = *row;
        let (ring, features) = memory.ring_and_features();
        let output = features.get_mut(pooled.window()?)?;
        kernel::conv2_row(device, model.conv2(), pooled.oldest_first(ring, &ring[0]), output);
        if usize::from(pooled.rows) < POOL1_SIDE {
            return None;
        }
        (*taken, *pooled) = (Count::ZERO, Count::ZERO);
        let logits = kernel::dense_layers(model, memory);
        Some(Prediction::new(logits, model.confidence()))
    }
}

impl<M> Stream<'_, M> {
    const fn with_memory(model: M, memory: StreamMemory) -> Self {
        Self { model, memory, taken: Count::ZERO, pooled: Count::ZERO, borrowed: PhantomData }
    }

    /// Forgets the rows taken so far, so that the next row is the first of an image.
    pub const fn restart(&mut self) {
        (self.taken, self.pooled) = (Count::ZERO, Count::ZERO);
    }
}

/// Without the activations.
impl<'a, M: Deref<Target = Model<'a>>> fmt::Debug for Stream<'a, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("model", &*self.model)
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
    fn a_stream_holds_768_bytes_beside_its_model() {
        assert!(size_of::<Stream<'_>>() - size_of::<&Model<'_>>() <= 768);
    }
}
