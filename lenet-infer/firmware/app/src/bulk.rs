//! The program that classifies a file of images on the host (feature `semihosting`).

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE, MAX_CLASSES};
use lenet_infer::{Engine, ModelFile, Stream};
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
    exchange(board, file, |image: &[u8; IMAGE_PIXELS], logits| {
        write_logits(logits, engine.classify(image).logits)
    })
}

/// As [`bulk`](fn@bulk), with a [`Stream`] that takes each image row by row, as this program reads it: no more than a row
/// at a time is in memory.
///
/// # Errors
///
/// Those of the host's file system.
pub fn bulk_by_rows(board: &str, file: &ModelFile<'_>) -> io::Result<()> {
    let mut stream = Stream::new(&file.model);
    exchange(board, file, |row: &[u8; IMAGE_SIDE], logits| match stream.push(row) {
        Some(prediction) => write_logits(logits, prediction.logits),
        None => Ok(()),
    })
}

/// Writes `about.bin`, then gives `take` the images, `N` bytes at a time, and the file for their logits.
fn exchange<const N: usize>(
    board: &str,
    file: &ModelFile<'_>,
    mut take: impl FnMut(&[u8; N], &mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut about = File::create(c"about.bin")?;
    about.write_all(&file.crc().to_le_bytes())?;
    about.write_all(&[file.model.classes() as u8])?;
    about.write_all(board.as_bytes())?;
    drop(about);
    let mut images = File::open(c"images.bin")?;
    let mut logits = File::create(c"logits.bin")?;
    let mut bytes = [0; N];
    // A host gives all the bytes that it is asked for, but at the end of the file.
    while images.read(&mut bytes)? == N {
        take(&bytes, &mut logits)?;
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
