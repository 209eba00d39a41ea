//! `lenet-infer read`: prints the numbers in pictures.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use lenet_infer::host::picture_file::{self, GRID_SIDE, GrayPicture};
use lenet_infer::picture::{Digit, NoDigit, Preparer};
use lenet_infer::{Engine, ModelFile};
use serde_json::{Value, json};

use crate::cli::ReadArgs;
use crate::confidence::{enough, is_confident};
use crate::draw::{Mark, annotate};
use crate::picture::{Failure, digit_object};
use crate::text::{STDOUT, class_name, printable};

/// The most digits in a picture.
const MOST_DIGITS: usize = 64;
/// Why there is no answer, where the reason's own words speak of a single digit.
const TOO_MANY: &str = "expected at most 64 digits, found more, or specks without number: cut the picture into parts, or clean it";

pub(crate) fn run(
    args: &ReadArgs,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let mut preparer = Box::new(Preparer::new());
    let names = Names::of(file);
    let (mut pictures, mut failed) = (Vec::new(), Vec::new());
    for path in &args.pictures {
        let (picture, digits) = match find(path, &mut preparer, file) {
            Ok(found) => found,
            Err(failure) => {
                failed.push(failure.report(path));
                continue;
            }
        };
        if let Some(out) = &args.annotate {
            annotate(out, &picture, &digits.iter().map(Found::mark).collect::<Vec<_>>())?;
        }
        if json {
            pictures.push(object(path, &picture, &digits, &names));
        } else {
            let title = (args.pictures.len() > 1).then(|| path.to_string_lossy());
            print(out, title.as_deref(), &digits, &names).context(STDOUT)?;
        }
    }
    if json {
        writeln!(out, "{}", json!({ "pictures": pictures, "failed": failed })).context(STDOUT)?;
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A digit of a picture, with its class.
struct Found {
    digit: Digit,
    class: u8,
    confidence: u16,
    confident: bool,
}

impl Found {
    fn mark(&self) -> Mark {
        Mark { rect: self.digit.rect, class: self.class, confident: self.confident }
    }
}

/// Reads a picture, and classifies its digits in reading order.
fn find(
    path: &Path,
    preparer: &mut Preparer<GRID_SIDE>,
    file: &ModelFile<'_>,
) -> Result<(GrayPicture, Vec<Found>), Failure> {
    let picture = picture_file::read(path)?;
    let refused = |reason: NoDigit| match reason {
        NoDigit::TooMany => Failure::no_digit(path, reason, TOO_MANY),
        _ => Failure::no_digit(path, reason, &reason.to_string()),
    };
    let frame = picture.frame();
    let mut engine = Engine::new(&file.model);
    let mut digits = preparer
        .find_best::<MOST_DIGITS>(&frame, enough(&file.model), |image| engine.classify(image).into())
        .map_err(refused)?;
    let mut found = Vec::new();
    while let Some(digit) = digits.next() {
        let prediction = engine.classify(&digit.image);
        found.push(Found {
            class: prediction.class,
            confidence: prediction.confidence,
            confident: is_confident(&file.model, &prediction) && !digit.is_guess,
            digit: digit.clone(),
        });
    }
    if found.is_empty() { Err(refused(NoDigit::NoInk)) } else { Ok((picture, found)) }
}

/// What the classes are called.
struct Names {
    names: Vec<String>,
    /// Whether names are divided by spaces, as some are longer than a character.
    spaced: bool,
}

impl Names {
    fn of(file: &ModelFile<'_>) -> Self {
        let names: Vec<String> =
            (0..file.model.classes()).map(|class| class_name(&file.metadata, class)).collect();
        let spaced = names.iter().any(|name| name.chars().count() > 1);
        Self { names, spaced }
    }

    /// The text of a line, with `?` for what the model is not confident of, and a space between numbers.
    fn text(&self, line: &[Found]) -> String {
        let mut text = String::new();
        for (index, found) in line.iter().enumerate() {
            if index > 0 && (self.spaced || are_apart(&line[index - 1].digit, &found.digit)) {
                text.push(' ');
            }
            text += if found.confident { &self.names[usize::from(found.class)] } else { "?" };
        }
        text
    }
}

/// Whether two digits of a line belong to two numbers: the gap is more than one and a half times their height.
fn are_apart(left: &Digit, right: &Digit) -> bool {
    let gap = u32::from(right.rect.left.saturating_sub(left.rect.right));
    2 * gap > 3 * u32::from(left.rect.height().max(right.rect.height()))
}

/// The digits of each line.
fn lines(digits: &[Found]) -> impl Iterator<Item = &[Found]> {
    digits.chunk_by(|one, next| one.digit.line == next.digit.line)
}

fn object(path: &Path, picture: &GrayPicture, digits: &[Found], names: &Names) -> Value {
    let digit = |found: &Found| {
        let mut digit = found.digit.clone();
        digit.rect = picture.in_file(digit.rect);
        json!({
            "class": found.class,
            "name": names.names[usize::from(found.class)],
            "confident": found.confident,
            "confidence": found.confidence,
            "digit": digit_object(&digit),
        })
    };
    let line = |line: &[Found]| json!({ "text": names.text(line), "digits": line.iter().map(digit).collect::<Vec<_>>() });
    json!({
        "path": path.to_string_lossy(),
        "width": picture.file_width(),
        "height": picture.file_height(),
        "lines": lines(digits).map(line).collect::<Vec<_>>(),
    })
}

fn print(out: &mut impl Write, title: Option<&str>, digits: &[Found], names: &Names) -> io::Result<()> {
    if let Some(title) = title {
        writeln!(out, "{}:", printable(title))?;
    }
    for line in lines(digits) {
        writeln!(out, "{}", names.text(line))?;
    }
    Ok(())
}
