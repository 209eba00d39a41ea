//! Rounding of f32 tensors to integers, built from dfdx's own operations, which include neither rounding nor floor.

use dfdx::prelude::{Device, Shape, Tensor, TryAdd, TryMul, TrySub};

/// 1.5 * 2^23: adding it to a number of magnitude below 2^22 rounds that number to an integer.
const ROUNDER: f32 = 12_582_912.0;
/// The number of fractional bits that [`floor`] distinguishes.
const FRACTION_BITS: i32 = 16;

/// Rounds to the nearest integers, ties to even. Valid for magnitudes below 2^22.
pub(crate) fn nearest<S: Shape, D: Device<f32>>(x: Tensor<S, f32, D>) -> Result<Tensor<S, f32, D>, D::Err> {
    x.try_add(ROUNDER)?.try_sub(ROUNDER)
}

/// Rounds down to integers. Valid for magnitudes below 2^22 with at most 16 fractional bits.
pub(crate) fn floor<S: Shape, D: Device<f32>>(x: Tensor<S, f32, D>) -> Result<Tensor<S, f32, D>, D::Err> {
    let nearest = nearest(x.clone())?;
    // 1 where the nearest integer is above `x`, which then is by at least one unit of the last fractional bit.
    let above = nearest.clone().try_sub(x)?.try_mul(2_f32.powi(FRACTION_BITS))?.try_clamp(0.0, 1.0)?;
    nearest.try_sub(above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{Cpu, TensorFromVec};

    #[test]
    fn nearest_and_floor_match_the_standard_library() {
        let mut numbers = vec![0.0, 65_535.998, 4_194_303.5, -4_194_303.5];
        for integer in [-3.0, 0.0, 1.0, 2.0, 255.0, 65_535.0, 1_000_001.0] {
            for fraction in [0.0, 2_f32.powi(-16), 0.25, 0.5, 0.75, 1.0 - 2_f32.powi(-16)] {
                numbers.push(integer + fraction);
            }
        }
        let device = Cpu::default();
        let tensor = || device.tensor_from_vec(numbers.clone(), (numbers.len(),));
        let expected = |rule: fn(f32) -> f32| numbers.iter().map(|&x| rule(x)).collect::<Vec<_>>();
        assert_eq!(nearest(tensor()).unwrap().as_vec(), expected(f32::round_ties_even));
        assert_eq!(floor(tensor()).unwrap().as_vec(), expected(f32::floor));
    }
}
