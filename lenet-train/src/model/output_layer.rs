//! The last layer, whose number of outputs is set at run time. That of dfdx's own `Linear` is part of its type.

use dfdx::nn::Module;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{
    BroadcastTo, Const, ConstDim, Device, Dim, Dtype, HasShape, PermuteTo, Storage, Tape, Tensor, TryAdd,
    TryMatMul,
};
use lenet_core::shape::{CLASSES, FC2_OUTPUTS};
use rand_distr::Uniform;

/// The number of classes as a dimension of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes(pub usize);

impl Dim for Classes {
    fn size(&self) -> usize {
        self.0
    }

    fn from_size(size: usize) -> Option<Self> {
        Some(Self(size))
    }
}

impl Default for Classes {
    fn default() -> Self {
        Self(Self::SIZE)
    }
}

/// dfdx visits only parameters whose shape has a constant size. Only its builder reads that size, and this layer is built
/// by [`OutputLayer::new`] instead.
impl ConstDim for Classes {
    const SIZE: usize = CLASSES;
}

/// The layer `fc3`: 84 inputs, one logit per class.
#[derive(Clone, Debug)]
pub struct OutputLayer<E: Dtype, D: Storage<E>> {
    /// The weights: classes x 84.
    pub weight: Tensor<(Classes, Const<FC2_OUTPUTS>), E, D>,
    /// The biases, one per class.
    pub bias: Tensor<(Classes,), E, D>,
}

impl<D: Device<f32>> OutputLayer<f32, D> {
    /// Creates a layer for `classes` classes. Its initial values are drawn as by [`Linear`](dfdx::nn::modules::Linear),
    /// uniformly within 1 / sqrt(84).
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn new(device: &D, classes: usize) -> Result<Self, D::Err> {
        let bound = 1.0 / (FC2_OUTPUTS as f32).sqrt();
        let mut weight = device.try_zeros_like(&(Classes(classes), Const))?;
        weight.try_fill_with_distr(Uniform::new(-bound, bound))?;
        let mut bias = device.try_zeros_like(&(Classes(classes),))?;
        bias.try_fill_with_distr(Uniform::new(-bound, bound))?;
        Ok(Self { weight, bias })
    }

    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        self.bias.shape().0.size()
    }
}

impl<E: Dtype, D: Device<E>> TensorCollection<E, D> for OutputLayer<E, D> {
    type To<E2: Dtype, D2: Device<E2>> = OutputLayer<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let (weight, bias) = (TensorOptions::reset_to_zeros(), TensorOptions::reset_to_zeros());
        visitor.visit_fields(
            (
                Self::tensor("weight", |layer| &layer.weight, |layer| &mut layer.weight, weight),
                Self::tensor("bias", |layer| &layer.bias, |layer| &mut layer.bias, bias),
            ),
            |(weight, bias)| OutputLayer { weight, bias },
        )
    }
}

impl<D: Device<f32>, T: Tape<f32, D>> Module<Tensor<(usize, Const<FC2_OUTPUTS>), f32, D, T>>
    for OutputLayer<f32, D>
{
    type Output = Tensor<(usize, Classes), f32, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        input: Tensor<(usize, Const<FC2_OUTPUTS>), f32, D, T>,
    ) -> Result<Self::Output, D::Err> {
        let transposed: Tensor<(Const<FC2_OUTPUTS>, Classes), f32, D, T> =
            self.weight.retaped::<T>().try_permute()?;
        let products = input.try_matmul(transposed)?;
        let shape = *products.shape();
        products.try_add(self.bias.retaped::<T>().try_broadcast_like(&shape)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::nn::BuildModule;
    use dfdx::nn::modules::Linear;
    use dfdx::prelude::Cpu;
    use dfdx::tensor::SampleTensor;
    use rand_distr::Standard;

    #[test]
    fn with_ten_classes_initial_values_and_outputs_are_bit_by_bit_those_of_dfdxs_own_layer() {
        let own = OutputLayer::new(&Cpu::seed_from_u64(5), 10).unwrap();
        let linear: Linear<FC2_OUTPUTS, 10, f32, Cpu> = BuildModule::build(&Cpu::seed_from_u64(5));
        assert_eq!((own.weight.as_vec(), own.bias.as_vec()), (linear.weight.as_vec(), linear.bias.as_vec()));
        let device = Cpu::seed_from_u64(6);
        let input: Tensor<(usize, Const<FC2_OUTPUTS>), f32, Cpu> = device.sample_like(&(7, Const), Standard);
        assert_eq!(own.forward(input.clone()).as_vec(), linear.forward(input).as_vec());
    }
}
