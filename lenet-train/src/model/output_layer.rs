//! The last layer. dfdx's own `Linear` has its number of outputs in its type; here it follows the data.

use dfdx::nn::Module;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{
    BroadcastTo, Const, ConstDim, Device, Dim, Dtype, HasShape, PermuteTo, Storage, Tape, Tensor, TryAdd,
    TryMatMul,
};
use lenet_core::shape::{CLASSES, FC2_OUTPUTS};
use rand_distr::Uniform;

/// The number of classes, as an axis of a tensor.
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

/// dfdx walks only over parameters whose shape has a default. Only its builder reads that, and the layer is built by
/// [`OutputLayer::new`].
impl ConstDim for Classes {
    const SIZE: usize = CLASSES;
}

/// `fc3`: 84 inputs to one logit a class.
#[derive(Clone, Debug)]
pub struct OutputLayer<E: Dtype, D: Storage<E>> {
    /// classes x 84.
    pub weight: Tensor<(Classes, Const<FC2_OUTPUTS>), E, D>,
    /// One a class.
    pub bias: Tensor<(Classes,), E, D>,
}

impl<D: Device<f32>> OutputLayer<f32, D> {
    /// A layer of so many classes with initial values drawn as [`Linear`](dfdx::nn::modules::Linear) draws them:
    /// uniform within 1 / sqrt(84).
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub fn new(device: &D, classes: usize) -> Result<Self, D::Err> {
        let bound = 1.0 / (FC2_OUTPUTS as f32).sqrt();
        let mut weight = device.try_zeros_like(&(Classes(classes), Const))?;
        weight.try_fill_with_distr(Uniform::new(-bound, bound))?;
        let mut bias = device.try_zeros_like(&(Classes(classes),))?;
        bias.try_fill_with_distr(Uniform::new(-bound, bound))?;
        Ok(Self { weight, bias })
    }

    /// Number of classes.
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
    fn ten_classes_begin_and_answer_bit_by_bit_as_dfdxs_own_layer() {
        let own = OutputLayer::new(&Cpu::seed_from_u64(5), 10).unwrap();
        let linear: Linear<FC2_OUTPUTS, 10, f32, Cpu> = BuildModule::build(&Cpu::seed_from_u64(5));
        assert_eq!((own.weight.as_vec(), own.bias.as_vec()), (linear.weight.as_vec(), linear.bias.as_vec()));
        let device = Cpu::seed_from_u64(6);
        let input: Tensor<(usize, Const<FC2_OUTPUTS>), f32, Cpu> = device.sample_like(&(7, Const), Standard);
        assert_eq!(own.forward(input.clone()).as_vec(), linear.forward(input).as_vec());
    }
}
