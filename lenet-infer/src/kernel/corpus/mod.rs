//! Random layers on which the board's back end is compared with `portable`, on the core itself.
//!
//! A layer depends only on the number of its case, so every core sees the same layers. Weights are int8, int4 or, in fc1
//! and fc2, ternary; weights and activations lie at any address. There are rows of extreme weights, biases up to the
//! largest, requants of the whole range and all activation widths. Weights and activations are slices of one table in
//! flash, so that the smallest boards can run the comparison.

mod limits;

use super::portable::Portable;
use super::{Backend, FeatureRow, PATCH_SIDE, PooledRow, device};
use bytemuck::{AnyBitPattern, Zeroable};
use core::convert::Infallible;
use core::fmt;
use lenet_core::Requant;
use lenet_core::error::Layer;
use lenet_core::model::{Conv2, Fc3, Hidden, INT4, LayerWeights, MAX_BIAS, TERNARY, Weights};
use lenet_core::requant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS};
use lenet_core::shape::{FC2_OUTPUTS, MAX_CLASSES};

/// Number of cases that a check of a back end runs.
pub const CASES: u32 = 200;

/// The first output of a back end that differs from `portable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The layer.
    pub layer: Layer,
    /// The index of the output in memory order.
    pub output: usize,
    /// The value that the back end gives.
    pub found: i32,
    /// The value that `portable` gives.
    pub expected: i32,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, output, found, expected } = self;
        write!(f, "{layer}: output {output} is {found}, portable gives {expected}")
    }
}

/// Compares the board's back end with `portable` on one layer of each shape.
///
/// # Errors
///
/// The first output that differs.
pub fn check(case: u32) -> Result<(), Difference> {
    check_backend(device, case)
}

/// Compares a back end that needs no prepared weights with `portable`. `backend` is for a model with a given conv2.
fn check_backend<B: Backend<Prepared = ()>>(
    backend: impl Fn(&Conv2<'_>) -> B,
    case: u32,
) -> Result<(), Difference> {
    let draw = &mut Draw::new(case);
    hidden(draw, Layer::Conv2, |layer, draw, outputs| conv2(&backend, layer, draw, outputs))?;
    let layer = limits::conv2(case);
    compare_outputs(Layer::Conv2, |outputs| conv2(&backend, &layer, draw, outputs))?;
    let backend = backend(&layer);
    hidden(draw, Layer::Conv1, |layer, draw, [found, expected]| {
        let input = core::array::from_fn::<_, PATCH_SIDE, _>(|_| draw.activations());
        let mut row = B::Row::zeroed();
        backend.conv1_row(layer, &(), input, &mut row);
        *found = row.into();
        Portable.conv1_row(layer, &(), input, expected);
    })?;
    hidden(draw, Layer::Fc1, |layer, draw, [found, expected]| {
        let input = draw.activations();
        backend.fc1(layer, input, found);
        Portable.fc1(layer, input, expected);
    })?;
    hidden(draw, Layer::Fc2, |layer, draw, [found, expected]| {
        let input = draw.activations();
        backend.fc2(layer, input, found);
        Portable.fc2(layer, input, expected);
    })?;
    for classes in [2, 3, 4, 7, 10, MAX_CLASSES] {
        fc3(draw, classes, backend)?;
    }
    Ok(())
}

/// Computes a row of conv2, of drawn activations, by `backend` and by `portable`.
fn conv2<B: Backend<Prepared = ()>>(
    backend: &impl Fn(&Conv2<'_>) -> B,
    layer: &Conv2<'_>,
    draw: &mut Draw,
    [found, expected]: [&mut FeatureRow; 2],
) {
    let input = core::array::from_fn::<PooledRow, PATCH_SIDE, _>(|_| *draw.activations());
    let rows = input.map(B::Row::from);
    backend(layer).conv2_row(layer, &(), rows.each_ref(), found);
    Portable.conv2_row(layer, &(), input.each_ref(), expected);
}

/// Draws a hidden layer, lets `run` write the outputs of a back end and of `portable`, and compares them.
fn hidden<W: LayerWeights + DrawWeights, Output: bytemuck::Pod, const OUT: usize>(
    draw: &mut Draw,
    layer: Layer,
    run: impl Fn(&Hidden<'_, W, OUT>, &mut Draw, [&mut Output; 2]),
) -> Result<(), Difference> {
    let (biases, requants) = (draw.biases(OUT), draw.requants::<OUT>());
    let biases = biases.first_chunk().expect("no layer has more outputs");
    let bits = draw.activation_bits();
    let drawn = Hidden::new(layer, W::draw(draw), biases, &requants, bits).expect("all values are in range");
    compare_outputs(layer, |outputs| run(&drawn, draw, outputs))
}

/// Lets `run` write the outputs of a back end and of `portable`, and compares them.
fn compare_outputs<Output: bytemuck::Pod>(
    layer: Layer,
    run: impl FnOnce([&mut Output; 2]),
) -> Result<(), Difference> {
    let (mut found, mut expected) = (Output::zeroed(), Output::zeroed());
    run([&mut found, &mut expected]);
    compare(layer, bytemuck::bytes_of(&found), bytemuck::bytes_of(&expected))
}

/// Draws a last layer and compares the logits of a back end with those of `portable`.
fn fc3(draw: &mut Draw, classes: usize, backend: impl Backend) -> Result<(), Difference> {
    let biases = draw.biases(classes);
    let drawn = Fc3::new(draw.rows(classes), &biases[..classes]).expect("all values are in range");
    let input = draw.activations();
    let (mut found, mut expected) = ([0; MAX_CLASSES], [0; MAX_CLASSES]);
    backend.fc3(&drawn, input, &mut found[..classes]);
    Portable.fc3(&drawn, input, &mut expected[..classes]);
    compare(Layer::Fc3, &found, &expected)
}

fn compare<T: Copy + Into<i32>>(layer: Layer, found: &[T], expected: &[T]) -> Result<(), Difference> {
    for (output, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.into(), expected.into());
        if found != expected {
            return Err(Difference { layer, output, found, expected });
        }
    }
    Ok(())
}

/// The extremes as bytes: ink, the least and the largest int8 weight, two least and two largest int4 weights.
const EXTREMES: [u8; 5] = [0xFF, 0x80, 0x7F, 0x88, 0x77];
/// Number of repetitions of each extreme: three rows of the longest layer.
const RUN: usize = 3 * 256;
const TABLE_LEN: usize = EXTREMES.len() * RUN + 120 * 256;

/// The runs of extremes, then random bytes.
static TABLE: [u8; TABLE_LEN] = table();

const fn table() -> [u8; TABLE_LEN] {
    let mut table = [0; TABLE_LEN];
    let mut random = Draw(0x9E37_79B9);
    let mut index = 0;
    while index < TABLE_LEN {
        let extreme = index / RUN;
        table[index] = if extreme < EXTREMES.len() { EXTREMES[extreme] } else { random.word() as u8 };
        index += 1;
    }
    table
}

/// Marsaglia's 32-bit xorshift generator.
struct Draw(u32);

impl Draw {
    fn new(case: u32) -> Self {
        Self((case + 1).wrapping_mul(0x9E37_79B9))
    }

    const fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        self.word() as usize % bound
    }

    /// A slice of the table, which starts among the extremes one time in four.
    fn piece<T: AnyBitPattern>(&mut self) -> &'static T {
        let starts = TABLE_LEN - size_of::<T>() + 1;
        let at = if self.below(4) == 0 {
            self.below(starts.min(EXTREMES.len() * RUN))
        } else {
            self.below(starts)
        };
        bytemuck::from_bytes(&TABLE[at..at + size_of::<T>()])
    }

    /// A slice of the table, which is all ink one time in four.
    fn activations<T: AnyBitPattern>(&mut self) -> &'static T {
        if self.below(4) == 0 {
            let at = self.below(RUN - size_of::<T>() + 1);
            bytemuck::from_bytes(&TABLE[at..at + size_of::<T>()])
        } else {
            self.piece()
        }
    }

    /// The rows of weights of a last layer.
    fn rows(&mut self, classes: usize) -> Weights<'static, [[u8; FC2_OUTPUTS]], [[u8; FC2_OUTPUTS / 2]]> {
        if self.below(2) == 0 || !INT4 {
            Weights::Int8(&self.piece::<[[u8; FC2_OUTPUTS]; MAX_CLASSES]>()[..classes])
        } else {
            Weights::Int4(&self.piece::<[[u8; FC2_OUTPUTS / 2]; MAX_CLASSES]>()[..classes])
        }
    }

    /// Returns `count` biases of every magnitude up to the largest; the rest are 0.
    fn biases(&mut self, count: usize) -> [[u8; 4]; MAX_OUTPUTS] {
        let mut biases = [[0; 4]; MAX_OUTPUTS];
        for bytes in biases.iter_mut().take(count) {
            let bias = match self.below(16) {
                0 => MAX_BIAS,
                1 => -MAX_BIAS,
                _ => self.word() as i32 >> (10 + self.below(16)),
            };
            *bytes = bias.to_le_bytes();
        }
        biases
    }

    fn requants<const OUT: usize>(&mut self) -> [[u8; Requant::BYTES]; OUT] {
        core::array::from_fn(|_| {
            let [low, high, shift, _] = self.word().to_le_bytes();
            [low, high, shift % (Requant::MAX_PRE_SHIFT + 1)]
        })
    }

    fn activation_bits(&mut self) -> u8 {
        MIN_ACTIVATION_BITS + self.below(usize::from(MAX_ACTIVATION_BITS - MIN_ACTIVATION_BITS) + 1) as u8
    }
}

/// Outputs of the largest layer.
const MAX_OUTPUTS: usize = 120;

/// Weights that can be drawn.
trait DrawWeights {
    fn draw(draw: &mut Draw) -> Self;
}

impl<Int8: AnyBitPattern, Int4: AnyBitPattern> DrawWeights for Weights<'static, Int8, Int4, Infallible> {
    fn draw(draw: &mut Draw) -> Self {
        match draw.below(2) {
            1 if INT4 => Weights::Int4(draw.piece()),
            _ => Weights::Int8(draw.piece()),
        }
    }
}

impl<Int8: AnyBitPattern, Int4: AnyBitPattern, Ternary: AnyBitPattern> DrawWeights
    for Weights<'static, Int8, Int4, &'static Ternary>
{
    fn draw(draw: &mut Draw) -> Self {
        match draw.below(3) {
            1 if INT4 => Weights::Int4(draw.piece()),
            2 if TERNARY => Weights::Ternary(draw.piece()),
            _ => Weights::Int8(draw.piece()),
        }
    }
}

#[cfg(test)]
mod tests;
