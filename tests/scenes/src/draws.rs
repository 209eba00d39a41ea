//! The random numbers of a scene.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The random numbers of one scene, all drawn from its seed.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// Starts the numbers of `seed`. Each `stream` of a seed has its own.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Draws a number from 0 to below 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Draws a number from `range`, each as likely.
    pub(crate) fn within(&mut self, range: RangeInclusive<f32>) -> f32 {
        range.start() + self.unit() * (range.end() - range.start())
    }

    /// Draws an integer from `range`, each as likely but for a bias below one in a million.
    pub(crate) fn integer(&mut self, range: RangeInclusive<u32>) -> u32 {
        let choices = u64::from(range.end() - range.start()) + 1;
        range.start() + ((u64::from(self.0.next_u32()) * choices) >> 32) as u32
    }

    /// Returns true with the given probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Draws one of `choices`, which are not empty.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.integer(0..=choices.len() as u32 - 1) as usize]
    }

    /// Draws a direction: a vector of length 1.
    pub(crate) fn direction(&mut self) -> (f32, f32) {
        loop {
            let (x, y) = (self.within(-1.0..=1.0), self.within(-1.0..=1.0));
            let square = x * x + y * y;
            if (0.01..=1.0).contains(&square) {
                let length = square.sqrt();
                return (x / length, y / length);
            }
        }
    }

    /// Draws the seed of a [noise](crate::noise).
    pub(crate) fn noise_seed(&mut self) -> u32 {
        self.0.next_u32()
    }
}
