//! The order of the layers and the memory between them, for every back end.
//!
//! conv2 needs six pooled rows of conv1 at a time, so only six are kept, in a ring.

use super::{Backend, Device, FeatureRow, Features, Image, ImageRow, PATCH_SIDE, Ring, SMALL, device};
use bytemuck::must_cast_mut;
use core::hint::black_box;
use lenet_core::Model;
use lenet_core::model::Conv2;
use lenet_core::shape::{
    FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_SIDE, MAX_CLASSES, POOL_SIDE, POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};

/// Size of the ring in 32-bit words.
pub(super) const RING_WORDS: usize = RING_BYTES / size_of::<i32>();
/// Size of the features in 32-bit words.
pub(super) const FEATURES_WORDS: usize = POOL2_LEN / size_of::<i32>();
/// Size of the ring in bytes. All back ends of one target have rows of the same size.
const RING_BYTES: usize = size_of::<Ring<Device>>();

const _: () = {
    assert!(RING_BYTES.is_multiple_of(size_of::<i32>()) && POOL2_LEN.is_multiple_of(size_of::<i32>()));
    assert!(FC1_OUTPUTS <= RING_BYTES && FC2_OUTPUTS <= POOL2_LEN && MAX_CLASSES <= RING_WORDS);
    // `place` subtracts at most once, and the input has every row that the driver asks for.
    assert!(POOL1_SIDE <= 2 * PATCH_SIDE);
    assert!(POOL_SIDE * (POOL1_SIDE - 1) + PATCH_SIDE == IMAGE_SIDE);
    assert!(POOL_SIDE * (POOL2_SIDE - 1) + PATCH_SIDE <= POOL1_SIDE);
};

/// The scratch memory of one classification. Successive layers write to its two parts in turn.
#[derive(Clone)]
pub(crate) struct Scratch {
    /// The ring of six pooled rows of conv1, 12x6 each; later the 120 outputs of fc1; later the logits.
    first: [i32; RING_WORDS],
    /// The pooled output of conv2, 4x4x16; later the 84 outputs of fc2.
    second: [u8; POOL2_LEN],
    /// The back end for the model.
    device: Device,
}

impl Scratch {
    /// The memory to run a model with this second convolution.
    pub(crate) const fn new(conv2: &Conv2<'_>) -> Self {
        Self { first: [0; RING_WORDS], second: [0; POOL2_LEN], device: device(conv2) }
    }

    /// The back end of the target for the model.
    #[inline(always)]
    pub(crate) const fn device(&self) -> Device {
        self.device
    }

    /// The memory as the convolutions use it: the ring, and the pooled output of conv2.
    #[inline(always)]
    fn for_convolutions<B: Backend>(&mut self) -> (&mut Ring<B>, &mut Features) {
        (must_cast_mut(&mut self.first), must_cast_mut(&mut self.second))
    }
}

/// Runs all layers on `image` and returns the logits, which lie in `scratch`.
#[inline(always)]
pub(super) fn classify<'s, B: Backend>(
    backend: B,
    model: &Model<'_>,
    image: &Image,
    scratch: &'s mut Scratch,
) -> &'s [i32] {
    let (ring, features) = scratch.for_convolutions::<B>();
    convolutions(backend, model, &mut Apart { image, ring, features });
    dense_layers_in(backend, model, &mut scratch.first, &mut scratch.second)
}

/// Where the rows of one classification lie.
pub(super) trait Rows<B: Backend> {
    /// The place of pooled row number `pooled` of conv1, and the six rows of the image that it depends on.
    fn first(&mut self, pooled: usize) -> (&mut B::Row, &[ImageRow; PATCH_SIDE]);

    /// The ring of conv1's pooled rows, and the place of row `y` of the features.
    fn second(&mut self, y: usize) -> (&Ring<B>, &mut FeatureRow);
}

/// The rows of an image and of activations that lie apart from it.
struct Apart<'a, B: Backend> {
    image: &'a Image,
    ring: &'a mut Ring<B>,
    features: &'a mut Features,
}

impl<B: Backend> Rows<B> for Apart<'_, B> {
    #[inline(always)]
    fn first(&mut self, pooled: usize) -> (&mut B::Row, &[ImageRow; PATCH_SIDE]) {
        (&mut self.ring[place(pooled)], image_rows(self.image, pooled))
    }

    #[inline(always)]
    fn second(&mut self, y: usize) -> (&Ring<B>, &mut FeatureRow) {
        // Clamped so that no bounds check is needed.
        (self.ring, &mut self.features[y.min(POOL2_SIDE - 1)])
    }
}

/// Runs both convolutions with their pools, row by row.
#[inline(always)]
pub(super) fn convolutions<B: Backend>(backend: B, model: &Model<'_>, rows: &mut impl Rows<B>) {
    let prepared = backend.prepare(model);
    let mut pooled = 0_usize;
    while pooled < POOL1_SIDE {
        let (output, input) = rows.first(pooled);
        conv1_row(backend, model, &prepared, input, output);
        // Hidden, so that the loop is not unrolled: that takes more code and more stack. So the compiler does not see either that
        // nothing overflows: hence a wrapping addition.
        pooled = black_box(pooled.wrapping_add(1));
        // Every second row, from the sixth on, completes the input of a row of features.
        let Some(first) = pooled.checked_sub(PATCH_SIDE) else { continue };
        if first.is_multiple_of(POOL_SIDE) {
            let (ring, output) = rows.second(first / POOL_SIDE);
            conv2_row(backend, model, &prepared, ring, first, output);
        }
    }
}

/// Computes a pooled row of conv1 from the six image rows that it depends on.
///
/// This function and [`conv2_row`] are not inlined, so that the stack holds the locals of only one of them at a time.
#[inline(never)]
fn conv1_row<B: Backend>(
    backend: B,
    model: &Model<'_>,
    prepared: &B::Prepared,
    input: &[ImageRow; PATCH_SIDE],
    output: &mut B::Row,
) {
    backend.conv1_row(model.conv1(), prepared, input.each_ref(), output);
}

/// Computes one pooled row of conv2 from rows `first` to `first + 5` of the pooled output of conv1.
#[inline(never)]
fn conv2_row<B: Backend>(
    backend: B,
    model: &Model<'_>,
    prepared: &B::Prepared,
    ring: &Ring<B>,
    first: usize,
    output: &mut FeatureRow,
) {
    // From one row to the next, so that a small core has registers enough.
    let mut next = first;
    let mut following = || {
        let at = place(next);
        next = at + 1;
        &ring[at]
    };
    let input = if SMALL { in_a_loop(following) } else { core::array::from_fn(|_| following()) };
    backend.conv2_row(model.conv2(), prepared, input, output);
}

/// What `next` gives one after the other, in a loop that the compiler does not unroll.
#[inline(always)]
fn in_a_loop<T: Copy>(mut next: impl FnMut() -> T) -> [T; PATCH_SIDE] {
    let mut all = [next(); PATCH_SIDE];
    let mut index = 1;
    while index < PATCH_SIDE {
        all[index] = next();
        index = black_box(index + 1);
    }
    all
}

/// Runs the fully-connected layers on the features in `second` and returns the logits, which lie in `first`.
#[inline(never)] // Keeps its locals off the stack while the convolutions run.
pub(super) fn dense_layers_in<'s>(
    backend: impl Backend,
    model: &Model<'_>,
    first: &'s mut [i32; RING_WORDS],
    second: &mut [u8; POOL2_LEN],
) -> &'s [i32] {
    let ring_bytes: &mut [u8; RING_BYTES] = must_cast_mut(first);
    backend.fc1(model.fc1(), second, prefix_mut(ring_bytes));
    backend.fc2(model.fc2(), prefix(ring_bytes), prefix_mut(second));
    // Clamped so that no bounds check is needed.
    let logits = &mut first[..model.classes().min(RING_WORDS)];
    backend.fc3(model.fc3(), prefix(second), logits);
    logits
}

/// The ring of conv1's pooled rows at the start of a memory of words, and the features of conv2 after it.
#[inline(always)]
pub(super) fn ring_and_features<const WORDS: usize>(
    words: &mut [i32; WORDS],
) -> (&mut [i32; RING_WORDS], &mut Features) {
    const { assert!(WORDS >= RING_WORDS + FEATURES_WORDS) };
    let (ring, rest) = words.split_at_mut(RING_WORDS);
    match (ring.first_chunk_mut(), rest.first_chunk_mut::<FEATURES_WORDS>()) {
        (Some(ring), Some(features)) => (ring, must_cast_mut(features)),
        _ => unreachable!(),
    }
}

/// The index in the ring of a pooled row of conv1: `row` modulo six, for `row` below twelve.
///
/// A subtraction, because a small core calls a function to divide. Clamped so that no bounds check is needed.
#[inline(always)]
pub(super) fn place(row: usize) -> usize {
    let row = if row < PATCH_SIDE { row } else { row - PATCH_SIDE };
    row.min(PATCH_SIDE - 1)
}

/// The six rows of the image that pooled row number `pooled` of conv1 depends on. Clamped so that no bounds check is needed.
/// Wrapping, because the compiler does not see the bound that is asserted above.
#[inline(always)]
fn image_rows(image: &Image, pooled: usize) -> &[ImageRow; PATCH_SIDE] {
    let first = POOL_SIDE.wrapping_mul(pooled).min(IMAGE_SIDE - PATCH_SIDE);
    match image[first..].first_chunk() {
        Some(rows) => rows,
        None => unreachable!(),
    }
}

/// The first `N` of `M` bytes. `N <= M` is checked at compile time.
#[inline(always)]
fn prefix<const N: usize, const M: usize>(bytes: &[u8; M]) -> &[u8; N] {
    const { assert!(N <= M) };
    match bytes.first_chunk() {
        Some(prefix) => prefix,
        None => unreachable!(),
    }
}

/// The first `N` of `M` bytes, to write to. `N <= M` is checked at compile time.
#[inline(always)]
fn prefix_mut<const N: usize, const M: usize>(bytes: &mut [u8; M]) -> &mut [u8; N] {
    const { assert!(N <= M) };
    match bytes.first_chunk_mut() {
        Some(prefix) => prefix,
        None => unreachable!(),
    }
}
