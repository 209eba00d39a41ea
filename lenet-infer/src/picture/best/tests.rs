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

/// The only digit's images, look by look, and the digit that was chosen. 100 is enough.
fn looks_at_one(opinions: &[Opinion]) -> (Vec<[u8; IMAGE_PIXELS]>, Digit) {
    let mut bytes = strokes();
    for row in bytes.chunks_exact_mut(160) {
        row[100..].fill(200);
    }
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    let (mut seen, mut preparer) = (Vec::new(), Preparer::<48>::new());
    let digit = preparer.prepare_best(&frame, 100, |image| {
        seen.push(*image);
        opinions[seen.len() - 1]
    });
    let last = digit.unwrap().clone();
    (seen, last)
}

#[test]
fn two_looks_suffice_if_the_model_is_sure_of_the_same_in_both() {
    let (seen, digit) = looks_at_one(&[three(100), three(100)]);
    assert!(seen.len() == 2 && digit.image == seen[1] && !digit.is_guess);
}

#[test]
fn two_more_looks_are_taken_if_the_model_is_unsure_in_one_or_sure_of_two_classes() {
    let seven = Opinion { class: 7, confidence: 100 };
    for (first, is_guess) in [(three(99), false), (seven, true)] {
        let (seen, digit) = looks_at_one(&[first, three(100), three(100), three(100)]);
        assert!(seen.len() == 4 && digit.image == seen[1] && digit.is_guess == is_guess);
    }
    // The third decides.
    let (seen, digit) = looks_at_one(&[three(90), three(100), three(110)]);
    assert!(seen.len() == 3 && digit.image == seen[1] && !digit.is_guess);
}

#[test]
fn the_look_in_which_the_model_is_surest_is_taken() {
    for (confidences, best) in [
        ([9, 8, 7, 6], 0),
        ([9, 10, 7, 6], 1),
        ([9, 10, 11, 6], 2),
        ([9, 10, 11, 99], 3),
        // In doubt the usual one, which is the second.
        ([5, 5, 4, 5], 1),
        ([140, 0, 0, 0], 0),
    ] {
        let (seen, digit) = looks_at_one(&confidences.map(three));
        assert!(seen.len() == 4 && digit.image == seen[best] && digit.is_guess, "{confidences:?}");
    }
}

#[test]
fn the_reason_of_the_usual_look_is_given_if_all_fail() {
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
        // In doubt the usual one, which is the second.
        ([20, 20, 20, 20, 20, 20, 20, 20], 1),
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
fn a_digit_is_a_guess_unless_the_looks_agree_on_its_class_at_its_place() {
    let bytes = strokes();
    let frame = Frame::new(&bytes, 160, 120).unwrap();
    for (first, expected) in [([3, 4], [false; 2]), ([3, 5], [false, true]), ([4, 3], [true; 2])] {
        let mut preparer = Preparer::<160>::new();
        let mut classes = first.into_iter().chain([3, 4].into_iter().cycle());
        let classify = |_: &[u8; IMAGE_PIXELS]| Opinion { class: classes.next().unwrap(), confidence: 90 };
        let mut digits = preparer.find_best::<2>(&frame, 90, classify).unwrap();
        let found = [(); 2].map(|()| digits.next().unwrap().is_guess);
        assert_eq!(found, expected);
    }
}
