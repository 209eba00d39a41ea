//! Random layers on which the board's back end is compared with `portable`, on the core itself.
//!
//! They follow from the number of the case alone, so they are the same on every core. Weights are int8 or int4 and,
//! as the activations, lie at any address; rows of extremes, biases up to the largest, every requant and every
//! activation width occur. So that the smallest boards can run it, weights and activations are pieces of one table
//! in flash.

use super::{PATCH_SIDE, Row, device, portable};
use bytemuck::AnyBitPattern;
use core::fmt;
use lenet_core::Requant;
use lenet_core::model::{Biases, Conv, Dense, Logits, MAX_BIAS, Requants, Weights};
use lenet_core::quant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS};

/// Cases that a check of a back end runs.
pub const CASES: u32 = 200;

/// Where a back end first parts from `portable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The layer's name.
    pub layer: &'static str,
    /// Index of the output, as it lies in memory.
    pub output: usize,
    /// What the back end gives.
    pub found: i32,
    /// What `portable` gives.
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
    let draw = &mut Draw::new(case);
    conv("conv1", draw, device::conv_pool_row::<1, 28, 12, 25, 3, 6>)?;
    conv("conv2", draw, device::conv_pool_row::<6, 12, 4, 150, 8, 16>)?;
    dense("fc1", draw, device::dense::<256, 128, 120>)?;
    dense("fc2", draw, device::dense::<120, 60, 84>)?;
    logits("logits of fc1's shape", draw, device::logits::<256, 128, 120>)?;
    logits("fc3 of 2 classes", draw, device::logits::<84, 42, 2>)?;
    logits("fc3 of 7 classes", draw, device::logits::<84, 42, 7>)?;
    logits("fc3 of 10 classes", draw, device::logits::<84, 42, 10>)
}

fn conv<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    name: &'static str,
    draw: &mut Draw,
    device: impl Fn(&Conv<'_, TAPS, PAIRS, OUT>, [&Row<IN, SIDE>; PATCH_SIDE], &mut Row<OUT, POOLED>),
) -> Result<(), Difference> {
    let (biases, requants) = (draw.biases(), draw.requants());
    let layer = Conv {
        weights: draw.weights(),
        biases: Biases::new(&biases),
        requants: Requants::new(&requants),
        activation_bits: draw.activation_bits(),
    };
    let input = core::array::from_fn(|_| draw.activations());
    let (mut found, mut expected) = ([[0; OUT]; POOLED], [[0; OUT]; POOLED]);
    portable::conv_pool_row(&layer, input, &mut expected);
    device(&layer, input, &mut found);
    compare(name, found.as_flattened(), expected.as_flattened())
}

fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    name: &'static str,
    draw: &mut Draw,
    device: impl Fn(&Dense<'_, IN, HALF, OUT>, &[u8; IN], &mut [u8; OUT]),
) -> Result<(), Difference> {
    let (biases, requants) = (draw.biases(), draw.requants());
    let layer = Dense {
        weights: draw.weights(),
        biases: Biases::new(&biases),
        requants: Requants::new(&requants),
        activation_bits: draw.activation_bits(),
    };
    let input = draw.activations();
    let (mut found, mut expected) = ([0; OUT], [0; OUT]);
    portable::dense(&layer, input, &mut expected);
    device(&layer, input, &mut found);
    compare(name, &found, &expected)
}

fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    name: &'static str,
    draw: &mut Draw,
    device: impl Fn(&Logits<'_, IN, HALF, OUT>, &[u8; IN], &mut [i32; OUT]),
) -> Result<(), Difference> {
    let biases = draw.biases();
    let layer = Logits { weights: draw.weights(), biases: Biases::new(&biases) };
    let input = draw.activations();
    let (mut found, mut expected) = ([0; OUT], [0; OUT]);
    portable::logits(&layer, input, &mut expected);
    device(&layer, input, &mut found);
    compare(name, &found, &expected)
}

fn compare<T: Copy + Into<i32>>(layer: &'static str, found: &[T], expected: &[T]) -> Result<(), Difference> {
    for (output, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.into(), expected.into());
        if found != expected {
            return Err(Difference { layer, output, found, expected });
        }
    }
    Ok(())
}

/// Each extreme, as bytes of ink, of int8 and of int4 weights.
const EXTREMES: [u8; 5] = [0xFF, 0x80, 0x7F, 0x88, 0x77];
/// How often each is repeated: three rows of the longest.
const RUN: usize = 3 * 256;
const TABLE_LEN: usize = EXTREMES.len() * RUN + 120 * 256;

/// The extremes, then random bytes.
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

    /// A piece of the table, one time in four from the extremes on.
    fn piece<T: AnyBitPattern>(&mut self) -> &'static T {
        let starts = TABLE_LEN - size_of::<T>() + 1;
        let at = if self.below(4) == 0 {
            self.below(starts.min(EXTREMES.len() * RUN))
        } else {
            self.below(starts)
        };
        bytemuck::from_bytes(&TABLE[at..at + size_of::<T>()])
    }

    /// A piece of the table, one time in four all ink.
    fn activations<T: AnyBitPattern>(&mut self) -> &'static T {
        if self.below(4) == 0 {
            let at = self.below(RUN - size_of::<T>() + 1);
            bytemuck::from_bytes(&TABLE[at..at + size_of::<T>()])
        } else {
            self.piece()
        }
    }

    fn weights<Int8: AnyBitPattern, Int4: AnyBitPattern>(&mut self) -> Weights<'static, Int8, Int4> {
        if self.below(2) == 0 { Weights::Int8(self.piece()) } else { Weights::Int4(self.piece()) }
    }

    /// Of every magnitude up to the largest.
    fn biases<const OUT: usize>(&mut self) -> [[u8; 4]; OUT] {
        core::array::from_fn(|_| {
            let bias = match self.below(16) {
                0 => MAX_BIAS,
                1 => -MAX_BIAS,
                _ => self.word() as i32 >> (10 + self.below(16)),
            };
            bias.to_le_bytes()
        })
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use core::cell::{Cell, RefCell};
    use std::collections::BTreeSet;

    #[test]
    fn the_back_end_of_this_build_equals_portable() {
        for case in 0..CASES {
            check(case).unwrap_or_else(|difference| panic!("case {case}: {difference}"));
        }
    }

    #[test]
    fn one_wrong_output_is_found() {
        let wrong = |layer: &Dense<'_, 120, 60, 84>, input: &[u8; 120], output: &mut [u8; 84]| {
            portable::dense(layer, input, output);
            output[83] ^= 1;
        };
        let difference = dense("fc2", &mut Draw::new(0), wrong).unwrap_err();
        assert_eq!((difference.output, difference.found), (83, difference.expected ^ 1));
    }

    #[test]
    fn activations_take_most_values_and_accumulators_their_extremes() {
        let (activations, least, largest) = (RefCell::new(BTreeSet::<u8>::new()), Cell::new(0), Cell::new(0));
        for case in 0..CASES {
            let fc1 = |layer: &Dense<'_, 256, 128, 120>, input: &[u8; 256], output: &mut [u8; 120]| {
                portable::dense(layer, input, output);
                activations.borrow_mut().extend(*output);
            };
            let sums = |layer: &Logits<'_, 256, 128, 120>, input: &[u8; 256], output: &mut [i32; 120]| {
                portable::logits(layer, input, output);
                for (sum, bias) in output.iter().zip(layer.biases.iter()) {
                    least.set(least.get().min(sum - bias));
                    largest.set(largest.get().max(sum - bias));
                }
            };
            dense("fc1", &mut Draw::new(case), fc1).unwrap();
            logits("logits", &mut Draw::new(case), sums).unwrap();
        }
        assert!(activations.into_inner().len() > 200);
        assert_eq!((least.get(), largest.get()), (256 * 255 * -128, 256 * 255 * 127));
    }
}
