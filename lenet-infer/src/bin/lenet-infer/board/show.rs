//! `lenet-infer board info` and `bench`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;

use super::{About, Board};
use crate::text::{STDOUT, printable, thousands};

pub(super) fn info(about: &About, json: bool, out: &mut impl Write) -> Result<ExitCode> {
    let About { board, unit, model_crc, classes, engine_ram, variables, flash, grid_side, frame_side } =
        about;
    if json {
        let object = json!({
            "board": board,
            "unit": unit,
            "model_crc": format!("{model_crc:08x}"),
            "classes": classes,
            "engine_ram": engine_ram,
            "variables": variables,
            "flash": flash,
            "grid_side": grid_side,
            "frame_side": frame_side,
        });
        writeln!(out, "{object}").context(STDOUT)?;
    } else {
        let bytes = |size: &u32| thousands(u64::from(*size));
        let [board, unit] = [board, unit].map(|text| printable(text));
        writeln!(out, "board      {board}, which counts {unit}").context(STDOUT)?;
        writeln!(out, "model      CRC-32 {model_crc:08x}, {classes} classes").context(STDOUT)?;
        writeln!(out, "RAM        {} bytes for the engine", bytes(engine_ram)).context(STDOUT)?;
        writeln!(out, "variables  {} bytes", bytes(variables)).context(STDOUT)?;
        writeln!(out, "flash      {} bytes", bytes(flash)).context(STDOUT)?;
        let sides = format!("{frame_side}x{frame_side} pixels, prepared on {grid_side}x{grid_side} cells");
        writeln!(out, "pictures   up to {sides}").context(STDOUT)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code is that of a failure if any logit of any golden digit was wrong.
pub(super) fn bench(board: &mut Board, images: u16, json: bool, out: &mut impl Write) -> Result<ExitCode> {
    let bench = board.client.bench(images)?;
    let mean = bench.total / u64::from(bench.images.max(1));
    let unit = &board.about.unit;
    if json {
        let object = json!({
            "board": board.about.board,
            "unit": unit,
            "images": bench.images,
            "equal": bench.equal,
            "min": bench.least,
            "mean": mean,
            "max": bench.most,
        });
        writeln!(out, "{object}").context(STDOUT)?;
    } else {
        let [least, mean, most] = [bench.least.into(), mean, bench.most.into()].map(thousands);
        writeln!(out, "board   {}", printable(&board.about.board)).context(STDOUT)?;
        writeln!(out, "time    min {least}, mean {mean}, max {most} {} a digit", printable(unit))
            .context(STDOUT)?;
        writeln!(out, "golden  {} of {} digits with all logits equal", bench.equal, bench.images)
            .context(STDOUT)?;
    }
    Ok(if bench.equal == bench.images { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
