//! How pictures are read: by which model, and with how many looks.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use lenet_infer::host::picture_file::GRID_SIDE;
use lenet_infer::picture::{Digit, Frame, Preparer};
use lenet_infer::{Engine, Model, SHIPPED, decode};

/// The most digits that a picture may have.
const DIGITS: usize = 32;

#[derive(Args, Debug)]
pub(crate) struct ReaderArgs {
    /// Model file of lenet-train [default: the shipped model]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Look at each picture once, however unsure the model is
    #[arg(long)]
    one_look: bool,
}

impl ReaderArgs {
    /// Reads the model file, which stays in memory until the program ends.
    pub(crate) fn read(&self) -> Result<Reader> {
        let Some(path) = &self.model else {
            return Ok(Reader::new(SHIPPED.model, self.one_look));
        };
        let name = || path.display().to_string();
        let bytes = fs::read(path).with_context(name)?;
        let file = decode(bytes.leak()).with_context(name)?;
        Ok(Reader::new(file.model, self.one_look))
    }
}

/// Reads pictures.
pub(crate) struct Reader {
    model: Model<'static>,
    one_look: bool,
}

impl Reader {
    pub(crate) const fn new(model: Model<'static>, one_look: bool) -> Self {
        Self { model, one_look }
    }

    /// What the model reads in a frame: each digit, and whether it is confident. A number is read as `lenet-infer read` does,
    /// anything else as `lenet-infer classify` does.
    pub(crate) fn read(
        &self,
        preparer: &mut Preparer<GRID_SIDE>,
        frame: &Frame<'_>,
        is_number: bool,
    ) -> Vec<(u8, bool)> {
        let enough = self.model.confidence().threshold;
        let opinion = |image: &_| Engine::new(&self.model).classify(image).into();
        let mut engine = Engine::new(&self.model);
        let mut classify = |digit: &Digit| {
            let prediction = engine.classify(&digit.image);
            (prediction.class, prediction.is_confident() && !digit.is_guess)
        };
        if !is_number {
            let digit = if self.one_look {
                preparer.prepare(frame)
            } else {
                preparer.prepare_best(frame, enough, opinion)
            };
            return digit.into_iter().map(classify).collect();
        }
        let digits = if self.one_look {
            preparer.find::<DIGITS>(frame)
        } else {
            preparer.find_best::<DIGITS>(frame, enough, opinion)
        };
        let mut read = Vec::new();
        if let Ok(mut digits) = digits {
            while let Some(digit) = digits.next() {
                read.push(classify(digit));
            }
        }
        read
    }
}
