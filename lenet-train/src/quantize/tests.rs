use super::*;
use crate::weights::LAYERS;

/// Small weights of both signs that differ from one another.
fn weights() -> FloatWeights {
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut layers = LAYERS.map(|(_, outputs, taps)| Affine {
        weight: (0..outputs * taps).map(|_| next()).collect(),
        bias: (0..outputs).map(|_| next()).collect(),
    });
    let [conv1, conv2, fc1, fc2, fc3] = layers.each_mut().map(std::mem::take);
    FloatWeights { conv1, conv2, fc1, fc2, fc3 }
}

fn quantized(weights: &FloatWeights) -> QuantizedModel {
    quantize_weights(weights, [4.0, 8.0, 16.0, 16.0], Provenance::default()).unwrap()
}

#[test]
fn each_channels_largest_weight_becomes_127() {
    let quantized = quantized(&weights());
    let model = quantized.model();
    for channel in 0..CONV1_CHANNELS {
        let largest = model.conv1.weights.iter().map(|tap| (tap[channel] as i8).unsigned_abs()).max();
        assert_eq!(largest, Some(127));
    }
    assert!(model.fc1.weights.iter().all(|row| row.iter().any(|&w| (w as i8).unsigned_abs() == 127)));
    let fc3 = model.fc3.weights.as_flattened();
    assert_eq!(fc3.iter().map(|&w| (w as i8).unsigned_abs()).max(), Some(127));
}

#[test]
fn the_factor_of_each_requant_is_that_of_the_scales() {
    let weights = weights();
    let quantized = quantized(&weights);
    for (row, requant) in weights.fc2.weight.chunks(120).zip(quantized.model().fc2.requants.iter()) {
        let largest = f64::from(row.iter().fold(0_f32, |max, w| max.max(w.abs())));
        // Input and output ranges are equal, so the factor is the weight scale.
        let expected = largest / 127.0;
        let found = f64::from(requant.multiplier()) * 2_f64.powi(-23 - i32::from(requant.pre_shift()));
        assert!((found / expected - 1.0).abs() < 1.0 / 32_768.0, "{found} for {expected}");
    }
}

#[test]
fn the_files_order_of_taps_is_channels_last() {
    let mut weights = weights();
    weights.conv2.weight.fill(0.0);
    // Output 3, input channel 2, row 4, column 1.
    weights.conv2.weight[((3 * 6 + 2) * 5 + 4) * 5 + 1] = -0.5;
    weights.fc1.weight.fill(0.0);
    // Output 7, channel 9, row 2, column 3.
    weights.fc1.weight[7 * 256 + (9 * 4 + 2) * 4 + 3] = 0.5;
    let quantized = quantized(&weights);
    let model = quantized.model();
    assert_eq!(model.conv2.weights[(4 * 5 + 1) * 6 + 2][3] as i8, -127);
    assert_eq!(model.fc1.weights[7][(2 * 4 + 3) * 16 + 9], 127);
}

#[test]
fn encoding_and_decoding_gives_the_model_back() {
    let quantized = quantized(&weights());
    assert_eq!(lenet_core::decode(&quantized.encode()), Ok(quantized.model()));
}

#[test]
fn the_file_is_46_kib_at_most() {
    let provenance = Provenance {
        dataset: "fashion-mnist".to_owned(),
        recipe: "reference".to_owned(),
        seed: u64::MAX,
        validation_correct: u32::MAX,
        validation_images: u32::MAX,
    };
    let quantized = quantize_weights(&weights(), [100.0; 4], provenance).unwrap();
    assert!(quantized.encode().len() <= 46 * 1024);
}

#[test]
fn a_channel_without_weights_is_its_bias() {
    let mut weights = weights();
    weights.conv1.weight.fill(0.0);
    weights.conv1.bias = vec![0.0, 1.0, 2.01, -1.0, 4.0, 100.0];
    let quantized = quantized(&weights);
    let conv1 = quantized.model().conv1;
    let activations: Vec<u8> =
        conv1.biases.iter().zip(conv1.requants.iter()).map(|(bias, r)| r.activation(bias)).collect();
    // The range is 4: a real 1 is 63.75 steps.
    assert_eq!(activations, [0, 64, 128, 0, 255, 255]);
}

#[test]
fn a_network_of_zeros_is_quantised() {
    let zeros = weights();
    let zeros = FloatWeights {
        conv1: zero(&zeros.conv1),
        conv2: zero(&zeros.conv2),
        fc1: zero(&zeros.fc1),
        fc2: zero(&zeros.fc2),
        fc3: zero(&zeros.fc3),
    };
    let quantized = quantize_weights(&zeros, [0.0; 4], Provenance::default()).unwrap();
    let mut engine = lenet_infer::Engine::new(quantized.model());
    assert_eq!(engine.classify(&[255; 784]).logits, [0; 10]);
}

fn zero(layer: &Affine) -> Affine {
    Affine { weight: vec![0.0; layer.weight.len()], bias: vec![0.0; layer.bias.len()] }
}

#[test]
fn a_range_too_small_for_its_weights_is_widened() {
    let weights = weights();
    let ranges = admissible(&weights, [1e-9; 4]);
    assert!(ranges[0] > 0.49 && ranges[0] < 0.52, "{ranges:?}");
    assert_eq!(admissible(&weights, ranges), ranges);
    assert!(quantize_weights(&weights, [1e-9; 4], Provenance::default()).is_ok());
}

#[test]
fn a_weight_that_is_not_a_number_is_an_error_naming_its_layer() {
    let mut weights = weights();
    weights.fc2.bias[3] = f32::NAN;
    let error = quantize_weights(&weights, [1.0; 4], Provenance::default()).unwrap_err();
    assert_eq!(error, QuantizeError::NotFinite { layer: "fc2" });
}

#[test]
fn every_factor_below_the_limit_keeps_15_bits() {
    for exponent in 8..23 {
        for fraction in [1.0, 1.1, 1.5, 1.999] {
            let factor = fraction * 2_f64.powi(-exponent - 1);
            let requant = requant(factor).unwrap();
            let found = f64::from(requant.multiplier()) * 2_f64.powi(-23 - i32::from(requant.pre_shift()));
            assert!((found / factor - 1.0).abs() <= 2_f64.powi(-16), "{factor}");
        }
    }
    assert_eq!(requant(2_f64.powi(-7)), None);
    assert_eq!(requant(f64::NAN), None);
    assert_eq!(requant(0.0).map(Requant::multiplier), Some(0));
}
