//! Random numbers that are the same on every machine and in every release: streams of ChaCha8.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// Starts stream `number` of a seed. The `purpose` keeps the streams of different users of one seed apart.
    ///
    /// # Panics
    ///
    /// Panics if `purpose` is longer than 24 bytes.
    pub(crate) fn new(seed: u64, purpose: &str, number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..8 + purpose.len()].copy_from_slice(purpose.as_bytes());
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(number);
        Draws(stream)
    }

    /// Draws uniformly from `-limit` to `limit`.
    pub(crate) fn within(&mut self, limit: f64) -> f32 {
        limit as f32 * (self.0.next_u32() as i32 as f32 / 2_f32.powi(31))
    }

    /// Draws uniformly from 0 to below 1.
    pub(crate) fn unit(&mut self) -> f32 {
        // 24 bits, which an f32 holds exactly.
        (self.0.next_u32() >> 8) as f32 / 2_f32.powi(24)
    }

    /// Draws uniformly from `least` to `most`.
    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.unit()
    }

    /// Draws `true` with this probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Draws an integer of `0..count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }

    /// Draws an element.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Draws an element, each as often as its weight says.
    ///
    /// # Panics
    ///
    /// Panics if there is no weight above 0.
    pub(crate) fn weighted<'a, T>(&mut self, choices: &'a [T], weight: impl Fn(&T) -> u8) -> &'a T {
        let weights = || choices.iter().map(|choice| usize::from(weight(choice)));
        let mut left = self.below(weights().sum());
        for (choice, weight) in choices.iter().zip(weights()) {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return choice,
            }
        }
        panic!("expected a weight above 0")
    }

    /// Draws from about the standard normal distribution, limited to 3.5: the scaled sum of four uniform draws.
    pub(crate) fn normal(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.within(1.0)).sum();
        // A uniform draw from -1 to 1 has variance 1/3.
        sum * 0.75_f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_never_change() {
        let mut draws = Draws::new(7, "test", 3);
        let drawn = (draws.within(2.0), draws.unit(), draws.below(1000));
        assert_eq!(drawn, (-0.57866436, 0.8393143, 515));
    }

    #[test]
    fn purposes_and_numbers_have_streams_of_their_own() {
        let first = |seed, purpose, number| Draws::new(seed, purpose, number).unit();
        let draws = [first(1, "a", 0), first(1, "b", 0), first(1, "a", 1), first(2, "a", 0)];
        for (index, draw) in draws.iter().enumerate() {
            assert!(!draws[..index].contains(draw), "{draws:?}");
        }
    }

    #[test]
    fn draws_lie_in_their_ranges_and_about_in_their_middle() {
        let draws = &mut Draws::new(1, "test", 0);
        let mean = |draw: &mut dyn FnMut() -> f32| (0..10_000).map(|_| draw()).sum::<f32>() / 10_000.0;
        assert!((mean(&mut || draws.unit()) - 0.5).abs() < 0.02);
        assert!((mean(&mut || draws.between(2.0, 4.0)) - 3.0).abs() < 0.04);
        assert!(mean(&mut || draws.within(1.0)).abs() < 0.04);
        assert!((mean(&mut || draws.normal().powi(2)) - 1.0).abs() < 0.05);
        assert!((mean(&mut || draws.below(5) as f32) - 2.0).abs() < 0.1);
        assert!(
            (mean(&mut || *draws.weighted(&[0.0, 1.0], |choice| 1 + 2 * *choice as u8)) - 0.75).abs() < 0.02
        );
    }
}
