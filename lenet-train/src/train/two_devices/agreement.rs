//! How well two devices agree, as a row of a table.

use super::cases::Case;
use super::outcome::{FullBatch, Outcome};
use std::fmt;

/// The largest difference between two losses, in nats.
const LOSS_LIMIT: f64 = 1e-3;
/// The largest number of predictions that differ.
const PREDICTIONS_LIMIT: usize = 2;

/// How well the CPU and CUDA agree in a case.
pub(super) struct Agreement {
    name: &'static str,
    /// The loss on the held-out images, on the CPU and on CUDA.
    held_out: [f64; 2],
    loss_difference: f64,
    /// The distance between the gradients, relative to their size.
    gradient_difference: f64,
    gradient_limit: f64,
    /// `None` if the case has no integers.
    integers: Option<usize>,
    predictions: usize,
    /// Whether the quantization and the loss of a full-batch step in integers are the same.
    same_integer_step: bool,
}

impl Agreement {
    pub(super) const HEADER: &str = "\
        | case | loss CPU | loss CUDA | difference | gradients | integers | predictions |\n\
        |---|---|---|---|---|---|---|";

    pub(super) fn new(case: &Case, cpu: &Outcome, cuda: &Outcome) -> Self {
        let losses = cpu.losses.iter().zip(&cuda.losses);
        let [on_cpu, on_cuda] = [&cpu.full_batch, &cuda.full_batch];
        Self {
            name: case.name,
            held_out: [cpu.losses[1], cuda.losses[1]],
            loss_difference: losses.map(|(cpu, cuda)| (cpu - cuda).abs()).fold(0.0, larger),
            gradient_difference: distance(&on_cpu.gradients, &on_cuda.gradients),
            gradient_limit: case.gradient_limit,
            integers: on_cpu.quantization.is_some().then(|| {
                on_cpu.integers.iter().zip(&on_cuda.integers).map(|(cpu, cuda)| different(cpu, cuda)).sum()
            }),
            predictions: different(&cpu.predictions, &cuda.predictions),
            same_integer_step: same_integer_step(on_cpu, on_cuda),
        }
    }

    /// Returns in what the devices do not agree.
    pub(super) fn problems(&self) -> Vec<String> {
        let &Self {
            name, loss_difference, gradient_difference, gradient_limit, integers, predictions, ..
        } = self;
        let checks = [
            // A NaN is within no limit.
            (loss_difference <= LOSS_LIMIT, format!("losses within {LOSS_LIMIT}, found {loss_difference}")),
            (
                gradient_difference <= gradient_limit,
                format!("gradients within {gradient_limit}, found {gradient_difference}"),
            ),
            (integers.unwrap_or(0) == 0, format!("the same integers, found {integers:?} that differ")),
            (self.same_integer_step, "the same quantization and loss of a step in integers".to_owned()),
            (
                predictions <= PREDICTIONS_LIMIT,
                format!("at most {PREDICTIONS_LIMIT} predictions that differ, found {predictions}"),
            ),
        ];
        let failed = checks.into_iter().filter(|(holds, _)| !holds);
        failed.map(|(_, expected)| format!("{name}: expected {expected}")).collect()
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self { name, held_out: [cpu, cuda], loss_difference, gradient_difference, .. } = self;
        let integers = self.integers.map_or("-".to_owned(), |count| count.to_string());
        let predictions = self.predictions;
        write!(f, "| {name} | {cpu:.5} | {cuda:.5} | {loss_difference:.1e} ")?;
        write!(f, "| {gradient_difference:.1e} | {integers} | {predictions} |")
    }
}

/// The larger number, or NaN if one is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a >= b { a } else { b }
}

/// In integers both devices compute exactly, so the logits of a step are the same, and with them its loss.
fn same_integer_step(cpu: &FullBatch, cuda: &FullBatch) -> bool {
    cpu.quantization == cuda.quantization && (cpu.quantization.is_none() || cpu.loss == cuda.loss)
}

/// The number of places in which two lists of the same length differ.
fn different<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// The norm of the difference, relative to the norm of `expected`.
fn distance(expected: &[f32], found: &[f32]) -> f64 {
    assert_eq!(expected.len(), found.len());
    let norm =
        |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|number| number * number).sum::<f64>().sqrt();
    let differences = expected.iter().zip(found).map(|(a, b)| f64::from(*a) - f64::from(*b));
    norm(&mut { differences }) / norm(&mut expected.iter().map(|&number| f64::from(number)))
}
