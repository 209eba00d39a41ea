//! The confusion matrix as a heat map, with each class's recall beside it.

use maud::{Markup, html};

use crate::eval::check::FinalTable;
use crate::report::{markup, text};

/// The section with the heat map: a table, so that its counts can be read aloud and copied.
pub(super) fn section(result: &FinalTable, classes: &[String]) -> Markup {
    let recall = result.recall();
    let shades = Shades::of(&result.confusion);
    let body = html! {
        div.scroll {
            table.confusion.named[text::has_long_names(classes)] {
                thead {
                    tr { td {} th.axis colspan=(classes.len()) { "predicted" } td.recall {} td.missed {} }
                    tr {
                        th.axis { "true" }
                        @for name in classes { th scope="col" { (name) } }
                        th.recall { "recall" }
                        th { "missed" }
                    }
                }
                tbody {
                    @for ((label, counts), recall) in result.confusion.iter().enumerate().zip(recall) {
                        (row(&classes[label], label, counts, recall, &shades))
                    }
                }
            }
        }
    };
    let lead = "Test images by true and predicted class, as the integer file classifies them. Mistakes have a color scale \
                of their own, which is logarithmic, so that a single mistake is visible.";
    markup::section("confusion", "Confusion matrix", lead, body)
}

fn row(name: &str, label: usize, counts: &[u32], recall: Option<f64>, shades: &Shades) -> Markup {
    let missed = missed(counts, label);
    let bar = missed as f64 / shades.most_missed.max(1) as f64;
    html! {
        tr {
            th scope="row" { (name) }
            @for (predicted, &count) in counts.iter().enumerate() { (cell(label, predicted, count, shades)) }
            td.recall { (recall.map_or(text::NONE.into(), |recall| text::percent(recall, 1))) }
            td.missed { b { (text::count(missed)) } i style=(format!("--v:{bar:.3}")) {} }
        }
    }
}

/// What the two color scales and the bars end on.
struct Shades {
    most_hits: u32,
    most_mistakes: u32,
    most_missed: u64,
}

impl Shades {
    fn of(confusion: &[Vec<u32>]) -> Self {
        let mut shades = Self { most_hits: 0, most_mistakes: 0, most_missed: 0 };
        for (label, counts) in confusion.iter().enumerate() {
            for (predicted, &count) in counts.iter().enumerate() {
                let most = if label == predicted { &mut shades.most_hits } else { &mut shades.most_mistakes };
                *most = count.max(*most);
            }
            shades.most_missed = missed(counts, label).max(shades.most_missed);
        }
        shades
    }
}

fn missed(counts: &[u32], label: usize) -> u64 {
    let mistakes = counts.iter().enumerate().filter(|(predicted, _)| *predicted != label);
    mistakes.map(|(_, &count)| u64::from(count)).sum()
}

fn cell(label: usize, predicted: usize, count: u32, shades: &Shades) -> Markup {
    let (kind, shade) = if label == predicted {
        ("hit", f64::from(count) / f64::from(shades.most_hits.max(1)))
    } else if count > 0 {
        ("mistake", f64::from(count).ln_1p() / f64::from(shades.most_mistakes).ln_1p())
    } else {
        ("never", 0.0)
    };
    html! { td class=(kind) style=(format!("--v:{shade:.3}")) { (count) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_mistake_shows_beside_a_thousand_hits() {
        let mut confusion = vec![vec![0; 10]; 10];
        confusion[3][3] = 1000;
        confusion[3][5] = 7;
        confusion[4][9] = 1;
        let shades = Shades::of(&confusion);
        assert_eq!((shades.most_hits, shades.most_mistakes, shades.most_missed), (1000, 7, 7));
        assert!(cell(4, 9, 1, &shades).into_string().contains("--v:0.333"));
        assert!(cell(3, 5, 7, &shades).into_string().contains("--v:1.000"));
    }
}
