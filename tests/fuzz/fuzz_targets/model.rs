//! Any bytes give a model or an error; a model runs, and encodes to the bytes of its file.
//!
//! Random bytes never have the right checksum, so each input is tried twice: as it is, and with its length and
//! checksum repaired, so that the fuzzer reaches the body.
#![no_main]

use lenet_core::format::{CRC_BYTES, FORMAT_VERSION, HEADER_BYTES, MAGIC};
use lenet_infer::Engine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    if let Some(body) = bytes.get(HEADER_BYTES..bytes.len().saturating_sub(CRC_BYTES)) {
        check(&frame(body));
    }
});

fn check(bytes: &[u8]) {
    if let Ok(file) = lenet_core::decode(bytes) {
        Engine::new(&file.model).classify(&[255; 784]);
        assert_eq!(lenet_core::encode(&file.model, &file.metadata).as_deref(), Ok(file.bytes));
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}
