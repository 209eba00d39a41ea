//! The files that an emulated board and this program exchange.

use std::fs;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use lenet_infer::host::files::read_at_most;
use lenet_infer::host::qemu::{Core, Emulator};
use lenet_infer::link::MAX_NAME;

use super::super::interrupt;
use crate::text::progress_bar;

/// The images, 784 bytes each, for the board to read.
pub(super) const IMAGES: &str = "images.bin";
/// The board's description of itself. The board writes it before it creates [`LOGITS`].
const ABOUT: &str = "about.bin";
/// The logits of each image that the board has classified, four bytes each, little-endian.
const LOGITS: &str = "logits.bin";
/// The time between two looks at how far the board is.
const PAUSE: Duration = Duration::from_millis(20);

/// A run of a firmware over a folder of files.
pub(super) struct Exchange<'a> {
    pub(super) core: Core,
    /// The folder, with the images in it.
    pub(super) folder: &'a Path,
    pub(super) images: usize,
    /// The number of logits per image.
    pub(super) classes: usize,
    /// The longest time in which the board may write no logits.
    pub(super) patience: Duration,
}

/// A board's description of itself.
pub(super) struct About {
    pub(super) board: String,
    pub(super) model_crc: u32,
    classes: u8,
}

impl Exchange<'_> {
    /// Runs the firmware in the file `elf` until it has classified all images, and returns the logits of each. `check`
    /// may refuse the board before that.
    pub(super) fn run(&self, elf: &Path, check: impl Fn(&About) -> Result<()>) -> Result<Vec<Vec<i32>>> {
        let emulator = Emulator::in_folder(self.core, elf, self.folder)?;
        interrupt::watch(emulator.killer());
        let bar = progress_bar(self.images);
        let expected = self.bytes(self.images);
        let (mut checked, mut written, mut progress) = (false, 0, Instant::now());
        loop {
            // First the status: what a process has written is there once it has ended.
            let status = emulator.try_wait().context("cannot watch QEMU")?;
            if let Ok(logits) = fs::metadata(self.folder.join(LOGITS)) {
                if !checked {
                    self.check(&check)?;
                    checked = true;
                }
                if logits.len() > written {
                    (written, progress) = (logits.len(), Instant::now());
                    bar.set_position(written / self.bytes(1));
                }
            }
            if let Some(status) = status {
                if status.success() && written == expected {
                    bar.finish_and_clear();
                    return self.logits();
                }
                bail!("{} when QEMU ended ({status}): {}", self.found(written), emulator.end());
            }
            ensure!(
                written <= expected,
                "{}: build it with: {}",
                self.found(written),
                self.core.build_command()
            );
            if progress.elapsed() >= self.patience {
                let said = emulator.end();
                bail!(
                    "{}, and no more within {} s; is the firmware the program `bulk`, and --timeout long enough?{}{said}",
                    self.found(written),
                    self.patience.as_secs_f64(),
                    if said.is_empty() { "" } else { " QEMU said: " }
                );
            }
            sleep(PAUSE);
        }
    }

    /// What was expected, and what was found, when the board wrote `written` bytes of logits.
    fn found(&self, written: u64) -> String {
        let (images, classified) = (self.images, written / self.bytes(1));
        format!("expected {} to classify {images} images, found {classified}", self.core.board())
    }

    /// The bytes that the logits of so many images have.
    const fn bytes(&self, images: usize) -> u64 {
        (images * self.classes * size_of::<i32>()) as u64
    }

    /// Checks that the firmware is the one expected.
    fn check(&self, check: impl Fn(&About) -> Result<()>) -> Result<()> {
        let about = About::read(self.folder).with_context(|| {
            let build = self.core.build_command();
            format!("expected the firmware to say in {ABOUT} for which board and model it is: build it with: {build}")
        })?;
        check(&about)?;
        ensure!(
            usize::from(about.classes) == self.classes,
            "expected the board's model to have {} classes, found {}: build it with: {}",
            self.classes,
            about.classes,
            self.core.build_command()
        );
        Ok(())
    }

    /// Reads the logits of all images.
    fn logits(&self) -> Result<Vec<Vec<i32>>> {
        let bytes = read_at_most(&self.folder.join(LOGITS), self.bytes(self.images)).context(LOGITS)?;
        let logits: Vec<i32> = bytes.as_chunks().0.iter().copied().map(i32::from_le_bytes).collect();
        Ok(logits.chunks(self.classes).map(<[i32]>::to_vec).collect())
    }
}

impl About {
    /// Reads the file that the firmware writes first: the CRC-32 of its model (4 bytes, little-endian), the number of
    /// classes (1 byte), and the name of its board, to the end.
    fn read(folder: &Path) -> io::Result<Self> {
        let bytes = read_at_most(&folder.join(ABOUT), 5 + MAX_NAME as u64)?;
        let (crc, rest) = bytes.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        let (&classes, board) = rest.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        let board = String::from_utf8_lossy(board).into_owned();
        Ok(Self { board, model_crc: u32::from_le_bytes(*crc), classes })
    }
}
