//! The optimizers, SGD with momentum and AdamW, with a state that can be saved and restored exactly.
//!
//! dfdx's own optimizers do not give access to their moments. These call the same kernels, but store the moments in buffers
//! that can be read and written.

#[cfg(test)]
mod tests;

use crate::backend::cpu::flush_subnormals;
use crate::model::network::{Layers, Network};
use crate::model::weights::{Affine, FloatWeights};
use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorRef,
};
use dfdx::optim::{AdamConfig, Momentum, SgdConfig, WeightDecay};
use dfdx::prelude::{Cpu, CpuError, Gradients, HasShape, Shape, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of steps between two flushes of subnormal moments to 0.
///
/// The moments of a weight whose gradient stays 0 shrink in each step until they are subnormal, and never reach 0 because
/// of rounding. Arithmetic with subnormal numbers is slow.
const FLUSH_STEPS: u32 = 64;

/// The algorithm of the optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Stochastic gradient descent with momentum; weight decay is an L2 penalty, as in PyTorch.
    Sgd,
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019); betas 0.9 and 0.999.
    #[value(name = "adamw")]
    AdamW,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Sgd => "sgd",
            Algorithm::AdamW => "adamw",
        })
    }
}

/// The optimizer and its hyperparameters. Weight decay does not apply to biases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The algorithm (`--optimizer`).
    #[serde(rename = "optimizer")]
    pub algorithm: Algorithm,
    /// Momentum of SGD, 0 to below 1. AdamW ignores it.
    pub momentum: f64,
    /// Weight decay, 0 to 10.
    pub weight_decay: f64,
}

/// The state of an optimizer as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Number of steps taken.
    pub steps: u32,
    /// SGD: the velocity. AdamW: the mean of the gradients.
    pub first_moment: FloatWeights,
    /// SGD: zeros. AdamW: the mean of the squared gradients.
    pub second_moment: FloatWeights,
}

/// An optimizer on the CPU, with its state.
pub struct Optimizer {
    rule: Rule,
    steps: u32,
    // `Gradients` is dfdx's map from each parameter to a buffer of the same size.
    first_moment: Gradients<f32, Cpu>,
    second_moment: Gradients<f32, Cpu>,
}

impl Optimizer {
    /// Creates an optimizer that has taken no step.
    pub fn new(rule: Rule) -> Self {
        Optimizer { rule, steps: 0, first_moment: Gradients::leaky(), second_moment: Gradients::leaky() }
    }

    /// Updates the parameters of `network` by one step.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub fn step(
        &mut self,
        network: &mut Network,
        gradients: &mut Gradients<f32, Cpu>,
        learning_rate: f64,
    ) -> Result<(), CpuError> {
        self.steps += 1;
        let mut update = Update { optimizer: self, gradients, learning_rate };
        Layers::iter_tensors(&mut RecursiveWalker { m: &mut network.layers, f: &mut update }).map(drop)
    }

    /// Returns the state as plain numbers.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub fn state(&mut self, network: &Network) -> Result<OptimizerState, CpuError> {
        Ok(OptimizerState {
            steps: self.steps,
            first_moment: read(&mut self.first_moment, network)?,
            second_moment: read(&mut self.second_moment, network)?,
        })
    }

    /// Restores a saved state.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    ///
    /// # Panics
    ///
    /// Panics if a tensor of the state has another length than in the network.
    pub fn restore(&mut self, state: &OptimizerState, network: &Network) -> Result<(), CpuError> {
        self.steps = state.steps;
        write(&mut self.first_moment, network, &state.first_moment)?;
        write(&mut self.second_moment, network, &state.second_moment)
    }
}

struct Update<'a> {
    optimizer: &'a mut Optimizer,
    gradients: &'a mut Gradients<f32, Cpu>,
    learning_rate: f64,
}

impl TensorVisitor<f32, Cpu> for Update<'_> {
    type Viewer = ViewTensorMut;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        parameter: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        let Rule { algorithm, momentum, weight_decay } = self.optimizer.rule;
        let decays = weight_decay > 0.0 && S::NUM_DIMS > 1;
        let gradient = self.gradients.get_or_alloc_mut(parameter)?;
        let first = self.optimizer.first_moment.get_or_alloc_mut(parameter)?;
        match algorithm {
            Algorithm::Sgd => SgdConfig {
                lr: self.learning_rate,
                momentum: Some(Momentum::Classic(momentum)),
                weight_decay: decays.then_some(WeightDecay::L2(weight_decay)),
            }
            .try_update(parameter, first, gradient)?,
            Algorithm::AdamW => {
                let second = self.optimizer.second_moment.get_or_alloc_mut(parameter)?;
                let weight_decay = decays.then_some(WeightDecay::Decoupled(weight_decay));
                let config = AdamConfig { lr: self.learning_rate, weight_decay, ..Default::default() };
                config.try_update(self.optimizer.steps as i32, parameter, first, second, gradient)?;
                if self.optimizer.steps.is_multiple_of(FLUSH_STEPS) {
                    flush_subnormals(second);
                }
            }
        }
        if self.optimizer.steps.is_multiple_of(FLUSH_STEPS) {
            flush_subnormals(first);
        }
        Ok(None)
    }
}

/// Reads the buffers of a network's parameters, in the order of the layers.
pub(crate) fn read(buffers: &mut Gradients<f32, Cpu>, network: &Network) -> Result<FloatWeights, CpuError> {
    let mut visitor = Read { buffers, values: Vec::new() };
    Layers::iter_tensors(&mut RecursiveWalker { m: &network.layers, f: &mut visitor })?;
    let mut values = visitor.values.into_iter();
    let mut next = || values.next().expect("ten parameters");
    let mut affine = || Affine { weight: next(), bias: next() };
    Ok(FloatWeights { conv1: affine(), conv2: affine(), fc1: affine(), fc2: affine(), fc3: affine() })
}

struct Read<'a> {
    buffers: &'a mut Gradients<f32, Cpu>,
    values: Vec<Vec<f32>>,
}

impl TensorVisitor<f32, Cpu> for Read<'_> {
    type Viewer = ViewTensorRef;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        parameter: &Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        self.values.push(self.buffers.get_or_alloc_mut(parameter)?.to_vec());
        Ok(None)
    }
}

/// Writes the buffers of a network's parameters, in the order of the layers.
pub(crate) fn write(
    buffers: &mut Gradients<f32, Cpu>,
    network: &Network,
    values: &FloatWeights,
) -> Result<(), CpuError> {
    let values = values.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    let mut visitor = Write { buffers, values };
    Layers::iter_tensors(&mut RecursiveWalker { m: &network.layers, f: &mut visitor }).map(drop)
}

struct Write<'a, I> {
    buffers: &'a mut Gradients<f32, Cpu>,
    values: I,
}

impl<'v, I: Iterator<Item = &'v Vec<f32>>> TensorVisitor<f32, Cpu> for Write<'_, I> {
    type Viewer = ViewTensorRef;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, f32, Cpu>,
        parameter: &Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        let values = self.values.next().expect("ten parameters");
        assert_eq!(values.len(), parameter.shape().num_elements(), "saved values of one parameter");
        self.buffers.get_or_alloc_mut(parameter)?.copy_from_slice(values);
        Ok(None)
    }
}
