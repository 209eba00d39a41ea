//! Reads pictures as images, and says what was done to them.

use std::path::Path;

use anyhow::{Error, Result, anyhow};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::PreparedEngine;
use lenet_infer::host::picture_file::{self, GRID_SIDE, PictureError, Prepared, Stretched};
use lenet_infer::picture::{Digit, NoDigit, Preparer, Rect, Step};
use serde_json::{Value, json};

use crate::cli::ClassifyArgs;
use crate::draw::Steps;
use crate::text::print_error;

/// The units of a stroke's width, per pixel of the image.
const WIDTH_UNIT: f64 = 16.0;

/// Reads pictures as the flags say.
pub(crate) struct Reader<'a> {
    args: &'a ClassifyArgs,
    preparer: Box<Preparer<GRID_SIDE>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(args: &'a ClassifyArgs) -> Self {
        Self { args, preparer: Box::new(Preparer::new()) }
    }

    /// Reads a picture for a model that is sure from the confidence `enough` on. The outer error is that of the sheet with the
    /// steps.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        engine: &mut PreparedEngine<'_>,
        enough: u16,
    ) -> Result<Result<Image, Failure>> {
        if self.args.as_is {
            let stretched = picture_file::stretch(path, self.args.invert);
            return Ok(stretched.map(Image::Stretched).map_err(Failure::from));
        }
        let picture = match picture_file::read(path) {
            Ok(picture) => picture,
            Err(error) => return Ok(Err(error.into())),
        };
        let mut steps = self.args.steps.as_ref().map(|_| Steps::new());
        let (preparer, classify) = (&mut self.preparer, |image: &_| engine.classify(image).into());
        let prepared = match &mut steps {
            None => picture_file::prepare_best(&picture, preparer, enough, classify),
            Some(steps) => {
                let observe = |step: Step<'_>| steps.observe(step);
                picture_file::prepare_best_observed(&picture, preparer, enough, classify, observe)
            }
        };
        if let (Some(mut steps), Some(out)) = (steps, &self.args.steps) {
            if let Ok(prepared) = &prepared {
                steps.finish(&picture, prepared);
            }
            steps.save(out)?;
        }
        Ok(prepared
            .map(Image::Prepared)
            .map_err(|reason| Failure::no_digit(path, reason, &reason.to_string())))
    }
}

/// An image, and how it came about.
pub(crate) enum Image {
    Stretched(Stretched),
    Prepared(Prepared),
}

impl Image {
    pub(crate) const fn pixels(&self) -> &[u8; IMAGE_PIXELS] {
        match self {
            Self::Stretched(stretched) => &stretched.image,
            Self::Prepared(prepared) => prepared.image(),
        }
    }

    /// Whether the class of the digit is a guess.
    pub(crate) const fn is_guess(&self) -> bool {
        matches!(self, Self::Prepared(prepared) if prepared.is_guess())
    }

    /// Whether a stretched picture had its ink dark on light.
    pub(crate) const fn inverted(&self) -> Option<bool> {
        match self {
            Self::Stretched(stretched) => Some(stretched.inverted),
            Self::Prepared(_) => None,
        }
    }

    /// The digit that was found in the picture.
    pub(crate) const fn digit(&self) -> Option<&Digit> {
        match self {
            Self::Prepared(Prepared::Digit(digit)) => Some(digit),
            _ => None,
        }
    }

    /// What follows the name of the file.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Prepared(Prepared::Digit(digit)) => format!(": {}", describe(digit)),
            Self::Stretched(stretched) if stretched.inverted => " (dark on light: inverted)".to_owned(),
            _ => String::new(),
        }
    }
}

fn describe(digit: &Digit) -> String {
    let Digit { rect, contrast, stroke_width, .. } = digit;
    let width = f64::from(*stroke_width) / WIDTH_UNIT;
    format!(
        "digit of {}x{} pixels at {}, {}; contrast {contrast} of 255; strokes {width:.1} of 28 wide",
        rect.width(),
        rect.height(),
        rect.left,
        rect.top
    )
}

/// A digit in JSON, without its image.
pub(crate) fn digit_object(digit: &Digit) -> Value {
    let Rect { left, top, right, bottom } = digit.rect;
    json!({
        "rect": { "left": left, "top": top, "right": right, "bottom": bottom },
        "contrast": digit.contrast,
        "stroke_width": f64::from(digit.stroke_width) / WIDTH_UNIT,
    })
}

/// Why a picture gives no answer.
pub(crate) struct Failure {
    error: Error,
    /// The reason, if the file was read.
    no_digit: Option<NoDigit>,
}

impl From<PictureError> for Failure {
    fn from(error: PictureError) -> Self {
        Self { error: error.into(), no_digit: None }
    }
}

impl Failure {
    /// A failure to find a digit, which `reason` explains, in the words of `text`.
    pub(crate) fn no_digit(path: &Path, reason: NoDigit, text: &str) -> Self {
        Self { error: anyhow!("{}: {text}", path.display()), no_digit: Some(reason) }
    }

    /// Prints the failure, and returns it for JSON.
    pub(crate) fn report(self, path: &Path) -> Value {
        print_error(&self.error);
        let reason = self.no_digit.map(|reason| format!("{reason:?}"));
        json!({ "path": path.to_string_lossy(), "error": format!("{:#}", self.error), "no_digit": reason })
    }
}
