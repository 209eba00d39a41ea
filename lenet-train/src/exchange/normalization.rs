//! Normalization of pixels, folded into the first layer.

use super::ExchangeError;
use crate::model::weights::FloatWeights;
use lenet_core::shape::CONV1_TAPS;

/// Changes `conv1` so that a network that was trained on normalized pixels takes pixels from 0 to 1.
///
/// PyTorch's `transforms.Normalize((mean,), (std,))` gives the network `(x - mean) / std` for a pixel `x` from 0 to 1; for
/// MNIST they are usually 0.1307 and 0.3081. The network has no padding, so each output of `conv1` is
///
/// ```text
/// bias + sum of weight * (x - mean) / std  =  (bias - mean / std * sum of weight) + sum of (weight / std) * x
/// ```
///
/// over its 25 pixels. The new weights and biases are calculated in f64 and rounded to f32 once.
///
/// # Errors
///
/// [`ExchangeError::Normalization`], with `weights` as they were: `mean` is not within 0 to 1, `std` is not above 0 and up
/// to 1, or `std` is so small that a weight or a bias leaves f32.
///
/// # Panics
///
/// If `conv1` has another length than the network's.
pub fn fold_normalization(weights: &mut FloatWeights, mean: f64, std: f64) -> Result<(), ExchangeError> {
    let refused = |field, expected, found| Err(ExchangeError::Normalization { field, expected, found });
    if !(0.0..=1.0).contains(&mean) {
        return refused("mean", "a number from 0 to 1", mean);
    }
    if !(std > 0.0 && std <= 1.0) {
        return refused("std", "a number above 0 and up to 1", std);
    }
    let mut conv1 = weights.conv1.clone();
    assert_eq!(conv1.weight.len(), CONV1_TAPS * conv1.bias.len(), "numbers in conv1.weight");
    for (taps, bias) in conv1.weight.chunks_exact_mut(CONV1_TAPS).zip(&mut conv1.bias) {
        let sum: f64 = taps.iter().map(|&weight| f64::from(weight)).sum();
        *bias = (f64::from(*bias) - mean / std * sum) as f32;
        taps.iter_mut().for_each(|weight| *weight = (f64::from(*weight) / std) as f32);
    }
    if !conv1.weight.iter().chain(&conv1.bias).all(|number| number.is_finite()) {
        return refused("std", "a number that keeps the weights of conv1 within f32", std);
    }
    weights.conv1 = conv1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::test_weights::weights;

    const MEAN: f64 = 0.1307;
    const STD: f64 = 0.3081;

    /// An output channel of conv1 for a patch of 25 pixels, in f64, from the definition.
    fn output(weights: &FloatWeights, channel: usize, patch: &[f64; CONV1_TAPS]) -> f64 {
        let taps = &weights.conv1.weight[channel * CONV1_TAPS..][..CONV1_TAPS];
        let products = taps.iter().zip(patch).map(|(&weight, pixel)| f64::from(weight) * pixel);
        products.sum::<f64>() + f64::from(weights.conv1.bias[channel])
    }

    #[test]
    fn folded_weights_give_for_pixels_what_the_weights_gave_for_normalized_pixels() {
        let trained = weights(10);
        let mut folded = trained.clone();
        fold_normalization(&mut folded, MEAN, STD).unwrap();
        let patches = [[0.0; CONV1_TAPS], [1.0; CONV1_TAPS], std::array::from_fn(|tap| tap as f64 / 24.0)];
        for pixels in patches {
            let normalized = pixels.map(|pixel| (pixel - MEAN) / STD);
            for channel in 0..6 {
                let (expected, found) =
                    (output(&trained, channel, &normalized), output(&folded, channel, &pixels));
                // 26 numbers below 1 that were rounded to f32, each by at most 2^-25.
                assert!((found - expected).abs() < 26.0 / f64::from(1 << 25), "{found} {expected}");
            }
        }
        assert_eq!(FloatWeights { conv1: trained.conv1.clone(), ..folded }, trained);
    }

    #[test]
    fn folding_nothing_changes_nothing() {
        let mut folded = weights(10);
        fold_normalization(&mut folded, 0.0, 1.0).unwrap();
        assert_eq!(folded, weights(10));
    }

    #[test]
    fn what_is_not_the_normalization_of_pixels_is_refused_and_changes_nothing() {
        let mut network = weights(10);
        let refused = [
            (33.3, 0.3, "mean: expected a number from 0 to 1, found 33.3: "),
            (f64::NAN, 0.3, "mean: expected a number from 0 to 1, found NaN: "),
            (-0.1, 0.3, "mean: expected a number from 0 to 1, found -0.1: "),
            (0.1, 0.0, "std: expected a number above 0 and up to 1, found 0.0: "),
            (0.1, 78.6, "std: expected a number above 0 and up to 1, found 78.6: "),
            (0.1, f64::NAN, "std: expected a number above 0 and up to 1, found NaN: "),
            (
                0.1,
                1e-300,
                "std: expected a number that keeps the weights of conv1 within f32, found 1e-300: ",
            ),
            (
                0.0,
                5e-324,
                "std: expected a number that keeps the weights of conv1 within f32, found 5e-324: ",
            ),
        ];
        for (mean, std, expected) in refused {
            let message = fold_normalization(&mut network, mean, std).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
            assert!(message.ends_with("(MNIST: mean 0.1307, std 0.3081)"), "{message}");
        }
        assert_eq!(network, weights(10));
    }
}
