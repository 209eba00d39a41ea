//! `lenet-infer board --qemu CORE bulk`: a data set that an emulated board reads as a file.

use std::array::from_fn;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use lenet_core::shape::CLASSES;
use lenet_infer::{Engine, Model};
use serde_json::json;

use super::args::BoardEvalArgs;
use super::eval::load;
use super::qemu::{Core, said};
use crate::text::{STDOUT, percent, progress_bar, thousands};

/// What the firmware reads and writes, in the folder that QEMU runs in.
const IMAGES: &str = "images.bin";
const LOGITS: &str = "logits.bin";
/// Bytes of one image's logits.
const ANSWER: usize = CLASSES * size_of::<i32>();
/// Between two looks at how far the board is.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) fn run(
    core: Core,
    firmware: Option<&Path>,
    args: &BoardEvalArgs,
    model: &Model<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let samples = load(args)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let images: Vec<u8> = samples.iter().flat_map(|(image, _)| image).copied().collect();
    fs::write(folder.path().join(IMAGES), images).context("cannot write to a temporary folder")?;
    let start = Instant::now();
    let answers = answers(core, firmware, folder.path(), samples.len())?;
    let rate = samples.len() as f64 / start.elapsed().as_secs_f64();

    let mut engine = Engine::new(model);
    let (mut correct, mut mismatches) = (0, 0);
    for ((image, label), answer) in samples.iter().zip(answers.as_chunks::<ANSWER>().0) {
        let logits = logits(answer);
        mismatches += usize::from(engine.classify(image).logits != logits);
        correct += usize::from(class(&logits) == usize::from(*label));
    }
    let accuracy = correct as f64 / samples.len() as f64;
    if json {
        let object = json!({
            "board": core.board(),
            "images": samples.len(),
            "correct": correct,
            "accuracy": accuracy,
            "mismatches": mismatches,
            "images_per_second": rate,
        });
        writeln!(out, "{object}").context(STDOUT)?;
    } else {
        let [correct, mismatches, images] =
            [correct, mismatches, samples.len()].map(|count| thousands(count as u64));
        let accuracy = percent(accuracy);
        writeln!(out, "board     {}", core.board()).context(STDOUT)?;
        writeln!(out, "accuracy  {accuracy} ({correct} of {images} images)").context(STDOUT)?;
        writeln!(out, "mismatch  {mismatches} of {images} images with a logit that is not the host's")
            .context(STDOUT)?;
        writeln!(out, "speed     {rate:.1} images/s").context(STDOUT)?;
    }
    Ok(if mismatches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An image's logits as the board wrote them.
fn logits(answer: &[u8; ANSWER]) -> [i32; CLASSES] {
    let (logits, _) = answer.as_chunks();
    from_fn(|class| i32::from_le_bytes(logits[class]))
}

/// The class of the largest logit; the first of equals, as the engine has it.
fn class(logits: &[i32; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

/// Runs the board until it has classified all images, and gives its logits.
fn answers(core: Core, firmware: Option<&Path>, folder: &Path, images: usize) -> Result<Vec<u8>> {
    let mut qemu = core.spawn(core.command("bulk", firmware)?.current_dir(folder))?;
    let logits = folder.join(LOGITS);
    let bar = progress_bar(images);
    let status = loop {
        if let Some(status) = qemu.try_wait().context("cannot watch QEMU")? {
            break status;
        }
        let written = fs::metadata(&logits).map_or(0, |file| file.len());
        bar.set_position(written / ANSWER as u64);
        sleep(PAUSE);
    };
    bar.finish_and_clear();
    let answers = fs::read(&logits).unwrap_or_default();
    if !status.success() || answers.len() != images * ANSWER {
        let (answered, said) = (answers.len() / ANSWER, said(&mut qemu));
        bail!(
            "expected {} to classify {images} images, found {answered} when QEMU ended ({status}): {said}",
            core.board()
        );
    }
    Ok(answers)
}
