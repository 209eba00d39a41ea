use super::scale::{quantize, weight_scale};
use super::*;
use crate::model::bits::WeightBits;
use crate::model::weights::layer_shapes;
use lenet_core::error::Layer;
use lenet_core::model::{Weights, unpack_ternary};
use lenet_core::shape::{CLASSES, CONV1_CHANNELS, FC1_OUTPUTS};
use lenet_core::{Error, Metadata};

/// Small weights of both signs, no two of them equal.
fn weights() -> FloatWeights {
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut layers = layer_shapes(CLASSES).map(|[outputs, taps]| Affine {
        weight: (0..outputs * taps).map(|_| next()).collect(),
        bias: (0..outputs).map(|_| next()).collect(),
    });
    let [conv1, conv2, fc1, fc2, fc3] = layers.each_mut().map(std::mem::take);
    FloatWeights { conv1, conv2, fc1, fc2, fc3 }
}

fn quantized(weights: &FloatWeights) -> QuantizedModel {
    quantized_at(weights, [4.0, 8.0, 16.0, 16.0], Bits::INT8).unwrap()
}

fn quantized_at(weights: &FloatWeights, ranges: Ranges, bits: Bits) -> Result<QuantizedModel, QuantizeError> {
    quantize_weights(weights, &Quantization::new(weights, ranges, bits))
}

fn int8<Int8: ?Sized, Int4: ?Sized, Ternary>(weights: Weights<'_, Int8, Int4, Ternary>) -> &Int8 {
    match weights {
        Weights::Int8(weights) => weights,
        _ => panic!("weights of {} bits", weights.bits()),
    }
}

#[test]
fn each_channels_largest_weight_becomes_127() {
    let quantized = quantized(&weights());
    let model = quantized.model();
    for channel in 0..CONV1_CHANNELS {
        let weight = |tap| model.conv1().weights().tap(channel / 2, tap)[channel % 2];
        assert_eq!((0..25).map(|tap| weight(tap).unsigned_abs()).max(), Some(127));
    }
    let (fc1, fc3) = (int8(model.fc1().weights()), int8(model.fc3().weights()));
    assert!(fc1.iter().all(|row| row.iter().any(|&w| (w as i8).unsigned_abs() == 127)));
    assert_eq!(fc3.as_flattened().iter().map(|&w| (w as i8).unsigned_abs()).max(), Some(127));
}

#[test]
fn the_factor_of_each_requantization_follows_from_the_scales() {
    let weights = weights();
    let quantized = quantized(&weights);
    for (row, requant) in weights.fc2.weight.chunks(120).zip(quantized.model().fc2().requants().iter()) {
        let largest = f64::from(row.iter().fold(0_f32, |max, w| max.max(w.abs())));
        // Input and output ranges are equal, so the factor is the weight scale.
        let expected = largest / 127.0;
        let found = f64::from(requant.multiplier()) * 2_f64.powi(-23 - i32::from(requant.pre_shift()));
        assert!((found / expected - 1.0).abs() < 1.0 / 32_768.0, "{found} for {expected}");
    }
}

#[test]
fn the_model_file_stores_taps_channels_last() {
    let mut weights = weights();
    weights.conv2.weight.fill(0.0);
    // Output 3, input channel 2, row 4, column 1.
    weights.conv2.weight[((3 * 6 + 2) * 5 + 4) * 5 + 1] = -0.5;
    weights.fc1.weight.fill(0.0);
    // Output 7, channel 9, row 2, column 3.
    weights.fc1.weight[7 * 256 + (9 * 4 + 2) * 4 + 3] = 0.5;
    let quantized = quantized(&weights);
    let model = quantized.model();
    assert_eq!(model.conv2().weights().tap(1, (4 * 5 + 1) * 6 + 2), [0, -127]);
    assert_eq!(int8(model.fc1().weights())[7][(2 * 4 + 3) * 16 + 9], 127);
}

#[test]
fn a_decoded_model_equals_the_encoded_one() {
    let quantization = Quantization::new(&weights(), [4.0; 4], Bits::INT8);
    let quantized = quantize_weights(&weights(), &quantization).unwrap();
    let metadata = Metadata { recipe: "best", seed: 3, ..Metadata::default() };
    let bytes = quantized.encode(&metadata).unwrap();
    let file = lenet_core::decode(&bytes).unwrap();
    assert_eq!(file.model, quantized.model());
    let activation_ranges = quantization.ranges.map(|range| (range * 65_536.0) as u32);
    assert_eq!(file.metadata, Metadata { activation_ranges, ..metadata });
}

#[test]
fn class_names_for_some_classes_only_are_refused() {
    let metadata = Metadata { class_names: "zero\none", ..Metadata::default() };
    let quantization = Quantization::new(&weights(), [4.0; 4], Bits::INT8);
    let quantized = quantize_weights(&weights(), &quantization).unwrap();
    assert_eq!(quantized.encode(&metadata), Err(Error::ClassNames { expected: 10, found: 2 }));
}

#[test]
fn activation_bits_out_of_range_are_an_error() {
    let bits = Bits { activations: [8, 3, 8, 8], ..Bits::INT8 };
    let error = quantized_at(&weights(), [4.0; 4], bits).unwrap_err();
    assert_eq!(error, QuantizeError::Model(Error::ActivationBits { layer: Layer::Conv2, found: 3 }));
}

#[test]
fn an_int4_model_keeps_its_bits_in_the_file() {
    let bits: Bits = "conv1=8,conv2=4,fc=4,activations=6".parse().unwrap();
    let quantized = quantized_at(&weights(), [4.0, 8.0, 16.0, 16.0], bits).unwrap();
    let bytes = quantized.encode(&Metadata::default()).unwrap();
    let model = lenet_core::decode(&bytes).unwrap().model;
    assert_eq!(model, quantized.model());
    let weight_bits = (model.conv1().weights().bits(), model.conv2().weights().bits());
    assert_eq!((weight_bits, model.fc3().weights().bits()), ((8, 4), 4));
    assert_eq!((model.conv1().activation_bits(), model.fc2().activation_bits()), (6, 6));
}

#[test]
fn a_ternary_model_keeps_its_weights_in_the_file_and_has_less_than_12_000_bytes() {
    let bits: Bits = "conv1=8,conv2=4,fc1=2,fc2=2,fc3=4".parse().unwrap();
    let weights = weights();
    let quantization = Quantization::new(&weights, [4.0, 8.0, 16.0, 16.0], bits);
    let quantized = quantize_weights(&weights, &quantization).unwrap();
    let bytes = quantized.encode(&Metadata::default()).unwrap();
    assert!(bytes.len() < 12_000, "{}", bytes.len());
    let model = lenet_core::decode(&bytes).unwrap().model;
    assert_eq!(model, quantized.model());
    assert_eq!((model.fc1().weights().bits(), model.fc2().weights().bits()), (2, 2));
    let Weights::Ternary(rows) = model.fc2().weights() else { panic!("{:?}", model.fc2()) };
    let integers = &quantization.integers(&weights).unwrap()[3].weights;
    for (row, expected) in rows.iter().zip(integers.chunks_exact(FC1_OUTPUTS)) {
        let found: Vec<i8> =
            (0..FC1_OUTPUTS).map(|input| unpack_ternary(row[input % 24])[input / 24]).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn ternary_weights_in_another_layer_than_fc1_and_fc2_are_an_error_that_names_it() {
    for (index, layer) in [(0, Layer::Conv1), (1, Layer::Conv2), (4, Layer::Fc3)] {
        let mut bits = Bits::INT8;
        bits.weights[index] = WeightBits::Ternary;
        let error = quantized_at(&weights(), [4.0; 4], bits).unwrap_err();
        assert_eq!(error, QuantizeError::Model(Error::WeightBits { layer, found: 2 }));
    }
}

#[test]
fn int4_weights_are_nearest_at_the_scale_with_the_least_error() {
    let row: Vec<f32> = vec![0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7];
    let scale = weight_scale(&row, WeightBits::Four).unwrap();
    assert!((scale * 16.0 - 0.1).abs() < 1e-6, "{scale}");
    let quantized: Vec<i8> = row.iter().map(|&weight| quantize(weight, scale, WeightBits::Four)).collect();
    assert_eq!(quantized, [16, -32, 48, 64, -80, 96, 112]);
    // An outlier is clipped if that lowers the error of the other weights more.
    let many: Vec<f32> = (0..200).map(|i| (i % 7) as f32 * 0.01).chain([0.14]).collect();
    let clipped = weight_scale(&many, WeightBits::Four).unwrap();
    assert!(clipped * 112.0 < 0.12, "{clipped}");
}

#[test]
fn no_other_scale_of_a_ternary_row_has_a_lower_squared_error() {
    let row: Vec<f32> = (0..120_i16).map(|tap| f32::from(tap * 37 % 121 - 60).powi(3) * 1e-6).collect();
    let error = |scale: f64| -> f64 {
        let weight = |weight: f32| scale * f64::from(quantize(weight, scale, WeightBits::Ternary));
        row.iter().map(|&w| (f64::from(w) - weight(w)).powi(2)).sum()
    };
    let chosen = weight_scale(&row, WeightBits::Ternary).unwrap();
    let least = (1..=4_000).map(|step| error(f64::from(step) * 1e-6)).fold(f64::INFINITY, f64::min);
    assert!(error(chosen) <= least, "{} {least}", error(chosen));
    let quantized = row.iter().map(|&weight| quantize(weight, chosen, WeightBits::Ternary));
    assert!([-64, 0, 64].into_iter().all(|value| quantized.clone().any(|found| found == value)));
}

#[test]
fn a_row_of_one_magnitude_and_zeros_is_ternary_without_error() {
    let row = [0.25, 0.0, -0.25, 0.25, 0.0, 0.0];
    let scale = weight_scale(&row, WeightBits::Ternary).unwrap();
    assert_eq!(scale, 0.25 / 64.0);
    let quantized = row.map(|weight| quantize(weight, scale, WeightBits::Ternary));
    assert_eq!(quantized, [64, 0, -64, 64, 0, 0]);
}

#[test]
fn a_model_file_has_at_most_46_kib() {
    let metadata = Metadata {
        dataset: "fashion-mnist",
        recipe: "reference",
        seed: u64::MAX,
        validation_correct: u32::MAX,
        validation_images: u32::MAX,
        ..Metadata::default()
    };
    let quantization = Quantization::new(&weights(), [100.0; 4], Bits::INT8);
    let quantized = quantize_weights(&weights(), &quantization).unwrap();
    assert!(quantized.encode(&metadata).unwrap().len() <= 46 * 1024);
}

#[test]
fn the_activation_of_a_channel_without_weights_is_its_bias() {
    let mut weights = weights();
    weights.conv1.weight.fill(0.0);
    weights.conv1.bias = vec![0.0, 1.0, 2.01, -1.0, 4.0, 100.0];
    let quantized = quantized(&weights);
    let model = quantized.model();
    let outputs = model.conv1().biases().iter().zip(model.conv1().requants().iter());
    let activations: Vec<u8> = outputs.map(|(bias, requant)| requant.activation(bias, 255)).collect();
    // The range is 4, so a bias of 1 is 63.75 steps.
    assert_eq!(activations, [0, 64, 128, 0, 255, 255]);
}

#[test]
fn a_network_of_zeros_can_be_quantized() {
    let zeros = weights();
    let zeros = FloatWeights {
        conv1: zero(&zeros.conv1),
        conv2: zero(&zeros.conv2),
        fc1: zero(&zeros.fc1),
        fc2: zero(&zeros.fc2),
        fc3: zero(&zeros.fc3),
    };
    let quantized = quantized_at(&zeros, [0.0; 4], Bits::INT8).unwrap();
    let model = quantized.model();
    let mut engine = lenet_infer::Engine::new(&model);
    assert_eq!(engine.classify(&[255; 784]).logits, [0; 10]);
}

fn zero(layer: &Affine) -> Affine {
    Affine { weight: vec![0.0; layer.weight.len()], bias: vec![0.0; layer.bias.len()] }
}

#[test]
fn a_range_too_small_for_its_weights_is_widened() {
    let weights = weights();
    let quantization = Quantization::new(&weights, [1e-9; 4], Bits::INT8);
    assert!(quantization.ranges[0] > 0.49 && quantization.ranges[0] < 0.52, "{:?}", quantization.ranges);
    assert_eq!(Quantization::new(&weights, quantization.ranges, Bits::INT8), quantization);
    assert!(quantize_weights(&weights, &quantization).is_ok());
}

#[test]
fn a_parameter_that_is_not_a_number_is_an_error_that_names_its_layer() {
    let mut weights = weights();
    weights.fc2.bias[3] = f32::NAN;
    let error = quantized_at(&weights, [1.0; 4], Bits::INT8).unwrap_err();
    assert_eq!(error, QuantizeError::NotFinite { layer: "fc2" });
}

#[test]
fn a_requantization_keeps_at_least_15_bits_of_every_factor_below_the_limit() {
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
