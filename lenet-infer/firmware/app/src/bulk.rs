//! The program that classifies a file of images on the host (feature `semihosting`).

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE, MAX_CLASSES};
use lenet_infer::{Engine, ModelFile, Prediction, Stream};
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
    exchange(board, file, |image, logits| logits(&engine.classify(image)))
}

/// As [`bulk`](fn@bulk), with a [`Stream`] that takes each image row by row.
///
/// # Errors
///
/// Those of the host's file system.
pub fn bulk_by_rows(board: &str, file: &ModelFile<'_>) -> io::Result<()> {
    let mut stream = Stream::new(&file.model);
    exchange(board, file, |image, logits| {
        for row in image.as_chunks::<IMAGE_SIDE>().0 {
            if let Some(prediction) = stream.push(row) {
                logits(&prediction)?;
            }
        }
        Ok(())
    })
}

/// Writes `about.bin`, then has `classify` give the prediction for each image.
fn exchange(
    board: &str,
    file: &ModelFile<'_>,
    mut classify: impl FnMut(
        &[u8; IMAGE_PIXELS],
        &mut dyn FnMut(&Prediction<'_>) -> io::Result<()>,
    ) -> io::Result<()>,
) -> io::Result<()> {
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
        classify(&image, &mut |prediction| write_logits(&mut logits, prediction.logits))?;
    }
    Ok(())
}

fn write_logits(file: &mut File, logits: &[i32]) -> io::Result<()> {
    let mut bytes = [[0; 4]; MAX_CLASSES];
    for (bytes, logit) in bytes.iter_mut().zip(logits) {
        *bytes = logit.to_le_bytes();
    }
    // Clamped so that no bounds check is needed.
    file.write_all(bytes[..logits.len().min(MAX_CLASSES)].as_flattened())
}
