//! The program that classifies a host's file of images (feature `semihosting`).

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, decode};
use semihosting::fs::File;
use semihosting::io::{self, Read, Write};

/// Classifies by `model` every image of the host's file `images.bin`, 784 bytes each, and writes their logits to its file
/// `logits.bin`, four bytes each, little-endian. Both are in the folder that the emulator runs in.
///
/// # Errors
///
/// Those of the host's file system, and `InvalidData` when `model` is not a model of ten classes.
pub fn bulk(model: &[u8]) -> io::Result<()> {
    let mut engine = Engine::new(decode(model).map_err(|_| io::ErrorKind::InvalidData)?);
    let mut images = File::open(c"images.bin")?;
    let mut logits = File::create(c"logits.bin")?;
    let mut image = [0; IMAGE_PIXELS];
    for _ in 0..images.metadata()?.len() / IMAGE_PIXELS as u64 {
        images.read_exact(&mut image)?;
        logits.write_all(engine.classify(&image).logits.map(i32::to_le_bytes).as_flattened())?;
    }
    Ok(())
}
