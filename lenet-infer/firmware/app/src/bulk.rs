//! The program that classifies a file of images on the host (feature `semihosting`).

use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::{Engine, decode};
use semihosting::fs::File;
use semihosting::io::{self, Read, Write};

/// Classifies all images of a file on the host with `model`, on the board with the name `board`.
///
/// All files are in the folder in which the emulator, or the debugger, runs. The program first writes `about.bin`: the
/// CRC-32 at the end of the model file (4 bytes, little-endian), the number of classes (1 byte), and the name of the
/// board. It then reads `images.bin`, 784 bytes per image, and writes the logits of each image to `logits.bin`, 4 bytes
/// per logit, little-endian.
///
/// # Errors
///
/// Returns the errors of the host's file system, and `InvalidData` if `model` is not a model of ten classes.
pub fn bulk(board: &str, model: &[u8]) -> io::Result<()> {
    let mut engine = Engine::new(decode(model).map_err(|_| io::ErrorKind::InvalidData)?);
    let mut about = File::create(c"about.bin")?;
    about.write_all(model.last_chunk::<4>().ok_or(io::ErrorKind::InvalidData)?)?;
    about.write_all(&[CLASSES as u8])?;
    about.write_all(board.as_bytes())?;
    drop(about);
    let mut images = File::open(c"images.bin")?;
    let mut logits = File::create(c"logits.bin")?;
    let mut image = [0; IMAGE_PIXELS];
    for _ in 0..images.metadata()?.len() / IMAGE_PIXELS as u64 {
        images.read_exact(&mut image)?;
        logits.write_all(engine.classify(&image).logits.map(i32::to_le_bytes).as_flattened())?;
    }
    Ok(())
}
