//! The shapes of digits as people of different countries write them.
//!
//! A form is a handful of strokes through a few points, in a box about 0.65 wide and 1 high: x to the right, y down.

// A line per form is easier to compare than one per point.
#[rustfmt::skip]
mod forms;

use super::stroke::Stroke;
use crate::draws::Draws;
use forms::{EIGHT, FIVE, FOUR, NINE, ONE, SEVEN, SIX, THREE, TWO, ZERO};

/// A way to write a digit.
struct Form {
    strokes: &'static [Stroke],
    /// How often it is drawn, beside the other forms of the digit.
    weight: u8,
}

/// Draws a form of a digit: its number among the forms of that digit.
pub(super) fn draw_form(digit: u8, draws: &mut Draws) -> u8 {
    let forms = DIGITS[usize::from(digit)];
    let numbers: Vec<u8> = (0..).take(forms.len()).collect();
    *draws.weighted(&numbers, |number| forms[usize::from(*number)].weight)
}

/// The strokes of a form of a digit.
pub(super) fn strokes(digit: u8, form: u8) -> &'static [Stroke] {
    DIGITS[usize::from(digit)][usize::from(form)].strokes
}

const fn form(weight: u8, strokes: &'static [Stroke]) -> Form {
    Form { strokes, weight }
}

/// The forms of each digit.
const DIGITS: [&[Form]; 10] = [&ZERO, &ONE, &TWO, &THREE, &FOUR, &FIVE, &SIX, &SEVEN, &EIGHT, &NINE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_lies_in_its_box_and_is_about_as_high_as_the_box() {
        for (digit, forms) in DIGITS.iter().enumerate() {
            for form in *forms {
                let points = || form.strokes.iter().flat_map(|stroke| stroke.iter());
                assert!(
                    points().all(|(x, y)| (-0.2..=0.8).contains(x) && (-0.1..=1.1).contains(y)),
                    "{digit}"
                );
                let top = points().map(|point| point.1).fold(1.0, f32::min);
                let bottom = points().map(|point| point.1).fold(0.0, f32::max);
                assert!(bottom - top >= 0.9 && form.weight > 0, "{digit}");
                assert!(form.strokes.iter().all(|stroke| stroke.len() >= 2), "{digit}");
            }
        }
    }
}
