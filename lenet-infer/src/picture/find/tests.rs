//! Boxes on a grid, and the digits found among them.

extern crate std;

use super::join::belong;
use super::order::sort;
use super::*;
use crate::picture::grid::components::Parts;
use crate::picture::grid::plane::Plane;
use std::vec;
use std::vec::Vec;

const WIDTH: usize = 64;
const HEIGHT: usize = 60;
const EXTENT: Rect = Rect { left: 0, top: 0, right: WIDTH as u16, bottom: HEIGHT as u16 };

fn rect([left, top, right, bottom]: [u16; 4]) -> Rect {
    Rect { left, top, right, bottom }
}

/// The line and the box of each digit among filled boxes and the outlines of boxes.
fn found(boxes: &[[u16; 4]], outlines: &[[u16; 4]]) -> Vec<(u8, Rect)> {
    searched(boxes, outlines, Wanted::One)
}

fn searched(boxes: &[[u16; 4]], outlines: &[[u16; 4]], wanted: Wanted) -> Vec<(u8, Rect)> {
    let mut cells = vec![0; WIDTH * HEIGHT];
    for y in 0..HEIGHT as u16 {
        for x in 0..WIDTH as u16 {
            let is_in =
                |[left, top, right, bottom]: [u16; 4]| x >= left && x < right && y >= top && y < bottom;
            let is_on = |[left, top, right, bottom]: [u16; 4]| {
                is_in([left, top, right, bottom]) && !is_in([left + 1, top + 1, right - 1, bottom - 1])
            };
            if boxes.iter().any(|ink| is_in(*ink)) || outlines.iter().any(|ink| is_on(*ink)) {
                cells[usize::from(y) * WIDTH + usize::from(x)] = 1;
            }
        }
    }
    let mut parts = Parts::NONE;
    parts.find(&mut Plane { width: WIDTH, cells: &mut cells }, 1, 1, 1).unwrap();
    let mut work = [Group::NONE; MAX_PARTS];
    find(parts.as_slice(), EXTENT, wanted, &mut work).iter().map(|group| (group.line, group.rect)).collect()
}

const DIGIT: [u16; 4] = [10, 10, 20, 28];
const BESIDE: [u16; 4] = [30, 8, 40, 26];
const BELOW: [u16; 4] = [12, 36, 22, 54];

#[test]
fn digits_side_by_side_are_read_from_left_to_right() {
    assert_eq!(found(&[DIGIT, BESIDE], &[]), [(0, rect(DIGIT)), (0, rect(BESIDE))]);
}

#[test]
fn lines_of_digits_are_read_from_the_top() {
    let last = [40, 38, 50, 52];
    let expected = [(0, rect(DIGIT)), (0, rect(BESIDE)), (1, rect(BELOW)), (1, rect(last))];
    assert_eq!(found(&[DIGIT, BESIDE, BELOW, last], &[]), expected);
}

#[test]
fn a_tilted_line_is_read_from_left_to_right() {
    // Each is a third of its height above the one before, and at the end the next line is as high as the first began.
    let digit = |left: u16, top: u16| [left, top, left + 8, top + 12];
    let line = [digit(4, 16), digit(18, 12), digit(32, 8), digit(46, 4)];
    let next = [digit(18, 30), digit(32, 26), digit(46, 22)];
    let expected = |line: u8| move |digit: &[u16; 4]| (line, rect(*digit));
    assert_eq!(found(&line, &[]), line.iter().map(expected(0)).collect::<Vec<_>>());
    let both = line.iter().map(expected(0)).chain(next.iter().map(expected(1))).collect::<Vec<_>>();
    assert_eq!(found(&[line.as_slice(), &next].concat(), &[]), both);
}

#[test]
fn halves_of_a_digit_as_tall_as_another_are_joined() {
    let halves = [[40, 10, 52, 17], [44, 20, 56, 27]];
    assert_eq!(
        searched(&[DIGIT, halves[0], halves[1]], &[], Wanted::All),
        [(0, rect(DIGIT)), (0, rect([40, 10, 56, 27]))]
    );
    // Together they are taller than the other digit.
    let apart = [[40, 10, 52, 17], [44, 25, 56, 32]];
    assert_eq!(searched(&[DIGIT, apart[0], apart[1]], &[], Wanted::All).len(), 3);
}

#[test]
fn a_stroke_above_a_digit_joins_it() {
    // The stroke of a 5.
    assert_eq!(found(&[DIGIT, [12, 5, 22, 7]], &[]), [(0, rect([10, 5, 22, 28]))]);
}

#[test]
fn strokes_that_almost_touch_are_one_digit() {
    assert_eq!(found(&[[10, 10, 14, 30], [15, 28, 24, 34]], &[]), [(0, rect([10, 10, 24, 34]))]);
}

#[test]
fn a_frame_around_a_digit_is_left_out() {
    assert_eq!(found(&[DIGIT], &[[5, 5, 27, 33]]), [(0, rect(DIGIT))]);
}

#[test]
fn a_bar_that_reaches_beyond_its_digit_joins_it() {
    assert_eq!(found(&[DIGIT, [17, 5, 27, 7]], &[]), [(0, rect([10, 5, 27, 28]))]);
}

/// A group of this box and area.
fn group(sides: [u16; 4], area: u32) -> Group {
    let mut group = Group::NONE;
    (group.rect, group.area) = (rect(sides), area);
    group
}

#[test]
fn the_lower_end_of_a_digit_joins_it_if_half_of_it_lies_below() {
    let upper = group([20, 10, 34, 32], 90);
    assert!(belong(&upper, &group([12, 29, 27, 34], 60)));
    assert!(!belong(&upper, &group([9, 29, 25, 34], 60)));
}

#[test]
fn slanted_digits_whose_boxes_overlap_are_two() {
    let first = group([10, 10, 20, 30], 60);
    assert!(!belong(&first, &group([14, 10, 24, 30], 60)));
    // The two halves of a 0.
    assert!(belong(&first, &group([12, 10, 22, 30], 60)));
}

#[test]
fn a_frame_around_a_row_of_digits_is_left_out() {
    let expected = [(0, rect(DIGIT)), (0, rect(BESIDE))];
    assert_eq!(found(&[DIGIT, BESIDE], &[[2, 2, 62, 34]]), expected);
}

#[test]
fn the_boxes_of_a_form_are_left_out() {
    let digits = [[8, 12, 12, 24], [22, 12, 26, 24], [36, 12, 40, 24], [50, 12, 54, 24]];
    // One box around all, whose ink is more than eight times that of a digit.
    let form =
        [[2, 4, 61, 7], [2, 29, 61, 32], [2, 4, 4, 32], [16, 4, 18, 32], [30, 4, 32, 32], [59, 4, 61, 32]];
    let boxes = digits.iter().chain(&form).copied().collect::<Vec<_>>();
    assert_eq!(found(&boxes, &[]), digits.map(|digit| (0, rect(digit))));
}

#[test]
fn a_flat_bar_beside_digits_is_left_out() {
    let bar = [40, 20, 55, 25];
    assert_eq!(searched(&[DIGIT, bar], &[], Wanted::All), [(0, rect(DIGIT))]);
    assert_eq!(searched(&[bar], &[], Wanted::All), [(0, rect(bar))]);
    // It may be a stroke of an only digit.
    assert_eq!(found(&[DIGIT, bar], &[]).len(), 2);
}

#[test]
fn a_long_thin_line_does_not_make_digits_small() {
    let digit = [10, 30, 20, 44];
    let line = [50, 4, 52, 50];
    assert_eq!(found(&[digit, line], &[]).first(), Some(&(0, rect(digit))));
}

#[test]
fn what_is_thin_beside_the_digits_is_left_out() {
    assert_eq!(found(&[DIGIT, [40, 10, 41, 28]], &[]), [(0, rect(DIGIT))]);
    assert_eq!(found(&[DIGIT, [40, 10, 42, 28]], &[]), [(0, rect(DIGIT)), (0, rect([40, 10, 42, 28]))]);
}

#[test]
fn a_zero_is_no_frame_around_a_speck() {
    assert_eq!(found(&[[19, 20, 20, 22]], &[[10, 10, 28, 34]]), [(0, rect([10, 10, 28, 34]))]);
}

#[test]
fn lines_are_left_out() {
    assert_eq!(found(&[DIGIT, [4, 40, 60, 43]], &[]), [(0, rect(DIGIT))]);
    assert_eq!(found(&[DIGIT, [50, 2, 53, 58]], &[]), [(0, rect(DIGIT))]);
}

#[test]
fn what_the_edge_cuts_is_left_out_beside_a_whole_digit() {
    let cut = [56, 20, 64, 40];
    assert_eq!(found(&[DIGIT, cut], &[]), [(0, rect(DIGIT))]);
    // Alone it may be a digit, unless it lies along the edge.
    let reaching = [40, 20, 64, 25];
    assert_eq!(found(&[reaching], &[]), [(0, rect(reaching))]);
    assert_eq!(found(&[cut], &[]), []);
}

#[test]
fn of_all_digits_one_that_touches_the_edge_is_like_another_in_line_with_it() {
    let count = |[left, top, right, bottom]: [u16; 4], wanted| {
        let tip = [right, top + 5, WIDTH as u16, top + 8];
        searched(&[DIGIT, [left, top, right, bottom], tip], &[], wanted).len()
    };
    let like = [46, 12, 60, 27];
    assert_eq!((count(like, Wanted::All), count(like, Wanted::One)), (2, 1));
    // Too wide, too tall, too thick, and of another line.
    for other in [[34, 12, 60, 27], [48, 4, 60, 34], [46, 10, 62, 28], [46, 22, 60, 37]] {
        assert_eq!(count(other, Wanted::All), 1, "{other:?}");
    }
}

#[test]
fn what_is_small_beside_the_largest_is_left_out() {
    assert_eq!(found(&[DIGIT, [40, 14, 44, 21]], &[]), [(0, rect(DIGIT))]);
    assert_eq!(found(&[DIGIT, [40, 14, 44, 22]], &[]), [(0, rect(DIGIT)), (0, rect([40, 14, 44, 22]))]);
}

#[test]
fn nothing_is_found_in_nothing() {
    assert_eq!(found(&[], &[]), []);
}

#[test]
fn groups_are_sorted_whatever_their_order() {
    let mut groups = [5, 2, 9, 2, 0].map(|left| {
        let mut group = Group::NONE;
        group.rect.left = left;
        group
    });
    sort(&mut groups);
    assert_eq!(groups.map(|group| group.rect.left), [0, 2, 2, 5, 9]);
}
