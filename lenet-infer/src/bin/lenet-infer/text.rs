//! Text for people: numbers, names, progress, and errors.

use std::borrow::Cow;
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use lenet_infer::Metadata;
use lenet_infer::host::evaluation::CONFIDENCE_STEPS;

/// The context of an error while the output is written.
pub(crate) const STDOUT: &str = "cannot write to the standard output: is the disk full?";

/// Prints an error and its causes on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    // If the standard error is closed, there is no other place for the message.
    let _ = writeln!(io::stderr(), "error: {}", printable(&format!("{error:#}")));
}

/// `text` with each character that could control a terminal, or change the order of what it shows, as an escape such
/// as `\u{1b}`. Whatever comes from a file, a board or a command line goes through this before it is printed as text;
/// JSON has its own escapes.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::new();
    for character in text.chars() {
        if is_unsafe(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, separators of lines, and marks of the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A bar that counts images. It is drawn on the standard error, and only if that is a terminal.
pub(crate) fn progress_bar(images: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} images")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64).with_style(style)
}

/// A number with its digits in groups of three: `1234567` is `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A fraction from 0 to 1 in percent.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

/// The odds of a class against the runner-up that a confidence stands for.
pub(crate) fn odds(confidence: u16) -> String {
    let odds = (f64::from(confidence) / CONFIDENCE_STEPS).exp();
    if odds < 10.0 {
        format!("{odds:.1} to 1")
    } else if odds < 1e6 {
        format!("{} to 1", thousands(odds.round() as u64))
    } else {
        "over a million to 1".to_owned()
    }
}

/// The model's name for a class, printable, or the number of the class if it has no name.
pub(crate) fn class_name(metadata: &Metadata<'_>, class: usize) -> String {
    metadata.class_name(class as u8).map_or_else(|| class.to_string(), |name| printable(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (45_926, "45,926"), (1_234_567, "1,234,567")];
        for (number, expected) in cases {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn text_that_controls_a_terminal_is_escaped() {
        for plain in ["", "mps2-an386", "zwölf Ziffern \u{1F522}", r"C:\data"] {
            assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain));
        }
        let cases = [
            ("\x1b[2Jboard", r"\u{1b}[2Jboard"),
            ("a\r\nb\tc", r"a\u{d}\u{a}b\u{9}c"),
            ("\u{9b}31m \u{7f}", r"\u{9b}31m \u{7f}"),
            ("abc\u{202e}gnp.exe", r"abc\u{202e}gnp.exe"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn a_fraction_is_shown_in_percent() {
        assert_eq!(percent(0.9931), "99.31 %");
    }

    #[test]
    fn confidence_is_told_in_odds() {
        assert_eq!([0, 768, 1_768].map(odds), ["1.0 to 1", "20 to 1", "998 to 1"]);
        assert_eq!(odds(u16::MAX), "over a million to 1");
    }
}
