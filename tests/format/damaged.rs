//! Random damage is noticed, or leaves a model that is as good as any other.

use crate::counted::Counted;
use crate::edit::{body, frame, layers, metadata, with_header, with_metadata};
use lenet_core::{ModelFile, decode, encode};
use lenet_infer::{Engine, SHIPPED, SHIPPED_INT4, Stream};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use rayon::prelude::*;
use std::cell::Cell;

/// Every bit of the header, the metadata and the checksum, and one bit of every 13th byte between, a different one each
/// time. To decode takes about 0.3 ms, nearly all for the checksum, so all 367,000 bits would take minutes; and the
/// checksum does not treat one byte unlike another.
#[test]
fn every_single_flipped_bit_is_noticed() {
    let length = SHIPPED.bytes.len();
    let bit_is_tried = |bit: &usize| match bit / 8 {
        byte if byte < 128 || byte + 16 >= length => true,
        byte => byte % 13 == 0 && byte / 13 % 8 == bit % 8,
    };
    let is_unnoticed = |bytes: &mut Vec<u8>, bit: usize| {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let unnoticed = decode(bytes).is_ok();
        bytes[bit / 8] ^= 1 << (bit % 8);
        unnoticed.then_some(bit)
    };
    let bits = (0..length * 8).into_par_iter().filter(bit_is_tried);
    let unnoticed = bits.map_init(|| SHIPPED.bytes.to_vec(), is_unnoticed).flatten();
    assert_eq!(unnoticed.collect::<Vec<usize>>(), []);
}

#[test]
fn every_truncation_is_noticed() {
    let lengths = (0..SHIPPED.bytes.len()).into_par_iter();
    assert!(lengths.map(|length| decode(&SHIPPED.bytes[..length])).all(|file| file.is_err()));
}

/// A change of a few bytes at a place.
#[derive(Clone, Debug)]
enum Change {
    Replace(u8),
    Flip(u8),
    Insert(u8),
    Remove,
    /// The byte and those after it once more.
    Duplicate(usize),
    /// The byte as a varint of one byte more.
    Lengthen,
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Replace),
        (0..8_u8).prop_map(Change::Flip),
        any::<u8>().prop_map(Change::Insert),
        Just(Change::Remove),
        (1..5_usize).prop_map(Change::Duplicate),
        Just(Change::Lengthen),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>, at: usize) {
        let Some(&byte) = bytes.get(at) else { return };
        match *self {
            Self::Replace(new) => bytes[at] = new,
            Self::Flip(bit) => bytes[at] ^= 1 << bit,
            Self::Insert(new) => bytes.insert(at, new),
            Self::Remove => drop(bytes.remove(at)),
            Self::Duplicate(count) => {
                let again = bytes[at..bytes.len().min(at + count)].to_vec();
                drop(bytes.splice(at..at, again));
            }
            Self::Lengthen => drop(bytes.splice(at..=at, [byte | 0x80, 0])),
        }
    }
}

/// A place in a body: in its first 200 bytes, before a layer's weights, among the fields next to them, or anywhere. Most
/// of what can be wrong with a body lies before the weights of a layer.
fn any_place(file: &ModelFile<'_>) -> impl Strategy<Value = usize> + use<> {
    let layer = || select(layers(file).to_vec());
    prop_oneof![
        4 => 0..200_usize,
        4 => layer().prop_flat_map(|layer| layer.start..layer.weights),
        4 => layer().prop_flat_map(|layer| layer.weight_bits - 4..layer.weights + 4),
        1 => 0..body(file.bytes).len(),
    ]
}

/// One spelling for every model: what decodes encodes to the same bytes. Says whether it does decode.
fn check_spelling(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let Ok(file) = decode(bytes) else { return Ok(false) };
    prop_assert_eq!(file.bytes.len(), bytes.len());
    let again = encode(&file.model, &file.metadata);
    prop_assert_eq!(again.as_deref(), Ok(bytes));
    Ok(true)
}

/// Runs `test` on `cases` changed files of each of three models. Some have to decode, or the test says nothing.
fn for_changed_files<S: Strategy>(
    cases: u32,
    changes: impl Fn(&ModelFile<'_>) -> S,
    test: impl Fn(&ModelFile<'_>, S::Value) -> Result<bool, TestCaseError>,
) {
    let counted = Counted::new().file();
    for file in [decode(&counted).unwrap(), SHIPPED, SHIPPED_INT4] {
        let decoded = Cell::new(0);
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new(config);
        let result = runner.run(&changes(&file), |changes| {
            decoded.set(decoded.get() + u32::from(test(&file, changes)?));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
        assert!(decoded.get() > cases / 50, "{} of {cases} decode", decoded.get());
    }
}

#[test]
fn a_changed_body_is_refused_or_is_the_one_encoding_of_its_model() {
    let changes = |file: &ModelFile<'_>| proptest::collection::vec((any_place(file), any_change()), 1..3);
    for_changed_files(2_000, changes, |file, changes| {
        let mut body = body(file.bytes).to_vec();
        for (at, change) in changes {
            change.apply(&mut body, at);
        }
        check_spelling(&frame(&body))
    });
}

/// With the padding repaired, which random damage hardly ever does.
#[test]
fn a_changed_layer_header_is_refused_or_is_the_one_encoding_of_its_model() {
    let changes = |_: &ModelFile<'_>| (0..5_usize, any::<Index>(), any_change());
    for_changed_files(1_000, changes, |file, (layer, at, change)| {
        let apply = |header: &mut Vec<u8>| change.apply(header, at.index(header.len()));
        check_spelling(&with_header(file.bytes, layer, apply))
    });
}

/// With the length of the metadata repaired too.
#[test]
fn changed_metadata_are_refused_or_the_one_encoding_of_what_they_say() {
    let changes = |_: &ModelFile<'_>| proptest::collection::vec((any::<Index>(), any_change()), 1..4);
    for_changed_files(1_000, changes, |file, changes| {
        let mut metadata = metadata(file.bytes).to_vec();
        for (at, change) in changes {
            let at = at.index(metadata.len());
            change.apply(&mut metadata, at);
        }
        check_spelling(&with_metadata(file.bytes, &metadata))
    });
}

/// The damage is to values, so that most bodies decode.
#[test]
fn a_damaged_body_that_decodes_runs_alike_whole_and_row_by_row() {
    let replace = any::<u8>().prop_map(Change::Replace);
    let changes = |file: &ModelFile<'_>| {
        let damage = proptest::collection::vec((any_place(file), replace.clone()), 1..8);
        let image = proptest::collection::vec(any::<u8>(), 784);
        (damage, image)
    };
    for_changed_files(400, changes, |file, (damage, image)| {
        let mut body = body(file.bytes).to_vec();
        for (at, change) in damage {
            change.apply(&mut body, at);
        }
        let bytes = frame(&body);
        let Ok(ModelFile { model, .. }) = decode(&bytes) else { return Ok(false) };
        let (mut engine, mut stream) = (Engine::new(&model), Stream::new(&model));
        let whole = engine.classify(image.first_chunk().unwrap());
        let (last, rows) = image.as_chunks().0.split_last().unwrap();
        for row in rows {
            prop_assert_eq!(stream.push(row), None);
        }
        prop_assert_eq!(stream.push(last), Some(whole));
        Ok(true)
    });
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
        prop_assert!(decode(&frame(&bytes)).is_err());
    }
}
