//! The largest values that the format allows overflow nothing.

use lenet_core::error::Layer;
use lenet_core::model::{Confidence, Conv, Dense, Fc3, MAX_BIAS, Model, Weights, pack, pack_ternary};
use lenet_core::shape::MAX_CLASSES;
use lenet_core::{Metadata, Requant, decode, encode};
use lenet_infer::{Engine, Stream};
use std::convert::Infallible;

/// The requant of every output: the largest multiplier and the largest shift.
const REQUANT: [u8; 3] = [0xFF, 0xFF, 15];
/// Inputs of an output of each layer.
const TAPS: [i64; 5] = [25, 150, 256, 120, 84];

/// Which of the extreme values a model has. All weights are one number, and all biases of a layer.
#[derive(Clone, Copy, Debug)]
struct Extreme {
    /// The bits of the weights: 8, 4, or 2 in the layers that can have ternary weights and 8 in the others.
    bits: u8,
    weight: i8,
    biases: [i32; 5],
}

/// All weights of a layer in their two forms.
struct Filled<Int8, Int4>(Int8, Int4);

impl<Int8, Int4> Filled<Int8, Int4> {
    fn weights<Ternary>(&self, bits: u8) -> Weights<'_, Int8, Int4, Ternary> {
        if bits == 4 { Weights::Int4(&self.1) } else { Weights::Int8(&self.0) }
    }
}

impl Extreme {
    fn all() -> impl Iterator<Item = Self> {
        let weights = [(8, -128), (8, 127), (4, -128), (4, 112), (2, -64), (2, 64)];
        weights.into_iter().flat_map(|(bits, weight)| {
            (0..32).map(move |signs| {
                let bias = |layer: usize| if signs >> layer & 1 == 0 { MAX_BIAS } else { -MAX_BIAS };
                Self { bits, weight, biases: std::array::from_fn(bias) }
            })
        })
    }

    fn encode(self) -> Vec<u8> {
        let Self { bits, weight, biases } = self;
        let (one, two) = (weight as u8, pack([weight; 2]));
        let conv1 = Filled([[[one; 2]; 25]; 3], [[two; 25]; 3]);
        let conv2 = Filled([[[one; 2]; 150]; 8], [[two; 150]; 8]);
        let fc1 = Filled([[one; 256]; 120], [[two; 128]; 120]);
        let fc2 = Filled([[one; 120]; 84], [[two; 60]; 84]);
        let fc3 = Filled([[one; 84]; MAX_CLASSES], [[two; 42]; MAX_CLASSES]);
        let fc3 = match fc3.weights::<Infallible>(bits) {
            Weights::Int8(rows) => Weights::Int8(&rows[..]),
            Weights::Int4(rows) => Weights::Int4(&rows[..]),
        };
        let five = pack_ternary([weight; 5]);
        let (fc1_ternary, fc2_ternary) = ([[five; 52]; 120], [[five; 24]; 84]);
        let fc1_weights = if bits == 2 { Weights::Ternary(&fc1_ternary) } else { fc1.weights(bits) };
        let fc2_weights = if bits == 2 { Weights::Ternary(&fc2_ternary) } else { fc2.weights(bits) };
        let [a, b, c, d, e] = biases.map(i32::to_le_bytes);
        let (a, b, c, d, e) = ([a; 6], [b; 16], [c; 120], [d; 84], [e; MAX_CLASSES]);
        let model = Model::new(
            Conv::new(Layer::Conv1, conv1.weights(bits), &a, &[REQUANT; 6], 8).unwrap(),
            Conv::new(Layer::Conv2, conv2.weights(bits), &b, &[REQUANT; 16], 8).unwrap(),
            Dense::new(Layer::Fc1, fc1_weights, &c, &[REQUANT; 120], 8).unwrap(),
            Dense::new(Layer::Fc2, fc2_weights, &d, &[REQUANT; 84], 8).unwrap(),
            Fc3::new(fc3, &e).unwrap(),
            Confidence { requant: Requant::from_bytes(REQUANT).unwrap(), threshold: u16::MAX },
        );
        let bytes = encode(&model, &Metadata::default()).unwrap();
        assert_eq!(decode(&bytes).unwrap().model, model);
        bytes
    }

    /// Every logit for an image of one gray level, in arithmetic that cannot overflow: within a layer all accumulators
    /// are alike.
    fn logit(self, gray: u8) -> i64 {
        let accumulator = |layer: usize, input: i64| {
            i64::from(self.biases[layer]) + TAPS[layer] * i64::from(self.weight) * input
        };
        let hidden = (0..4).fold(i64::from(gray), |input, layer| {
            (((accumulator(layer, input) >> 15).clamp(0, 0xFFFF) * 0xFFFF) >> 23).min(255)
        });
        accumulator(4, hidden)
    }
}

#[test]
fn a_model_of_extreme_values_is_encoded_decoded_and_run_without_overflow() {
    let mut largest = 0;
    for extreme in Extreme::all() {
        let bytes = extreme.encode();
        let model = decode(&bytes).unwrap().model;
        for gray in [0, 255] {
            let logit = extreme.logit(gray);
            let mut engine = Engine::new(&model);
            let prediction = engine.classify(&[gray; 784]);
            let expected = [i32::try_from(logit).unwrap(); MAX_CLASSES];
            assert_eq!(prediction.logits, expected, "{extreme:?}");
            assert_eq!((prediction.class, prediction.margin, prediction.confidence), (0, 0, 0));
            let mut stream = Stream::new(&model);
            for _ in 1..28 {
                stream.push(&[gray; 28]);
            }
            assert_eq!(stream.push(&[gray; 28]), Some(prediction), "{extreme:?}");
            largest = largest.max(logit.abs());
        }
    }
    assert_eq!(largest, i64::from(MAX_BIAS) + 84 * 128 * 255);
}
