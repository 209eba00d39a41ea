mod files;

use super::*;
use crate::exchange::test_weights::weights;
use proptest::prelude::*;
use std::fs;
use tempfile::tempdir;

/// A tensor of a file under test.
#[derive(Clone)]
struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The tensors of a good file, in the order of the network.
fn entries() -> Vec<Entry> {
    let entry = |tensor: crate::exchange::tensors::Tensor| Entry {
        name: tensor.name,
        dtype: Dtype::F32,
        shape: tensor.shape,
        bytes: tensor.bytes,
    };
    tensors(&weights(10)).into_iter().map(entry).collect()
}

fn file(entries: &[Entry]) -> Vec<u8> {
    let views = entries.iter().map(|entry| {
        let view = TensorView::new(entry.dtype, entry.shape.clone(), &entry.bytes).unwrap();
        (entry.name.as_str(), view)
    });
    safetensors::serialize(views, None).unwrap()
}

/// A file of a header and as many bytes behind it.
fn raw(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// Why the good file after `change` is refused.
fn refused(change: impl FnOnce(&mut Vec<Entry>)) -> String {
    let mut entries = entries();
    change(&mut entries);
    decode(&file(&entries)).unwrap_err().to_string()
}

/// The good file with each tensor's numbers as `dtype`, written by `number`.
fn as_dtype<const N: usize>(dtype: Dtype, number: impl Fn(f32) -> [u8; N]) -> Vec<Entry> {
    let mut entries = entries();
    for entry in &mut entries {
        let (numbers, _) = entry.bytes.as_chunks();
        entry.bytes = numbers.iter().flat_map(|&bytes| number(f32::from_le_bytes(bytes))).collect();
        entry.dtype = dtype;
    }
    entries
}

#[test]
fn what_was_written_is_read_bit_by_bit_for_any_number_of_classes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lenet.safetensors");
    for classes in [2, 10, 64] {
        let mut written = weights(classes);
        written.conv1.weight[..3].copy_from_slice(&[-0.0, f32::from_bits(1), f32::MAX]);
        write(&path, &written).unwrap();
        let found = read(&path).unwrap();
        assert_eq!(found, written);
        assert!(found.conv1.weight[0].is_sign_negative());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_written_file_is_marked_as_pytorchs() {
    let bytes = encode(&weights(10));
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata(), &Some(HashMap::from([("format".to_owned(), "pt".to_owned())])));
    assert_eq!(bytes, encode(&weights(10)));
}

#[test]
fn a_prefix_of_all_tensors_is_ignored() {
    for prefix in ["module.", "net.", "_orig_mod.module.", "conv1.weight."] {
        let mut entries = entries();
        entries.iter_mut().for_each(|entry| entry.name.insert_str(0, prefix));
        assert_eq!(decode(&file(&entries)).unwrap(), weights(10), "{prefix}");
    }
}

#[test]
fn two_prefixes_are_refused_with_both_named() {
    let message = refused(|entries| entries[3].name.insert_str(0, "module."));
    assert!(message.contains("found \"\", \"module.\": save the state_dict of one network"), "{message}");
    let message = refused(|entries| {
        for copy in entries.clone() {
            entries.push(Entry { name: format!("teacher.{}", copy.name), ..copy });
        }
    });
    assert!(message.contains("found \"\", \"teacher.\""), "{message}");
}

#[test]
fn missing_and_surplus_tensors_are_listed() {
    let message = refused(|entries| {
        entries[1].name = "conv1.scale".to_owned();
        entries[6].name = "linear2.weight".to_owned();
    });
    let expected =
        "missing: \"conv1.bias\", \"fc2.weight\"; surplus: \"conv1.scale\", \"linear2.weight\": give";
    assert!(message.contains(expected), "{message}");
    let message = refused(|entries| {
        entries.iter_mut().for_each(|entry| entry.name.insert_str(0, "net."));
        entries.remove(0);
    });
    assert!(message.contains("missing: \"net.conv1.weight\"; surplus: none"), "{message}");
    // A name that only ends as one of ours is not ours.
    let message = refused(|entries| entries[0].name = "myconv1.weight".to_owned());
    assert!(message.contains("missing: \"conv1.weight\"; surplus: \"myconv1.weight\""), "{message}");
    let message = refused(Vec::clear);
    assert!(message.contains("missing: \"conv1.weight\"") && message.contains("\"fc3.bias\"; surplus: none"));
}

#[test]
fn another_shape_is_refused_with_both_shapes() {
    let change = |index: usize, shape: &'static [usize]| {
        move |entries: &mut Vec<Entry>| {
            entries[index].bytes = vec![0; 4 * shape.iter().product::<usize>()];
            entries[index].shape = shape.to_vec();
        }
    };
    let cases: [(usize, &[usize], &str); 7] = [
        (0, &[6, 1, 3, 3], "conv1.weight: expected shape [6, 1, 5, 5], found [6, 1, 3, 3]: "),
        (4, &[120, 400], "fc1.weight: expected shape [120, 256], found [120, 400]: "),
        (4, &[256, 120], "fc1.weight: expected shape [120, 256], found [256, 120]: "),
        (7, &[84, 1], "fc2.bias: expected shape [84], found [84, 1]: "),
        (8, &[10, 120], "fc3.weight: expected shape [classes, 84] with 2 to 64 classes, found [10, 120]: "),
        (8, &[65, 84], "fc3.weight: expected shape [classes, 84] with 2 to 64 classes, found [65, 84]: "),
        (9, &[11], "fc3.bias: expected shape [10], found [11]: "),
    ];
    for (index, shape, expected) in cases {
        let message = refused(change(index, shape));
        assert!(message.starts_with(expected), "{message}");
        assert!(message.contains("without padding, on images of 28x28 pixels"), "{message}");
    }
    for shape in [&[1_usize, 84][..], &[0, 84], &[84], &[]] {
        assert!(matches!(classes("fc3.weight", shape), Err(StateDictError::Shape { .. })), "{shape:?}");
    }
}

#[test]
fn other_floating_point_types_are_converted() {
    let doubles = as_dtype(Dtype::F64, |number| f64::from(number).to_le_bytes());
    assert_eq!(decode(&file(&doubles)).unwrap(), weights(10));
    let upper_half = |number: f32| (number.to_bits() >> 16) as u16;
    let brain = as_dtype(Dtype::BF16, |number| upper_half(number).to_le_bytes());
    let found = decode(&file(&brain)).unwrap();
    for (layer, expected) in found.layers().into_iter().zip(weights(10).layers()) {
        let bits: Vec<u32> = layer.weight.iter().map(|number| number.to_bits()).collect();
        let expected = expected.weight.iter().map(|&number| u32::from(upper_half(number)) << 16);
        assert_eq!(bits, expected.collect::<Vec<_>>());
    }
    let ones = as_dtype(Dtype::F16, |_| 0x3c00_u16.to_le_bytes());
    assert!(decode(&file(&ones)).unwrap().fc2.weight.iter().all(|&number| number == 1.0));
    // Types may be mixed, and F64 is rounded to the nearest f32.
    let mut mixed = entries();
    mixed[3] = brain[3].clone();
    mixed[9] = doubles[9].clone();
    mixed[9].bytes[..8].copy_from_slice(&0.1_f64.to_le_bytes());
    assert_eq!(decode(&file(&mixed)).unwrap().fc3.bias[0], 0.1_f32);
}

#[test]
fn other_types_are_refused_by_name() {
    let message = refused(|entries| {
        entries[2].dtype = Dtype::I64;
        entries[2].bytes = vec![0; 16 * 6 * 25 * 8];
    });
    assert!(message.starts_with("conv2.weight: expected numbers of type F32, F16, BF16 or F64, found I64: "));
    let header = r#"{"conv1.weight":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#;
    let message = decode(&raw(header, 4)).unwrap_err().to_string();
    assert!(message.contains("F33"), "{message}");
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_place() {
    for (number, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let message =
            refused(|entries| entries[5].bytes[7 * 4..8 * 4].copy_from_slice(&number.to_le_bytes()));
        let expected =
            format!("fc1.bias: expected finite numbers in the range of f32, found {shown} at position 7");
        assert!(message.starts_with(&expected), "{message}");
    }
    let message = refused(|entries| {
        *entries = as_dtype(Dtype::F64, |number| f64::from(number).to_le_bytes());
        entries[0].bytes[..8].copy_from_slice(&1e39_f64.to_le_bytes());
    });
    assert!(message.contains("found 1e39 at position 0"), "{message}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn any_header_is_read_or_refused(
        header in r#"\{("[a-z1-3.]{0,13}":\{"dtype":"(F32|F16|U8|I64)","shape":\[(6|84,10|18446744073709551615|)\],"data_offsets":\[[0-9]{1,20},[0-9]{1,20}\]\},?){0,3}\}"#,
        data in 0_usize..64,
    ) {
        prop_assert!(decode(&raw(&header, data)).is_err());
    }

    #[test]
    fn a_good_file_with_bytes_changed_never_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_header in any::<bool>(),
    ) {
        let mut bytes = encode(&weights(2));
        let end = if in_header { 1_000 } else { bytes.len() };
        for (at, byte) in changes {
            bytes[at.index(end)] = byte;
        }
        if let Ok(weights) = decode(&bytes) {
            prop_assert!(weights.layers().iter().all(|layer| layer.weight.iter().all(|number| number.is_finite())));
        }
    }

    #[test]
    fn any_finite_numbers_come_back_bit_by_bit(numbers in proptest::collection::vec(any::<u32>(), 150)) {
        let mut written = weights(2);
        for (weight, bits) in written.conv1.weight.iter_mut().zip(numbers) {
            let number = f32::from_bits(bits);
            *weight = if number.is_finite() { number } else { f32::MIN_POSITIVE };
        }
        let bits = |weights: &FloatWeights| weights.conv1.weight.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&decode(&encode(&written)).unwrap()), bits(&written));
    }
}
