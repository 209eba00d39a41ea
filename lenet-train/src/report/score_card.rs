//! The score card of a model as a picture: for each kind of image an example, a bar and the share.

use std::fmt::Display;

use maud::{Markup, html};

use super::{ReportError, markup, text};
use crate::eval::score_card::{Examples, ImageTally, ScoreCard};
use lenet_core::shape::IMAGE_PIXELS;

const WIDTH: u32 = 720;
/// The height of a line, and of the space that a heading takes.
const LINE: u32 = 34;
const HEADING: u32 = 44;
/// Where the names, the bars and the figures begin.
const NAME: u32 = 44;
const BAR: u32 = 230;
const FIGURE: u32 = 640;
const BAR_WIDTH: u32 = FIGURE - BAR - 14;

/// A line of the picture.
struct Line<'a> {
    example: &'a [u8; IMAGE_PIXELS],
    name: String,
    /// How much of the bar's width is filled, 0 to 1.
    filled: f64,
    /// The same for the thin bar below it, if there is one.
    second: Option<f64>,
    figure: String,
}

/// Lines below a heading.
struct Group<'a> {
    heading: &'static str,
    color: &'static str,
    lines: Vec<Line<'a>>,
}

/// The picture as an SVG element, `title` above it.
///
/// # Errors
///
/// [`ReportError::Draw`] when an example cannot be drawn.
pub(super) fn svg(card: &ScoreCard, examples: &Examples, title: &str) -> Result<Markup, ReportError> {
    let groups = groups(card, examples);
    let lines: usize = groups.iter().map(|group| group.lines.len()).sum();
    let height = HEADING * (groups.len() as u32 + 1) + LINE * lines as u32 + 12;
    let mut y = 0;
    let mut body = html! {
        rect width=(WIDTH) height=(height) fill="#ffffff" {}
        (label(12, 28, 18, "#1b1f26", title))
    };
    y += HEADING;
    for group in &groups {
        let muted = "#5c636e";
        body = html! { (body) (label(12, y + 28, 14, muted, group.heading)) };
        y += HEADING;
        for line in &group.lines {
            body = html! { (body) (draw_line(line, group.color, y)?) };
            y += LINE;
        }
    }
    Ok(html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height)
            font-family="system-ui, sans-serif" role="img" aria-label=(title) { (body) }
    })
}

fn groups<'a>(card: &'a ScoreCard, examples: &'a Examples) -> [Group<'a>; 3] {
    let of = |example: &'a [u8; IMAGE_PIXELS], name: String, score: ImageTally| {
        let accuracy = score.accuracy();
        Line { example, name, filled: above_80(accuracy), second: None, figure: percent(accuracy) }
    };
    let corruptions = card.corruptions.iter().zip(&examples.corruptions).map(|(line, example)| Line {
        second: Some(above_80(line.prepared.accuracy())),
        ..of(example, line.corruption.name().to_owned(), line.as_they_are)
    });
    let digits = (0_u8..).zip(&examples.hands);
    let mut hands: Vec<Line<'_>> = digits
        .map(|(digit, example)| of(example, format!("{digit}, other hands"), card.hands_of(Some(digit))))
        .collect();
    hands.push(of(&examples.camera, "seen by a camera".to_owned(), card.camera));
    let non_digits = card.non_digits.iter().zip(&examples.non_digits).map(|(line, example)| {
        let share = line.score.confident_share();
        Line {
            example,
            name: line.kind.name().to_owned(),
            filled: (share / 20.0).min(1.0),
            second: None,
            figure: percent(share),
        }
    });
    [
        Group {
            heading: "correct, of the test images; the thin bar: after the preparation of pictures (bars from 80 to 100 %)",
            color: "#2f6db5",
            lines: corruptions.collect(),
        },
        Group {
            heading: "correct, of generated digits and of test images on paper (bars from 80 to 100 %)",
            color: "#2f6db5",
            lines: hands,
        },
        Group {
            heading: "taken for a digit with confidence, of what is none (bars from 0 to 20 %)",
            color: "#b4234a",
            lines: non_digits.collect(),
        },
    ]
}

/// The share of a bar from 80 to 100 %.
fn above_80(percent: f64) -> f64 {
    ((percent - 80.0) / 20.0).clamp(0.0, 1.0)
}

fn percent(share: f64) -> String {
    text::percent(share / 100.0, 2)
}

fn draw_line(line: &Line<'_>, color: &str, y: u32) -> Result<Markup, ReportError> {
    let address = markup::data_address(line.example)?;
    let bar = |top: u32, height: u32, width: f64, color: &str| {
        let width = (f64::from(BAR_WIDTH) * width).round();
        html! { rect x=(BAR) y=(top) width=(width) height=(height) fill=(color) {} }
    };
    Ok(html! {
        image href=(address) x="12" y=(y) width="28" height="28" {}
        (label(NAME + 6, y + 19, 14, "#1b1f26", &line.name))
        (bar(y + 5, 12, 1.0, "#eef0f3"))
        (bar(y + 5, 12, line.filled, color))
        @if let Some(second) = line.second { (bar(y + 19, 4, second, "#8aa4c4")) }
        (label(FIGURE, y + 19, 14, "#1b1f26", &line.figure))
    })
}

fn label(x: u32, y: u32, size: u32, color: &str, text: &(impl Display + ?Sized)) -> Markup {
    html! { text x=(x) y=(y) font-size=(size) fill=(color) { (text.to_string()) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::score_card::{Corrupted, Corruption, Form, OfKind};
    use crate::generate::NonDigit;

    #[test]
    fn the_picture_is_a_well_formed_document_with_a_figure_for_each_kind_of_image() {
        let score = |correct, confident| ImageTally { images: 1_000, correct, confident, confident_wrong: 0 };
        let image = [0; IMAGE_PIXELS];
        let corrupted =
            |corruption| Corrupted { corruption, as_they_are: score(990, 900), prepared: score(875, 900) };
        let card = ScoreCard {
            corruptions: Corruption::ALL.map(corrupted).to_vec(),
            hands: (0..10).map(|digit| Form { digit, form: 0, score: score(970, 0) }).collect(),
            camera: score(981, 0),
            non_digits: NonDigit::ALL.map(|kind| OfKind { kind, score: score(0, 7) }).to_vec(),
            calibration_error: 0.002,
            coverage: 0.98,
        };
        let examples = Examples {
            corruptions: vec![image; Corruption::ALL.len()],
            hands: vec![image; 10],
            camera: image,
            non_digits: vec![image; NonDigit::ALL.len()],
        };
        let svg = svg(&card, &examples, "a < b").unwrap().into_string();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        for expected in ["a < b", "salt and pepper", "99.00 %", "98.10 %", "two digits", "0.70 %"] {
            assert!(texts.contains(&expected), "{expected}: {texts:?}");
        }
        let images = document.descendants().filter(|node| node.has_tag_name("image")).count();
        assert_eq!(images, Corruption::ALL.len() + 11 + NonDigit::ALL.len());
    }
}
