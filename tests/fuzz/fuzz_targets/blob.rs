//! Checks that any bytes decode to a model or to an error, that a decoded model runs, and that its encoding decodes to
//! the same model.
//!
//! Random bytes practically never have the right checksum. So each input is tried twice: as it is, and with the right
//! length and checksum, which lets the fuzzer reach the body.
#![no_main]

use lenet_core::blob::{CRC_BYTES, HEADER_BYTES, MAGIC, VERSION};
use lenet_infer::Engine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    if let Some(body) = bytes.get(HEADER_BYTES..bytes.len().saturating_sub(CRC_BYTES)) {
        check(&frame(body));
    }
});

fn check(bytes: &[u8]) {
    let (model, metadata) = (lenet_core::decode(bytes), lenet_core::metadata(bytes));
    if let Ok(model) = model {
        Engine::new(model).classify(&[255; 784]);
    }
    if let (Ok(model), Ok(metadata)) = (model, metadata) {
        // A varint can be written longer than necessary, so only encoded bytes are compared.
        let encoded = lenet_core::encode(&model, &metadata);
        assert_eq!(lenet_core::decode(&encoded), Ok(model));
        assert_eq!(lenet_core::metadata(&encoded), Ok(metadata));
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}
