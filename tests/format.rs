//! The model file format, seen from outside: it is pinned, and no damage to a file goes unnoticed.

use lenet_core::blob::{CRC_BYTES, HEADER_BYTES, VERSION};
use lenet_core::model::{Biases, Conv, Dense, Logits, Metadata, Requants};
use lenet_core::{Error, Model, Requant, decode, encode};
use lenet_infer::{Engine, SHIPPED_MODEL};
use proptest::prelude::*;
use rayon::prelude::*;

/// A model whose bytes are a counter.
struct Counted {
    conv1: [[u8; 6]; 25],
    conv2: [[u8; 16]; 150],
    fc1: Vec<[u8; 256]>,
    fc2: Vec<[u8; 120]>,
    fc3: [[u8; 84]; 10],
    biases: [[u8; 4]; 120],
    requants: [[u8; 3]; 120],
}

impl Counted {
    fn new() -> Self {
        let mut counter = 0_u8;
        let mut next = || {
            counter = counter.wrapping_mul(5).wrapping_add(113);
            counter
        };
        Self {
            conv1: std::array::from_fn(|_| std::array::from_fn(|_| next())),
            conv2: std::array::from_fn(|_| std::array::from_fn(|_| next())),
            fc1: (0..120).map(|_| std::array::from_fn(|_| next())).collect(),
            fc2: (0..84).map(|_| std::array::from_fn(|_| next())).collect(),
            fc3: std::array::from_fn(|_| std::array::from_fn(|_| next())),
            biases: std::array::from_fn(|channel| (channel as i32 * 1_000 - 60_000).to_le_bytes()),
            requants: std::array::from_fn(|channel| {
                Requant::new(33_000 + channel as u16, (channel % 16) as u8).unwrap().to_bytes()
            }),
        }
    }

    fn model(&self) -> Model<'_> {
        fn first<const N: usize, T>(values: &[T]) -> &[T; N] {
            values.first_chunk().expect("enough values")
        }
        Model {
            metadata: Metadata {
                dataset: "mnist",
                recipe: "default",
                seed: 300,
                classes: 10,
                validation_correct: 4_965,
                validation_images: 5_000,
                activation_ranges: [65_536, 131_072, 196_608, 1],
            },
            confidence: Requant::new(40_000, 3).unwrap(),
            conv1: Conv {
                weights: &self.conv1,
                biases: Biases::new(first(&self.biases)),
                requants: Requants::new(first(&self.requants)),
            },
            conv2: Conv {
                weights: &self.conv2,
                biases: Biases::new(first(&self.biases)),
                requants: Requants::new(first(&self.requants)),
            },
            fc1: Dense {
                weights: first(&self.fc1),
                biases: Biases::new(&self.biases),
                requants: Requants::new(&self.requants),
            },
            fc2: Dense {
                weights: first(&self.fc2),
                biases: Biases::new(first(&self.biases)),
                requants: Requants::new(first(&self.requants)),
            },
            fc3: Logits { weights: &self.fc3, biases: Biases::new(first(&self.biases)) },
        }
    }
}

/// If this fails, the format changed: raise [`VERSION`], amend lenet-core/README.md, and export the shipped model again.
#[test]
fn the_bytes_of_format_version_1_are_pinned() {
    let counted = Counted::new();
    let bytes = encode(&counted.model());
    let expected_start = [
        b"LNET".as_slice(),
        &[1, 0],                   // version
        &45_862_u32.to_le_bytes(), // length of the body
        &[5],                      // dataset
        b"mnist",
        &[7], // recipe
        b"default",
        &[0xac, 0x02],                                                 // seed 300
        &[10],                                                         // classes
        &[0xe5, 0x26],                                                 // 4,965 correct
        &[0x88, 0x27],                                                 // of 5,000
        &[0x80, 0x80, 0x04, 0x80, 0x80, 0x08, 0x80, 0x80, 0x0c, 0x01], // ranges
        &[0x40, 0x9c, 3],                                              // confidence
        &[18],                                                         // 6 requants
        &[0xe8, 0x80, 0, 0xe9, 0x80, 1],                               // the first two
    ]
    .concat();
    assert_eq!(&bytes[..expected_start.len()], expected_start);
    assert_eq!(bytes.len(), 45_876);
    let (_, crc) = bytes.split_last_chunk::<CRC_BYTES>().unwrap();
    assert_eq!(u32::from_le_bytes(*crc), 0);
}

#[test]
fn decoding_gives_back_what_was_encoded() {
    let counted = Counted::new();
    let bytes = encode(&counted.model());
    assert_eq!(decode(&bytes), Ok(counted.model()));
}

#[test]
fn the_shipped_model_is_in_the_pinned_format() {
    let model = decode(SHIPPED_MODEL).unwrap();
    assert_eq!(encode(&model), SHIPPED_MODEL);
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
    let expected = SHIPPED_MODEL.len() as u64;
    assert_eq!(decode(&longer), Err(Error::Length { expected, found: longer.len() }));
}

#[test]
fn a_file_of_another_version_is_refused_with_both_versions_named() {
    let mut bytes = SHIPPED_MODEL.to_vec();
    bytes[4..6].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error, Error::Version { expected: VERSION, found: VERSION + 1 });
    let message = error.to_string();
    assert!(message.contains("version 1") && message.contains("version 2"), "{message}");
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
        decode(&encode(&model)).unwrap_err()
    };
    let too_large = [(1 << 30_i32) + 1_i32; 6].map(i32::to_le_bytes);
    let shifted = [[1, 0, 16]; 16];
    assert_eq!(error(&|model| model.metadata.classes = 11), Error::Classes { expected: 10, found: 11 });
    let bias = Error::Bias { layer: "conv1", channel: 0, found: (1 << 30) + 1 };
    assert_eq!(
        decode(&encode(&Model { conv1: Conv { biases: Biases::new(&too_large), ..model.conv1 }, ..model })),
        Err(bias)
    );
    let shift = Error::PreShift { layer: "conv2", channel: 0, found: 16 };
    assert_eq!(
        decode(&encode(&Model { conv2: Conv { requants: Requants::new(&shifted), ..model.conv2 }, ..model })),
        Err(shift)
    );
    let body = shipped_body();
    assert_eq!(decode(&frame(&[body, &[0]].concat())), Err(Error::TrailingBytes { found: 1 }));
    assert_eq!(decode(&frame(&body[..body.len() - 1])), Err(Error::Body));
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let _ = decode(&frame(&bytes));
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
        if let Ok(model) = decode(&bytes) {
            let prediction = Engine::new(model).classify(&[255; 784]);
            prop_assert!(prediction.class < 10);
        }
    }
}
