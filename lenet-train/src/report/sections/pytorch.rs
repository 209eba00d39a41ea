//! The reference recipe of this program beside the same recipe in PyTorch.

use maud::{Markup, html};

use crate::report::{markup, text};
use crate::run::metrics::Metrics;
use crate::train::EpochMetrics;
use crate::train::recipe::Recipe;

/// Epochs of the recipe.
const EPOCHS: usize = 21;
/// Accuracy on MNIST's test images after the last epoch, as measured by training the recipe in PyTorch with seed 0.
const LAST: f64 = 0.9786;
/// The highest accuracy of any epoch of that training.
const BEST: f64 = 0.9795;

/// The section that compares the accuracies; nothing where the run is not the recipe's or not comparable.
pub(super) fn section(metrics: &Metrics) -> Markup {
    let run = &metrics.run;
    let is_comparable = run.training.recipe == Recipe::Reference && run.data.contents == "mnist";
    let (Some(last), Some(best)) = (metrics.epochs.last(), most_accurate(&metrics.epochs)) else {
        return Markup::default();
    };
    if !is_comparable {
        return Markup::default();
    }
    let lead = "The reference recipe is that of the PyTorch tutorial: SGD with a learning rate of 0.001 and a momentum \
                of 0.9, batches of 128 images, 21 epochs, all 60,000 training images and none held out. The figures for \
                PyTorch were measured by training the same recipe in PyTorch with seed 0; its loss stays on a plateau \
                at first and leaves it at epoch 3. The two programs draw different random numbers, so their accuracies \
                differ a little even if both are correct.";
    let columns = ["f32 accuracy on the test set", "last epoch", "most accurate epoch"];
    let body = html! {
        tbody {
            (markup::row("PyTorch", &[format!("{} (epoch {EPOCHS})", text::percent(LAST, 2)), text::percent(BEST, 2)]))
            (markup::row("this run", &[last, best].map(accuracy)))
            (markup::row("difference in percentage points", &[(last, LAST), (best, BEST)].map(difference)))
        }
    };
    let deviations = deviations(metrics);
    let body = html! {
        (markup::table(&columns, body))
        @if !deviations.is_empty() {
            p.note { "This run differs from the recipe: " (deviations.join("; ")) "." }
        }
    };
    markup::section("pytorch", "Comparison with PyTorch", lead, body)
}

/// What keeps the run from being the recipe's, in words.
fn deviations(metrics: &Metrics) -> Vec<String> {
    let mut deviations = Vec::new();
    if metrics.epochs.len() != EPOCHS {
        deviations.push(format!("it has {} epochs instead of {EPOCHS}", metrics.epochs.len()));
    }
    let title = metrics.run.training.title();
    if title != Recipe::Reference.to_string() {
        deviations.push(format!("its recipe is “{title}”"));
    }
    deviations
}

fn accuracy(epoch: &EpochMetrics) -> String {
    format!("{} (epoch {})", text::percent(epoch.held_out.accuracy, 2), epoch.epoch)
}

fn difference((epoch, pytorch): (&EpochMetrics, f64)) -> String {
    text::signed(100.0 * (epoch.held_out.accuracy - pytorch))
}

/// The epoch with the highest accuracy; the first of equals.
fn most_accurate(epochs: &[EpochMetrics]) -> Option<&EpochMetrics> {
    let accurate = epochs.iter().filter(|epoch| epoch.held_out.accuracy.is_finite());
    accurate.rev().max_by(|a, b| a.held_out.accuracy.total_cmp(&b.held_out.accuracy))
}
