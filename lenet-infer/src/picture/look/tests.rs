extern crate std;

use super::*;
use std::vec::Vec;

/// A picture of 160x120 pixels with two dark strokes.
fn strokes() -> [u8; 160 * 120] {
    let mut bytes = [200; 160 * 120];
    for y in 30..90 {
        bytes[160 * y + 50..][..8].fill(40);
        bytes[160 * y + 110..][..8].fill(60);
    }
    bytes
}

/// An opinion of class 3.
const fn three(confidence: u16) -> Opinion {
    Opinion { class: 3, confidence }
}

/// The only digit's images, look by look, and the last that was prepared.
fn looks_at_one(confidences: &[u16]) -> (Vec<[u8; IMAGE_PIXELS]>, Digit) {
    let mut bytes = strokes();
    for row in bytes.chunks_exact_mut(160) {
        row[100..].fill(200);
    }
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    let (mut seen, mut preparer) = (Vec::new(), Preparer::<48>::new());
    let digit = preparer.prepare_best(&frame, 100, |image| {
        seen.push(*image);
        three(confidences[seen.len() - 1])
    });
    let last = digit.unwrap().clone();
    (seen, last)
}

#[test]
fn one_look_suffices_if_the_model_is_sure() {
    let (seen, digit) = looks_at_one(&[100]);
    assert!(seen == [digit.image] && !digit.is_guess);
}

#[test]
fn the_look_of_which_the_model_is_least_unsure_is_taken() {
    for (confidences, best) in [
        ([9, 8, 7, 6], 0),
        ([9, 10, 7, 6], 1),
        ([9, 10, 11, 6], 2),
        ([9, 10, 11, 99], 3),
        ([5, 5, 5, 5], 0),
        ([0, 0, 0, 0], 0),
    ] {
        let (seen, digit) = looks_at_one(&confidences);
        assert_eq!(seen.len(), 4);
        assert!(digit.image == seen[best] && digit.is_guess == (best > 0), "{confidences:?}");
    }
    let (seen, digit) = looks_at_one(&[9, 100]);
    assert!(seen.len() == 2 && digit.image == seen[1] && digit.is_guess);
}

#[test]
fn the_reason_of_the_first_look_is_given_if_all_fail() {
    let frame = Frame::new(&[77; 64 * 64], 64, 64).unwrap();
    let mut preparer = Preparer::<48>::new();
    let mut never = |_: &[u8; IMAGE_PIXELS]| -> Opinion { panic!("there is no digit") };
    assert_eq!(preparer.prepare_best(&frame, 1, &mut never).err(), Some(NoDigit::NoInk));
    assert_eq!(preparer.find_best::<4>(&frame, 1, &mut never).err(), Some(NoDigit::NoInk));
}

#[test]
fn the_observer_sees_the_look_that_was_chosen_alone() {
    let bytes = strokes();
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    let mut preparer = Preparer::<160>::new();
    let mut widths = Vec::new();
    let mut observe = |step: Step<'_>| {
        if let Step::Reduced(view) = step {
            widths.push(view.width);
        }
    };
    let mut calls = 0;
    let surest_of_the_third = |_: &[u8; IMAGE_PIXELS]| {
        calls += 1;
        three([0, 0, 0, 0, 50, 50, 0, 0][calls - 1])
    };
    let mut digits = preparer.find_best_observed::<2>(&frame, 60, surest_of_the_third, &mut observe).unwrap();
    assert!(digits.next().is_some() && digits.next().is_some() && digits.next().is_none());
    assert_eq!((calls, widths), (8, std::vec![53]));
}

#[test]
fn the_look_of_which_the_model_is_sure_of_most_digits_is_taken() {
    let bytes = strokes();
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    for (confidences, best) in [
        ([20, 20, 20, 20, 20, 20, 20, 20], 0),
        ([20, 20, 25, 25, 20, 20, 20, 20], 1),
        // What is beyond enough gains nothing.
        ([20, 20, 25, 26, 20, 999, 20, 20], 1),
        ([20, 20, 25, 35, 20, 30, 29, 29], 3),
    ] {
        let (mut images, mut preparer) = (Vec::new(), Preparer::<160>::new());
        let mut digits = preparer
            .find_best::<2>(&frame, 30, |image| {
                images.push(*image);
                three(confidences[images.len() - 1])
            })
            .unwrap();
        let found = [(); 2].map(|()| digits.next().map(|digit| digit.image));
        assert_eq!(images.len(), 8);
        assert!(found == [Some(images[2 * best]), Some(images[2 * best + 1])], "{confidences:?}");
    }
}

#[test]
fn grids_of_further_looks_are_coarser_but_not_too_coarse() {
    let sides = |side: usize| {
        [Look::FIRST, Look::FURTHER[0], Look::FURTHER[1]].map(|look| (look.side(side), look.close_side(side)))
    };
    assert_eq!(sides(240), [(240, 48), (120, 32), (80, 48)]);
    assert_eq!(sides(48), [(48, 48), (36, 32), (36, 48)]);
    assert_eq!(sides(28), [(28, 28); 3]);
}

#[test]
fn a_digit_of_a_further_look_is_a_guess_unless_the_model_was_sure_of_the_same_in_the_first() {
    let bytes = strokes();
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    for (second, expected) in [([3, 4], [false, true]), ([5, 4], [true, true])] {
        let mut preparer = Preparer::<160>::new();
        let mut opinions = [(3, 90), (4, 10), (second[0], 90), (second[1], 90)].into_iter();
        let classify = |_: &[u8; IMAGE_PIXELS]| {
            let (class, confidence) = opinions.next().unwrap();
            Opinion { class, confidence }
        };
        let mut digits = preparer.find_best::<2>(&frame, 90, classify).unwrap();
        let are_guesses = [(); 2].map(|()| digits.next().unwrap().is_guess);
        assert_eq!(are_guesses, expected);
    }
}
