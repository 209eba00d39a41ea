//! The output of a run while it trains: a table with one line per epoch, and a progress bar on standard error.

use super::config::RunConfig;
use super::console::Console;
use super::selection;
use crate::data::HeldOut;
use crate::train::EpochMetrics;
use crate::train::recipe::Settings;
use indicatif::{ProgressBar, ProgressStyle};

/// The table and the progress bar of a run. The bar counts the images of all epochs. It is drawn only if standard error
/// is a terminal.
pub(crate) struct Progress<'a> {
    bar: ProgressBar,
    console: &'a Console,
    run: &'a RunConfig,
}

impl<'a> Progress<'a> {
    /// Creates the output of `run`, of which the epochs in `history` are finished.
    pub(crate) fn new(
        run: &'a RunConfig,
        images_per_epoch: usize,
        history: &[EpochMetrics],
        console: &'a Console,
    ) -> Self {
        let per_epoch = images_per_epoch as u64;
        let images = per_epoch * u64::from(run.training.epochs);
        let bar = if console.is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(images) };
        let style = ProgressStyle::with_template(
            "epoch {msg} [{wide_bar}] {human_pos}/{human_len} images, {per_sec}, ETA {eta}",
        );
        bar.set_style(style.expect("a valid template"));
        bar.set_position(per_epoch * history.len() as u64);
        bar.reset_eta();
        Progress { bar, console, run }
    }

    /// Prints the header of the table.
    pub(crate) fn begin(&self) {
        let held_out = match self.run.held_out() {
            HeldOut::Validation => "validation",
            HeldOut::Test => "test",
        };
        self.line(&format!(
            "{:>9}  {:>8}  {:>19}  {:>19}  {:>8}  {:>8}",
            "epoch",
            "rate",
            "training loss, acc.",
            format!("{held_out} loss, acc."),
            "images/s",
            "left"
        ));
    }

    /// Shows the number of the current epoch.
    pub(crate) fn begin_epoch(&self, epoch: u32) {
        self.bar.set_message(format!("{epoch}/{}", self.run.training.epochs));
    }

    /// Advances the bar by a number of images.
    pub(crate) fn advance(&self, images: usize) {
        self.bar.inc(images as u64);
    }

    /// Prints the line for the last epoch in `history`.
    pub(crate) fn end_epoch(&self, history: &[EpochMetrics]) {
        if let Some(line) = describe_epoch(&self.run.training, history) {
            self.line(&line);
        }
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| self.console.print(text));
    }

    /// Removes the bar from the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Formats the line for the last epoch in `history`. A star marks an epoch with the lowest held-out loss so far.
fn describe_epoch(settings: &Settings, history: &[EpochMetrics]) -> Option<String> {
    let last = history.last()?;
    let EpochMetrics { epoch, seconds, images_per_second, learning_rate, train, held_out } = last;
    let best = selection::best_epoch(settings, history).is_some_and(|best| best.epoch == *epoch);
    let left = seconds * f64::from(settings.epochs.saturating_sub(*epoch));
    Some(format!(
        "{:>9}  {learning_rate:>8.2e}  {:>8.4}  {:>7.2} %  {:>8.4}{}  {:>6.2} %  {images_per_second:>8.0}  {:>8}",
        format!("{epoch}/{}", settings.epochs),
        train.loss,
        100.0 * train.accuracy,
        held_out.loss,
        if best { '*' } else { ' ' },
        100.0 * held_out.accuracy,
        duration(left),
    ))
}

/// Formats a duration with its two largest units.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::score::Score;
    use crate::train::recipe::Recipe;

    fn epoch(epoch: u32, loss: f64) -> EpochMetrics {
        EpochMetrics {
            epoch,
            seconds: 1.5,
            images_per_second: 84_200.4,
            learning_rate: 3e-3,
            train: Score { loss: 0.25, accuracy: 0.925 },
            held_out: Score { loss, accuracy: 1.0 },
        }
    }

    #[test]
    fn a_line_has_the_metrics_of_its_epoch_and_a_star_if_it_is_the_best_so_far() {
        let settings = Recipe::Default.settings();
        let history = [epoch(1, 0.5), epoch(2, 0.125), epoch(3, 0.25)];
        assert_eq!(
            describe_epoch(&settings, &history[..2]).unwrap(),
            "     2/60   3.00e-3    0.2500    92.50 %    0.1250*  100.00 %     84200    1m 27s"
        );
        assert!(describe_epoch(&settings, &history).unwrap().contains("0.2500   100.00 %"));
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        assert_eq!([3.2, 75.0, 3_700.0].map(duration), ["3 s", "1m 15s", "1h 01m"]);
    }
}
