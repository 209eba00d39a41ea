//! Parses any bytes as images and as labels without a panic, and checks that a valid file encodes to the same bytes.
#![no_main]

use lenet_infer::host::idx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(contents) = idx::decompress("input", bytes) else { return };
    let mut encoded = Vec::new();
    if let Ok(images) = idx::parse_images("input", &contents) {
        idx::encode_images(&images, &mut encoded).expect("writing to memory");
        assert_eq!(encoded, *contents);
    } else if let Ok(labels) = idx::parse_labels("input", &contents, 64) {
        idx::encode_labels(&labels, &mut encoded).expect("writing to memory");
        assert_eq!(encoded, *contents);
    }
});
