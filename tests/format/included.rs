//! A file that is no model stops the compiler. What the compiler calls is called here at run time: its panic is the
//! message of the build.

use crate::edit::{edited, with_metadata};
use lenet_core::format::{FORMAT_VERSION, decode_included};
use lenet_core::{Metadata, ModelFile, include_model};
use lenet_infer::SHIPPED;
use std::panic::catch_unwind;

/// Why the compiler would refuse the file.
fn refusal(file: Vec<u8>) -> String {
    let panic = catch_unwind(|| decode_included(&file).model.classes()).unwrap_err();
    panic
        .downcast::<String>()
        .map_or_else(|panic| (*panic.downcast::<&str>().unwrap()).to_owned(), |text| *text)
}

fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = SHIPPED.bytes.to_vec();
    change(&mut file);
    file
}

/// Puts a letter into the name of the data set: what follows is not aligned any more.
fn one_letter_more(body: &mut Vec<u8>) {
    let [metadata_length, name_length] = [0, 1];
    body[metadata_length] += 1;
    body[name_length] += 1;
    body.insert(2, b'x');
}

#[test]
fn the_compiler_says_why_it_refuses_a_file() {
    for (file, reason) in [
        (changed(|file| file[20_000] ^= 1), "model file is damaged"),
        (changed(|file| file[4] = FORMAT_VERSION as u8 - 1), "model file has another format version"),
        (changed(|file| file.truncate(20_000)), "model file is shorter than its header says"),
        (changed(|file| file.push(0)), "model file has bytes after its end"),
        (b"\x7fELF, not a model".to_vec(), "not a model file"),
        (edited(SHIPPED.bytes, one_letter_more), "model file is misaligned"),
        (with_metadata(SHIPPED.bytes, &[0xFF]), "model file holds no model"),
    ] {
        let found = refusal(file);
        assert!(found.starts_with(reason), "{found:?}, expected {reason:?}");
    }
}

#[test]
fn a_file_is_decoded_by_the_compiler_as_at_run_time() {
    static FILE: ModelFile<'static> = include_model!("../../lenet-infer/assets/model-int4.lenet");
    assert_eq!(lenet_core::decode(FILE.bytes), Ok(FILE));
    assert_ne!(FILE.metadata, Metadata::default());
    assert_eq!(FILE.bytes.as_ptr().addr() % 4, 0);
}
