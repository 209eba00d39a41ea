//! The program that classifies a file of images on the host (feature `semihosting`).

use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};
use lenet_infer::{Engine, ModelFile};
use semihosting::fs::File;
use semihosting::io::{self, Read, Write};

/// Classifies all images of a file on the host with the model of `file`, on the board with the name `board`.
///
/// All files are in the folder in which the emulator, or the debugger, runs. The program first writes `about.bin`: the
/// CRC-32 at the end of the model file (4 bytes, little-endian), the number of classes (1 byte) and the name of the
/// board. It then reads `images.bin`, 784 bytes per image, and writes the logits of each image to `logits.bin`, 4
/// bytes per logit, little-endian.
///
/// # Errors
///
/// The errors of the host's file system.
pub fn bulk(board: &str, file: &ModelFile<'_>) -> io::Result<()> {
    let mut engine = Engine::new(&file.model);
    let mut about = File::create(c"about.bin")?;
    about.write_all(&file.crc().to_le_bytes())?;
    about.write_all(&[file.model.classes() as u8])?;
    about.write_all(board.as_bytes())?;
    drop(about);
    let mut images = File::open(c"images.bin")?;
    let mut logits = File::create(c"logits.bin")?;
    let mut image = [0; IMAGE_PIXELS];
    for _ in 0..images.metadata()?.len() / IMAGE_PIXELS as u64 {
        images.read_exact(&mut image)?;
        let prediction = engine.classify(&image);
        let mut bytes = [[0; 4]; MAX_CLASSES];
        for (bytes, logit) in bytes.iter_mut().zip(prediction.logits) {
            *bytes = logit.to_le_bytes();
        }
        // Clamped so that no bounds check is needed.
        logits.write_all(bytes[..prediction.logits.len().min(MAX_CLASSES)].as_flattened())?;
    }
    Ok(())
}
