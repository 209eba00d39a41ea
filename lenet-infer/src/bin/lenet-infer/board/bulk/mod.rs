//! `lenet-infer board --qemu CORE bulk`: a board's score on a data set that it reads as a file.

mod exchange;

use std::fs;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use lenet_infer::host::qemu::Core;
use lenet_infer::{Engine, ModelFile};
use serde_json::json;

use self::exchange::{Exchange, IMAGES};
use super::args::{BoardArgs, BoardEvalArgs};
use super::eval::load;
use super::{ATTEMPTS, check_board, check_model};
use crate::text::{STDOUT, percent, thousands};

pub(super) fn run(
    core: Core,
    args: &BoardArgs,
    bulk: &BoardEvalArgs,
    name: &str,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let elf = core.firmware("bulk", args.firmware.as_deref())?;
    let samples = load(bulk)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let images: Vec<u8> = samples.iter().flat_map(|(image, _)| image).copied().collect();
    fs::write(folder.path().join(IMAGES), images).context("cannot write to a temporary folder")?;
    let exchange = Exchange {
        core,
        folder: folder.path(),
        images: samples.len(),
        classes: file.model.classes(),
        patience: args.timeout.saturating_mul(ATTEMPTS),
    };
    let start = Instant::now();
    let answers = exchange.run(&elf, |about| {
        check_board(core, &about.board)?;
        check_model(name, file, about.model_crc)
    })?;
    let rate = samples.len() as f64 / start.elapsed().as_secs_f64();

    let mut engine = Engine::new(&file.model);
    let (mut correct, mut mismatches) = (0, 0);
    for ((image, label), logits) in samples.iter().zip(&answers) {
        mismatches += usize::from(engine.classify(image).logits != *logits);
        correct += usize::from(class(logits) == Some(usize::from(*label)));
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

/// The class of the largest logit; the first of equal ones, as in the engine.
fn class(logits: &[i32]) -> Option<usize> {
    (0..logits.len()).rev().max_by_key(|class| logits[*class])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_logits_is_the_class() {
        assert_eq!(class(&[3, 9, 9, -1]), Some(1));
        assert_eq!(class(&[]), None);
    }
}
