use std::io::Write;
use std::prelude::rust_2024::*;
use std::{array, format, panic, vec};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec as vec_of;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use lenet_core::shape::CLASSES;

fn set(images: usize) -> LabeledImages {
    LabeledImages {
        images: (0..images).map(|image| array::from_fn(|pixel| (image * 31 + pixel) as u8)).collect(),
        labels: (0..images).map(|image| (image % CLASSES) as u8).collect(),
    }
}

fn image_contents(images: usize) -> Vec<u8> {
    let mut contents = Vec::new();
    encode_images(&set(images).images, &mut contents).unwrap();
    contents
}

fn label_contents(labels: usize) -> Vec<u8> {
    let mut contents = Vec::new();
    encode_labels(&set(labels).labels, &mut contents).unwrap();
    contents
}

fn gzip(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap()
}

/// The message of the error that `parse_images` gives for a valid file with some bytes replaced.
fn images_error(at: usize, bytes: &[u8]) -> String {
    let mut contents = image_contents(2);
    contents[at..at + bytes.len()].copy_from_slice(bytes);
    parse_images("F", &contents).unwrap_err().to_string()
}

#[test]
fn a_written_set_is_read_back() {
    let dir = tempdir().unwrap();
    let (train, test) = (set(12), set(3));
    write(&dir.path().join("new"), Part::Train, &train).unwrap();
    write(&dir.path().join("new"), Part::Test, &test).unwrap();
    assert_eq!(load(&dir.path().join("new"), Part::Train).unwrap(), train);
    assert_eq!(load(&dir.path().join("new"), Part::Test).unwrap(), test);
}

#[test]
fn a_folder_with_the_name_of_a_file_is_named_unless_the_file_is_beside_it() {
    let dir = tempdir().unwrap();
    write(dir.path(), Part::Test, &set(2)).unwrap();
    let [name, dotted] =
        ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"].map(|name| dir.path().join(name));
    fs::rename(&name, &dotted).unwrap();
    fs::create_dir(&name).unwrap();
    assert_eq!(load(dir.path(), Part::Test).unwrap(), set(2));
    fs::remove_file(&dotted).unwrap();
    let Err(IdxError::Read { file, source }) = load(dir.path(), Part::Test) else {
        panic!("expected an error")
    };
    assert_eq!(file, name.display().to_string());
    assert_eq!(source.to_string(), "expected a regular file, found a folder");
}

#[cfg(unix)]
#[test]
fn a_device_in_the_place_of_a_file_is_refused() {
    let dir = tempdir().unwrap();
    // Opens, and never gives a byte.
    std::os::unix::fs::symlink("/dev/ptmx", dir.path().join("t10k-images-idx3-ubyte")).unwrap();
    let Err(IdxError::Read { source, .. }) = load(dir.path(), Part::Test) else {
        panic!("expected an error")
    };
    assert!(source.to_string().starts_with("expected a regular file, found a device"), "{source}");
}

#[test]
fn dotted_and_gzipped_names_are_found_and_plain_goes_first() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("t10k-labels.idx1-ubyte"), label_contents(2)).unwrap();
    fs::write(dir.path().join("t10k-images.idx3-ubyte.gz"), gzip(&image_contents(2))).unwrap();
    assert_eq!(load(dir.path(), Part::Test).unwrap(), set(2));
    fs::write(dir.path().join("t10k-images-idx3-ubyte"), image_contents(1)).unwrap();
    assert!(matches!(load(dir.path(), Part::Test), Err(IdxError::Counts { images: 1, labels: 2, .. })));
}

#[test]
fn contents_decide_whether_a_file_is_gzip() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("t10k-labels-idx1-ubyte.gz"), label_contents(2)).unwrap();
    fs::write(dir.path().join("t10k-images-idx3-ubyte"), gzip(&image_contents(2))).unwrap();
    assert_eq!(load(dir.path(), Part::Test).unwrap(), set(2));
}

#[test]
fn a_missing_file_names_the_folder_and_all_spellings() {
    let dir = tempdir().unwrap();
    let message = load(dir.path(), Part::Train).unwrap_err().to_string();
    assert_eq!(
        message,
        format!(
            "{}: expected one of train-images-idx3-ubyte, train-images.idx3-ubyte, train-images-idx3-ubyte.gz, \
             train-images.idx3-ubyte.gz, found none of them: put the file there or name another folder",
            dir.path().display()
        )
    );
}

#[test]
fn a_folder_in_the_place_of_a_file_cannot_be_read() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("train-images-idx3-ubyte")).unwrap();
    assert!(matches!(load(dir.path(), Part::Train), Err(IdxError::Read { .. })));
}

#[test]
fn a_file_larger_than_the_cap_is_refused() {
    let dir = tempdir().unwrap();
    // A hole takes no space on the disk.
    let file = fs::File::create(dir.path().join("train-images-idx3-ubyte")).unwrap();
    file.set_len(MAX_UNPACKED + 1).unwrap();
    assert!(matches!(load(dir.path(), Part::Train), Err(IdxError::TooLarge { .. })));
}

#[test]
fn a_file_in_the_place_of_the_folder_cannot_be_written() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(write(&file, Part::Train, &set(1)), Err(IdxError::Write { .. })));
}

#[test]
fn each_field_of_the_header_has_its_own_message() {
    assert_eq!(
        images_error(0, b"<h"),
        "F: expected an IDX file (it starts with bytes 00 00) or a gzip one (1f 8b), found 3c 68: \
         is it another kind of file, or a web page saved in its place?"
    );
    assert_eq!(
        images_error(2, &[0x0d]),
        "F: expected IDX elements of type 0x08 (unsigned byte), found type 0x0d: convert the elements to bytes"
    );
    assert_eq!(
        images_error(3, &[1]),
        "F: expected 3 IDX dimension(s), found 1: are images and labels swapped?"
    );
    assert_eq!(
        images_error(4, &[0; 4]),
        "F: expected at least one item, found a header that counts 0: choose a set that is not empty"
    );
    assert_eq!(
        images_error(11, &[32]),
        "F: expected images of 28x28 pixels, found 32x28: resize them to 28x28"
    );
}

#[test]
fn each_wrong_length_has_its_own_message() {
    assert_eq!(
        images_error(7, &[3]),
        "F: expected 2368 bytes by its header, found 1584: fetch or copy the file again"
    );
    assert_eq!(
        images_error(7, &[1]),
        "F: expected 800 bytes by its header, found 1584: \
         correct the count in the header or fetch the file again"
    );
    assert_eq!(
        parse_labels("F", &[], CLASSES).unwrap_err().to_string(),
        "F: expected 8 bytes by its header, found 0: fetch or copy the file again"
    );
}

#[test]
fn sizes_whose_product_overflows_are_refused() {
    assert!(images_error(4, &[0xff; 12]).contains("found 4294967295x4294967295"));
    assert!(images_error(4, &[0xff; 4]).contains("expected 3367254359296 bytes"));
}

#[test]
fn a_label_above_nine_is_named_with_its_place() {
    let mut contents = label_contents(5);
    contents[8 + 3] = 10;
    assert_eq!(
        parse_labels("F", &contents, CLASSES).unwrap_err().to_string(),
        "F: expected labels from 0 to 9, found 10 at item 3 (counted from 0): choose a set of at most 10 classes"
    );
}

#[test]
fn every_truncation_is_refused() {
    let (images, labels) = (image_contents(1), label_contents(3));
    for length in 0..images.len() {
        assert!(matches!(parse_images("F", &images[..length]), Err(IdxError::Truncated { .. })));
    }
    for length in 0..labels.len() {
        assert!(matches!(parse_labels("F", &labels[..length], CLASSES), Err(IdxError::Truncated { .. })));
    }
    let gzipped = gzip(&images);
    for length in GZIP_MAGIC.len()..gzipped.len() {
        assert!(matches!(decompress("F", &gzipped[..length]), Err(IdxError::TruncatedGzip { .. })));
    }
}

#[test]
fn a_damaged_gzip_stream_is_refused() {
    let gzipped = gzip(&label_contents(3));
    let mut damaged = gzipped.clone();
    let crc = damaged.len() - 8;
    damaged[crc] ^= 1;
    assert!(matches!(decompress("F", &damaged), Err(IdxError::CorruptGzip { .. })));
    let followed = [&gzipped[..], b"something that is not gzip"].concat();
    assert!(matches!(decompress("F", &followed), Err(IdxError::CorruptGzip { .. })));
}

#[test]
fn contents_just_at_the_cap_fit_and_one_byte_more_does_not() {
    let bomb = gzip(&vec![0; 1 << 20]);
    assert!(bomb.len() < 1 << 14);
    assert_eq!(decompress_at_most("F", &bomb, 1 << 20).unwrap().len(), 1 << 20);
    assert!(matches!(decompress_at_most("F", &bomb, (1 << 20) - 1), Err(IdxError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn encoding_then_parsing_gives_the_same(labels in vec_of(0..CLASSES as u8, 1..40), pixel: u8) {
        let images: Vec<_> = labels.iter().map(|&label| [pixel ^ label; IMAGE_PIXELS]).collect();
        let (mut image_contents, mut label_contents) = (Vec::new(), Vec::new());
        encode_images(&images, &mut image_contents).unwrap();
        encode_labels(&labels, &mut label_contents).unwrap();
        prop_assert_eq!(parse_images("F", &image_contents).unwrap(), images);
        prop_assert_eq!(parse_labels("F", &label_contents, CLASSES).unwrap(), labels);
        let gzipped = gzip(&image_contents);
        let decompressed = decompress("F", &gzipped).unwrap();
        prop_assert_eq!(decompressed.as_ref(), &image_contents[..]);
    }

    #[test]
    fn whatever_parses_encodes_to_the_same_bytes(bytes in vec_of(any::<u8>(), 0..40), count in 0..40u32) {
        let contents = [&[0, 0, 8, 1], &count.to_be_bytes()[..], &bytes].concat();
        if let Ok(labels) = parse_labels("F", &contents, CLASSES) {
            let mut encoded = Vec::new();
            encode_labels(&labels, &mut encoded).unwrap();
            prop_assert_eq!(encoded, contents);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec_of(any::<u8>(), 0..2000), gzip_magic: bool) {
        let contents = if gzip_magic { [&GZIP_MAGIC[..], &[8, 0], &bytes].concat() } else { bytes };
        if let Ok(contents) = decompress("F", &contents) {
            let _ = parse_images("F", &contents);
            let _ = parse_labels("F", &contents, CLASSES);
        }
    }
}
