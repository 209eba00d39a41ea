//! `lenet-infer board classify` and `read`: what a board sees in a picture, compared with what the host sees.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::client::{Gray, Seen};
use lenet_infer::host::picture_file;
use lenet_infer::link::{FoundDigit, MAX_DIGITS, Wanted};
use lenet_infer::picture::{Digit, NoDigit, Preparer, Rect};
use lenet_infer::{Engine, ModelFile};
use serde_json::{Value, json};

use super::Board;
use crate::confidence::is_enough;
use crate::text::{STDOUT, class_name, odds, printable, thousands};

/// A picture as it goes to the board.
struct Sent {
    pixels: Vec<u8>,
    width: u16,
    height: u16,
}

/// What the host sees in the picture; it must be what the board sees.
struct Expected {
    rect: Rect,
    line: u8,
    contrast: u8,
    stroke_width: u8,
    image: [u8; IMAGE_PIXELS],
    class: u8,
    confidence: u16,
    logits: Vec<i32>,
}

pub(super) fn run(
    board: &mut Board,
    path: &Path,
    wanted: Wanted,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let name = path.display().to_string();
    let sent = load(path, board.about.frame_side)?;
    let expected = expected(board.about.grid_side, &sent, wanted, &mut Engine::new(&file.model))?;
    let seen = board.client.read(Gray { pixels: &sent.pixels, width: sent.width }, wanted)?;
    let equal = match (&seen, &expected) {
        (Ok(seen), Ok(expected)) => {
            seen.len() == expected.len()
                && seen.iter().zip(expected).all(|(seen, expected)| expected.is(seen))
        }
        (Err(seen), Err(expected)) => seen == expected,
        _ => false,
    };
    if json {
        writeln!(out, "{}", object(board, &name, &sent, file, &seen, equal)).context(STDOUT)?;
    } else {
        print(board, &name, &sent, file, &seen, out).context(STDOUT)?;
        let judged = if equal { "yes: boxes, images and logits" } else { "NO: the host sees something else" };
        writeln!(out, "as host  {judged}").context(STDOUT)?;
    }
    Ok(if equal && seen.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads a picture, reduced to sides of at most `side` pixels.
fn load(path: &Path, side: u16) -> Result<Sent> {
    let picture = picture_file::read(path)?;
    let (width, height) = (picture.width(), picture.height());
    let longer = width.max(height);
    if longer <= side {
        return Ok(Sent { pixels: picture.pixels().to_vec(), width, height });
    }
    let reduced = |length: u16| (u32::from(length) * u32::from(side)).div_ceil(longer.into());
    let all = ImageBuffer::<Luma<u8>, _>::from_raw(width.into(), height.into(), picture.pixels())
        .context("the picture has as many pixels as its sides say")?;
    let gray = imageops::resize(&all, reduced(width), reduced(height), FilterType::Triangle);
    Ok(Sent { width: gray.width() as u16, height: gray.height() as u16, pixels: gray.into_raw() })
}

/// What the host sees on a work grid as large as the board's, with the rows of the picture one by one as on the board.
fn expected(
    side: u8,
    sent: &Sent,
    wanted: Wanted,
    engine: &mut Engine<'_>,
) -> Result<Result<Vec<Expected>, NoDigit>> {
    match side {
        32 => see::<32>(sent, wanted, engine),
        40 => see::<40>(sent, wanted, engine),
        48 => see::<48>(sent, wanted, engine),
        64 => see::<64>(sent, wanted, engine),
        96 => see::<96>(sent, wanted, engine),
        128 => see::<128>(sent, wanted, engine),
        _ => {
            bail!("expected a board with a work grid of 32, 40, 48, 64, 96 or 128 cells, found one of {side}")
        }
    }
}

fn see<const SIDE: usize>(
    sent: &Sent,
    wanted: Wanted,
    engine: &mut Engine<'_>,
) -> Result<Result<Vec<Expected>, NoDigit>> {
    let mut preparer = Box::new(Preparer::<SIDE>::new());
    let mut rows = preparer.rows(sent.width.into(), sent.height.into())?;
    for row in sent.pixels.chunks(sent.width.into()) {
        rows.push(row.iter().copied());
    }
    if wanted == Wanted::One {
        return Ok(rows.finish().map(|digit| vec![Expected::new(digit, engine)]));
    }
    Ok(rows.find::<MAX_DIGITS>().map(|mut digits| {
        let mut seen = Vec::new();
        while let Some(digit) = digits.next() {
            seen.push(Expected::new(digit, engine));
        }
        seen
    }))
}

impl Expected {
    fn new(digit: &Digit, engine: &mut Engine<'_>) -> Self {
        let prediction = engine.classify(&digit.image);
        Self {
            rect: digit.rect,
            line: digit.line,
            contrast: digit.contrast,
            stroke_width: digit.stroke_width,
            image: digit.image,
            class: prediction.class,
            confidence: prediction.confidence,
            logits: prediction.logits.to_vec(),
        }
    }

    /// Whether the board saw this digit, bit for bit.
    fn is(&self, seen: &Seen) -> bool {
        let FoundDigit { rect, line, contrast, stroke_width, classification, .. } = &seen.digit;
        (*rect, *line, *contrast, *stroke_width) == (self.rect, self.line, self.contrast, self.stroke_width)
            && seen.image == self.image
            && (classification.class, classification.confidence) == (self.class, self.confidence)
            && classification.logits() == self.logits
    }
}

fn object(
    board: &Board,
    name: &str,
    sent: &Sent,
    file: &ModelFile<'_>,
    seen: &Result<Vec<Seen>, NoDigit>,
    equal: bool,
) -> Value {
    let digit = |seen: &Seen| {
        let FoundDigit { rect, line, contrast, stroke_width, cycles, classification } = &seen.digit;
        json!({
            "class": classification.class,
            "name": file.metadata.class_name(classification.class),
            "confident": is_enough(&file.model, classification.confidence),
            "confidence": classification.confidence,
            "logits": classification.logits(),
            "rect": [rect.left, rect.top, rect.right, rect.bottom],
            "line": line,
            "contrast": contrast,
            "stroke_width": stroke_width,
            "prepare": cycles,
            "classify": classification.cycles,
        })
    };
    json!({
        "board": board.about.board,
        "unit": board.about.unit,
        "path": name,
        "width": sent.width,
        "height": sent.height,
        "digits": seen.as_ref().map_or_else(|_| Vec::new(), |seen| seen.iter().map(digit).collect()),
        "error": seen.as_ref().err().map(ToString::to_string),
        "equal": equal,
        "resent": board.client.resent(),
    })
}

fn print(
    board: &Board,
    name: &str,
    sent: &Sent,
    file: &ModelFile<'_>,
    seen: &Result<Vec<Seen>, NoDigit>,
    out: &mut impl Write,
) -> io::Result<()> {
    let unit = printable(&board.about.unit);
    writeln!(out, "board    {}", printable(&board.about.board))?;
    writeln!(out, "picture  {}, sent as {}x{} pixels", printable(name), sent.width, sent.height)?;
    match seen {
        Ok(seen) => {
            let mut line = 0;
            let mut text = String::new();
            for Seen { digit, .. } in seen {
                if digit.line != line {
                    text.push_str(" / ");
                    line = digit.line;
                }
                text += &class_name(&file.metadata, digit.classification.class.into());
            }
            writeln!(out, "reads    {text}")?;
        }
        Err(reason) => writeln!(out, "reads    {reason}")?,
    }
    for Seen { digit, .. } in seen.iter().flatten() {
        let FoundDigit { rect, contrast, stroke_width, cycles, classification, .. } = digit;
        let sure = is_enough(&file.model, classification.confidence);
        writeln!(
            out,
            "digit    {}, {}odds {}, at {},{} to {},{}, contrast {contrast}, strokes {stroke_width}/16 wide",
            class_name(&file.metadata, classification.class.into()),
            if sure { "" } else { "not sure: " },
            odds(classification.confidence),
            rect.left,
            rect.top,
            rect.right,
            rect.bottom,
        )?;
        let [prepare, classify] = [*cycles, classification.cycles].map(|cycles| thousands(cycles.into()));
        writeln!(out, "         {prepare} {unit} to prepare it, {classify} to classify it")?;
    }
    Ok(())
}
