//! What a run tells the user: lines on standard output, a progress bar on standard error.

use crate::data::HeldOut;
use crate::eval::score::Score;
use crate::train::EpochMetrics;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

/// The bar counts images over the whole run. It is drawn only where standard error is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// Progress of a run of `images` images in all epochs, of which `done` were trained on before.
    pub(crate) fn new(images: u64, done: u64, quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(images) };
        let style = ProgressStyle::with_template(
            "epoch {msg} [{wide_bar}] {human_pos}/{human_len} images, {per_sec}, ETA {eta}",
        );
        bar.set_style(style.expect("a valid template"));
        bar.set_position(done);
        bar.reset_eta();
        Progress { bar, quiet }
    }

    /// Shows which epoch is being trained.
    pub(crate) fn begin_epoch(&self, epoch: u32, epochs: u32) {
        self.bar.set_message(format!("{epoch}/{epochs}"));
    }

    /// Counts images.
    pub(crate) fn advance(&self, images: usize) {
        self.bar.inc(images as u64);
    }

    /// Prints a line. A reader that has gone away is no reason to stop.
    pub(crate) fn line(&self, text: &str) {
        if !self.quiet {
            let _ = self.bar.suspend(|| writeln!(io::stdout(), "{text}"));
        }
    }

    /// Prints an epoch's figures.
    pub(crate) fn end_epoch(&self, metrics: &EpochMetrics, epochs: u32, held_out: HeldOut) {
        let left = metrics.seconds * f64::from(epochs - metrics.epoch);
        let held_out_name = match held_out {
            HeldOut::Validation => "validation",
            HeldOut::Test => "test",
        };
        self.line(&format!(
            "===== {} =====\n{:.2} s, {:.0} images/s, {left:.0} s left\n{}\n{}",
            metrics.epoch,
            metrics.seconds,
            metrics.images_per_second,
            describe("train", metrics.train),
            describe(held_out_name, metrics.held_out),
        ));
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn describe(name: &str, score: Score) -> String {
    format!("{name:<10}  loss {:.4}  accuracy {:.2} %", score.loss, 100.0 * score.accuracy)
}
