//! The program that classifies a host's file of images (feature `semihosting`).

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, Model};
use semihosting::fs::File;
use semihosting::io::{self, Read, Write};

/// Classifies by `model` every image of the host's file `images.bin`, 784 bytes each, and writes their logits to its file
/// `logits.bin`, four bytes each, little-endian. Both are in the folder that the emulator runs in.
///
/// # Errors
///
/// Those of the host's file system.
pub fn bulk(model: &Model<'_>) -> io::Result<()> {
    let mut engine = Engine::new(model);
    let mut images = File::open(c"images.bin")?;
    let mut logits = File::create(c"logits.bin")?;
    let mut image = [0; IMAGE_PIXELS];
    for _ in 0..images.metadata()?.len() / IMAGE_PIXELS as u64 {
        images.read_exact(&mut image)?;
        for logit in engine.classify(&image).logits {
            logits.write_all(&logit.to_le_bytes())?;
        }
    }
    Ok(())
}
