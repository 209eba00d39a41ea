//! The model file format, seen from outside: it is pinned, and no damage to a file goes unnoticed.

use lenet_core::blob::{CRC_BYTES, HEADER_BYTES, VERSION, WEIGHT_ALIGNMENT};
use lenet_core::error::Layer;
use lenet_core::model::{
    Biases, Conv, ConvWeights, Dense, DenseWeights, Logits, Metadata, Requants, Weights,
};
use lenet_core::{AnyModel, Error, Model, Requant, decode, encode, metadata};
use lenet_infer::{Engine, SHIPPED_MODEL};
use proptest::prelude::*;
use rayon::prelude::*;
use std::array::from_fn;

const METADATA: Metadata<'_> = Metadata {
    dataset: "mnist",
    recipe: "default",
    seed: 300,
    class_names: "0\n1\n2\n3\n4\n5\n6\n7\n8\nnine",
    validation_correct: 4_965,
    validation_images: 5_000,
    activation_ranges: [65_536, 131_072, 196_608, 1],
};

/// A model whose bytes are a counter; `conv1` and `fc2` have int4 weights.
struct Counted {
    conv1: [[u8; 25]; 3],
    conv2: [[[u8; 2]; 150]; 8],
    fc1: Vec<[u8; 256]>,
    fc2: Vec<[u8; 60]>,
    fc3: [[u8; 84]; 10],
    biases: [[u8; 4]; 120],
    requants: [[u8; 3]; 120],
}

fn first<const N: usize, T>(values: &[T]) -> &[T; N] {
    values.first_chunk().expect("enough values")
}

impl Counted {
    fn new() -> Self {
        let mut counter = 0_u8;
        let mut next = || {
            counter = counter.wrapping_mul(5).wrapping_add(113);
            counter
        };
        Self {
            conv1: from_fn(|_| from_fn(|_| next())),
            conv2: from_fn(|_| from_fn(|_| from_fn(|_| next()))),
            fc1: (0..120).map(|_| from_fn(|_| next())).collect(),
            fc2: (0..84).map(|_| from_fn(|_| next())).collect(),
            fc3: from_fn(|_| from_fn(|_| next())),
            biases: from_fn(|channel| (channel as i32 * 1_000 - 60_000).to_le_bytes()),
            requants: from_fn(|channel| {
                Requant::new(33_000 + channel as u16, (channel % 16) as u8).unwrap().to_bytes()
            }),
        }
    }

    fn conv<'a, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &'a self,
        weights: ConvWeights<'a, TAPS, PAIRS>,
        activation_bits: u8,
    ) -> Conv<'a, TAPS, PAIRS, OUT> {
        let (biases, requants) = (Biases::new(first(&self.biases)), Requants::new(first(&self.requants)));
        Conv { weights, biases, requants, activation_bits }
    }

    fn dense<'a, const IN: usize, const HALF: usize, const OUT: usize>(
        &'a self,
        weights: DenseWeights<'a, IN, HALF, OUT>,
        activation_bits: u8,
    ) -> Dense<'a, IN, HALF, OUT> {
        let (biases, requants) = (Biases::new(first(&self.biases)), Requants::new(first(&self.requants)));
        Dense { weights, biases, requants, activation_bits }
    }

    fn model(&self) -> Model<'_> {
        Model {
            confidence: Requant::new(40_000, 3).unwrap(),
            confidence_threshold: 768,
            conv1: self.conv(Weights::Int4(&self.conv1), 8),
            conv2: self.conv(Weights::Int8(&self.conv2), 4),
            fc1: self.dense(Weights::Int8(first(&self.fc1)), 7),
            fc2: self.dense(Weights::Int4(first(&self.fc2)), 6),
            fc3: Logits { weights: Weights::Int8(&self.fc3), biases: Biases::new(first(&self.biases)) },
        }
    }
}

/// If this fails, the format changed: raise [`VERSION`], amend lenet-core/README.md, and export the shipped model again.
#[test]
fn the_bytes_of_format_version_2_are_pinned() {
    let counted = Counted::new();
    let bytes = encode(&counted.model(), &METADATA);
    let expected_start = [
        b"LNET".as_slice(),
        &[2, 0],                   // version
        &40_806_u32.to_le_bytes(), // length of the body
        &[53],                     // length of the metadata
        &[5],                      // dataset
        b"mnist",
        &[7], // recipe
        b"default",
        &[0xac, 0x02], // seed 300
        &[22],         // names of the classes
        b"0\n1\n2\n3\n4\n5\n6\n7\n8\nnine",
        &[0xe5, 0x26],                                                 // 4,965 correct
        &[0x88, 0x27],                                                 // of 5,000
        &[0x80, 0x80, 0x04, 0x80, 0x80, 0x08, 0x80, 0x80, 0x0c, 0x01], // ranges
        &[10],                                                         // classes
        &[0x40, 0x9c, 3],                                              // confidence
        &[0x00, 0x03],                                                 // confidence threshold
        &[8],                                                          // activation bits of conv1
        &[18],                                                         // 6 requants
        &[0xe8, 0x80, 0, 0xe9, 0x80, 1],                               // the first two
    ]
    .concat();
    assert_eq!(&bytes[..expected_start.len()], expected_start);
    assert_eq!(bytes.len(), 40_820);
    let (_, crc) = bytes.split_last_chunk::<CRC_BYTES>().unwrap();
    assert_eq!(u32::from_le_bytes(*crc), 646_896_174);
}

#[test]
fn the_weights_of_every_layer_lie_at_a_multiple_of_four() {
    let counted = Counted::new();
    let bytes = encode(&counted.model(), &METADATA);
    let weights = [
        counted.conv1.as_flattened(),
        counted.conv2.as_flattened().as_flattened(),
        counted.fc1.as_flattened(),
        counted.fc2.as_flattened(),
        counted.fc3.as_flattened(),
    ];
    for weights in weights {
        let at = bytes.windows(weights.len()).position(|window| window == weights).unwrap();
        assert_eq!(at % WEIGHT_ALIGNMENT, 0);
    }
}

#[test]
fn a_model_of_another_number_of_classes_is_read_by_its_own_type() {
    let counted = Counted::new();
    let model = counted.model();
    let (fc3, biases) = (first::<3, _>(&counted.fc3), first::<3, _>(&counted.biases));
    let three: Model<'_, 3> = Model {
        conv1: model.conv1,
        conv2: model.conv2,
        fc1: model.fc1,
        fc2: model.fc2,
        fc3: Logits { weights: Weights::Int8(fc3), biases: Biases::new(biases) },
        confidence: model.confidence,
        confidence_threshold: model.confidence_threshold,
    };
    let bytes = encode(&three, &Metadata { class_names: "", ..METADATA });
    let any = AnyModel::decode(&bytes).unwrap();
    assert_eq!((any.classes(), any.model::<3>(), any.model::<10>()), (3, Some(three), None));
    assert_eq!(any, AnyModel::from(three));
    assert_eq!(Model::<3>::decode(&bytes), Ok(three));
    assert_eq!(decode(&bytes), Err(Error::Classes { expected: 10, found: 3 }));
    let image = [100; 784];
    let (ten, three) = (Engine::new(model).classify(&image), Engine::new(three).classify(&image));
    assert_eq!(three.logits, ten.logits[..3]);
}

#[test]
fn decoding_gives_back_what_was_encoded() {
    let counted = Counted::new();
    let bytes = encode(&counted.model(), &METADATA);
    assert_eq!(decode(&bytes), Ok(counted.model()));
    assert_eq!(metadata(&bytes), Ok(METADATA));
}

#[test]
fn the_shipped_model_is_in_the_pinned_format() {
    let model = decode(SHIPPED_MODEL).unwrap();
    assert_eq!(encode(&model, &metadata(SHIPPED_MODEL).unwrap()), SHIPPED_MODEL);
    assert!(SHIPPED_MODEL.len() <= 46 * 1024);
}

#[test]
fn every_single_flipped_bit_is_noticed() {
    let unnoticed: Vec<usize> = (0..SHIPPED_MODEL.len() * 8)
        .into_par_iter()
        .map_init(
            || SHIPPED_MODEL.to_vec(),
            |bytes, bit| {
                bytes[bit / 8] ^= 1 << (bit % 8);
                let noticed = decode(bytes).is_err();
                bytes[bit / 8] ^= 1 << (bit % 8);
                (bit, noticed)
            },
        )
        .filter_map(|(bit, noticed)| (!noticed).then_some(bit))
        .collect();
    assert_eq!(unnoticed, []);
}

#[test]
fn every_truncation_is_noticed() {
    assert!((0..SHIPPED_MODEL.len()).into_par_iter().all(|length| decode(&SHIPPED_MODEL[..length]).is_err()));
}

#[test]
fn bytes_after_the_end_are_noticed() {
    let longer = [SHIPPED_MODEL, &[0]].concat();
    let body = shipped_body().len();
    assert_eq!(decode(&longer), Err(Error::Length { expected: body as u32, found: body + 1 }));
}

#[test]
fn a_file_of_another_version_is_refused_with_both_versions_named() {
    let mut bytes = SHIPPED_MODEL.to_vec();
    bytes[4..6].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error, Error::Version { expected: VERSION, found: VERSION + 1 });
    let message = error.to_string();
    assert!(message.contains("version 2") && message.contains("version 3"), "{message}");
}

/// `body` in a frame with the right length and checksum, so that a damaged body reaches the decoder.
fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let mut bytes = [b"LNET".as_slice(), &VERSION.to_le_bytes(), &length, body].concat();
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes
}

fn shipped_body() -> &'static [u8] {
    &SHIPPED_MODEL[HEADER_BYTES..SHIPPED_MODEL.len() - CRC_BYTES]
}

#[test]
fn a_frame_of_the_tests_is_a_frame_of_the_format() {
    assert_eq!(frame(shipped_body()), SHIPPED_MODEL);
}

#[test]
fn each_wrong_field_has_its_own_error() {
    let counted = Counted::new();
    let model = counted.model();
    let error = |change: &dyn Fn(&mut Model<'_>)| {
        let mut model = model;
        change(&mut model);
        decode(&encode(&model, &METADATA)).unwrap_err()
    };
    let too_large = [(1 << 30_i32) + 1_i32; 6].map(i32::to_le_bytes);
    let shifted = [[1, 0, 16]; 16];
    let two_names = encode(&model, &Metadata { class_names: "zero\none", ..METADATA });
    assert_eq!(decode(&two_names), Ok(model));
    assert_eq!(metadata(&two_names), Err(Error::ClassNames { expected: 10, found: 2 }));
    for found in [3, 9] {
        let layer = Layer::Conv2;
        assert_eq!(
            error(&|model| model.conv2.activation_bits = found),
            Error::ActivationBits { layer, found }
        );
    }
    let bias = Error::Bias { layer: Layer::Conv1, channel: 0, found: (1 << 30) + 1 };
    assert_eq!(
        decode(&encode(
            &Model { conv1: Conv { biases: Biases::new(&too_large), ..model.conv1 }, ..model },
            &METADATA
        )),
        Err(bias)
    );
    let shift = Error::PreShift { layer: Layer::Conv2, channel: 0, found: 16 };
    assert_eq!(
        decode(&encode(
            &Model { conv2: Conv { requants: Requants::new(&shifted), ..model.conv2 }, ..model },
            &METADATA
        )),
        Err(shift)
    );
    let body = shipped_body();
    assert_eq!(decode(&frame(&[body, &[0]].concat())), Err(Error::TrailingBytes { found: 1 }));
    assert_eq!(decode(&frame(&body[..body.len() - 1])), Err(Error::Body));
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [&bytes, &frame(&bytes)] {
            let _ = (decode(bytes), AnyModel::decode(bytes), metadata(bytes));
        }
    }

    /// A damaged body under a right checksum: refused, or a model that runs.
    #[test]
    fn a_damaged_body_never_makes_the_engine_fail(
        damage in proptest::collection::vec((0..200_usize, any::<u8>()), 1..4), far in 0..45_000_usize,
    ) {
        let mut body = shipped_body().to_vec();
        for (at, byte) in damage {
            body[at] = byte;
            body[at + far % (shipped_body().len() - 200)] ^= byte;
        }
        let bytes = frame(&body);
        let any = AnyModel::decode(&bytes).ok().filter(|any| any.classes() == 10);
        prop_assert_eq!(decode(&bytes).ok().map(AnyModel::from), any);
        if let Ok(model) = decode(&bytes) {
            let prediction = Engine::new(model).classify(&[255; 784]);
            prop_assert!(prediction.class < 10);
        }
    }
}
