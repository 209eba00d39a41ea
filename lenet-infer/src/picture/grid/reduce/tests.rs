extern crate std;

use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn whole(width: u16, height: u16) -> Rect {
    Rect { left: 0, top: 0, right: width, bottom: height }
}

/// The cells of a picture that `pixel` gives row by row.
fn reduce(scale: Scale, pixel: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let (width, height) = (scale.rect.width().into(), scale.rect.height().into());
    let mut sums = vec![0; scale.width()];
    let mut cells = vec![0; scale.width() * scale.height()];
    let mut reducer = Reducer::new(scale);
    for y in 0..height {
        assert!(!reducer.is_complete());
        reducer.push((0..width).map(|x| pixel(x, y)), &mut sums, &mut cells);
    }
    assert!(reducer.is_complete());
    cells
}

/// The pixels that cell `index` of a row or column of `pixels` pixels covers, each with the width of the overlap.
fn cover(index: usize, cell: u32, pixels: u16) -> impl Iterator<Item = (usize, u64)> {
    let start = index as u32 * cell;
    let end = (start + cell).min(u32::from(pixels) * UNIT);
    (start / UNIT..end.div_ceil(UNIT)).map(move |pixel| {
        let overlap = end.min((pixel + 1) * UNIT) - start.max(pixel * UNIT);
        (pixel as usize, overlap.into())
    })
}

/// A gray level that looks random.
fn noise(seed: u32, x: usize, y: usize) -> u8 {
    let mixed =
        (seed ^ (x as u32).wrapping_mul(0x9e37_79b1)).wrapping_add((y as u32).wrapping_mul(0x85eb_ca6b));
    ((mixed ^ mixed >> 15).wrapping_mul(0x2c1b_3c6d) >> 24) as u8
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 96 }))]

    #[test]
    fn a_picture_of_one_level_becomes_cells_of_that_level(
        width in 1..=600_u16, height in 1..=600_u16, side in 28..=255_usize, level: u8,
    ) {
        let scale = Scale::new(whole(width, height), side);
        prop_assert!(scale.width() <= side && scale.height() <= side);
        let cells = reduce(scale, |_, _| level);
        prop_assert!(cells.iter().all(|cell| *cell == level), "{:?}", cells);
    }

    #[test]
    fn each_cell_is_the_mean_of_its_pixels_by_area(
        width in 1..=400_u16, height in 1..=400_u16, side in 28..=255_usize, seed: u32,
    ) {
        let scale = Scale::new(whole(width, height), side);
        let cells = reduce(scale, |x, y| noise(seed, x, y));
        let mut weighted = 0;
        for (index, level) in cells.iter().enumerate() {
            let (column, row) = (index % scale.width(), index / scale.width());
            let (mut sum, mut area) = (0, 0);
            for (y, high) in cover(row, scale.cell, height) {
                for (x, wide) in cover(column, scale.cell, width) {
                    sum += u64::from(noise(seed, x, y)) * wide * high;
                    area += wide * high;
                }
            }
            weighted += u64::from(*level) * area;
            // Within half a level, and a little more for the reciprocal.
            prop_assert!((u64::from(*level) * area).abs_diff(sum) * 25 <= area * 13);
        }
        let total: u64 = (0..usize::from(height))
            .flat_map(|y| (0..usize::from(width)).map(move |x| u64::from(noise(seed, x, y)) * 256))
            .sum();
        let area = u64::from(width) * u64::from(height) * 256;
        prop_assert!(weighted.abs_diff(total) <= area);
    }

    #[test]
    fn a_picture_that_fits_the_grid_is_copied(
        side in 28..=255_usize, width in 1..=255_u16, height in 1..=255_u16, seed: u32,
    ) {
        let side = side.max(width.into()).max(height.into());
        let scale = Scale::new(whole(width, height), side);
        prop_assert_eq!((scale.width(), scale.height()), (usize::from(width), usize::from(height)));
        let copied = (0..usize::from(height))
            .flat_map(|y| (0..usize::from(width)).map(move |x| noise(seed, x, y)))
            .collect::<Vec<u8>>();
        prop_assert_eq!(reduce(scale, |x, y| noise(seed, x, y)), copied);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 96 }))]

    #[test]
    fn two_rows_at_once_give_the_cells_of_one_after_the_other(
        width in 1..=300_u16, height in 1..=300_u16, side in 28..=255_usize, seed: u32,
    ) {
        let scale = Scale::new(whole(width, height), side);
        let rows = (0..usize::from(height))
            .map(|y| (0..usize::from(width)).map(|x| noise(seed, x, y)).collect::<Vec<u8>>())
            .collect::<Vec<_>>();
        let mut sums = vec![0; scale.width()];
        let mut cells = vec![0; scale.width() * scale.height()];
        let mut reducer = Reducer::new(scale);
        let mut rest = &rows[..];
        while let [row, after @ ..] = rest {
            if reducer.takes_two() {
                reducer.push_two(row, &after[0], &mut sums);
                rest = &after[1..];
            } else {
                reducer.push(row.iter().copied(), &mut sums, &mut cells);
                rest = after;
            }
        }
        prop_assert!(reducer.is_complete());
        prop_assert_eq!(cells, reduce(scale, |x, y| rows[y][x]));
    }
}

/// A rectangle that is not empty, in a picture or on a grid of this size.
fn rect_within(width: u16, height: u16) -> impl Strategy<Value = Rect> {
    (0..width, 0..height).prop_flat_map(move |(left, top)| {
        (left + 1..=width, top + 1..=height).prop_map(move |(right, bottom)| Rect {
            left,
            top,
            right,
            bottom,
        })
    })
}

/// A scale of some rectangle of a picture.
fn scales() -> impl Strategy<Value = Scale> {
    (rect_within(4_096, 4_096), 28..=255_usize).prop_map(|(rect, side)| Scale::new(rect, side))
}

fn holds(outer: Rect, inner: Rect) -> bool {
    outer.left <= inner.left
        && outer.top <= inner.top
        && outer.right >= inner.right
        && outer.bottom >= inner.bottom
}

proptest! {
    #[test]
    fn cells_lie_in_the_cells_of_their_pixels(
        (scale, cells) in scales().prop_flat_map(|scale| {
            (Just(scale), rect_within(scale.width() as u16, scale.height() as u16))
        }),
    ) {
        let pixels = scale.to_picture(cells);
        prop_assert!(holds(scale.rect, pixels) && pixels.width() > 0 && pixels.height() > 0, "{:?}", pixels);
        prop_assert!(holds(scale.to_cells(pixels), cells), "{:?}", scale.to_cells(pixels));
    }

    #[test]
    fn pixels_lie_in_the_pixels_of_their_cells(
        (scale, pixels) in scales().prop_flat_map(|scale| {
            (Just(scale), rect_within(scale.rect.width(), scale.rect.height()))
        }),
    ) {
        let Rect { left, top, .. } = scale.rect;
        let pixels = Rect {
            left: pixels.left + left,
            top: pixels.top + top,
            right: pixels.right + left,
            bottom: pixels.bottom + top,
        };
        let cells = scale.to_cells(pixels);
        prop_assert!(holds(whole(scale.width() as u16, scale.height() as u16), cells), "{:?}", cells);
        prop_assert!(holds(scale.to_picture(cells), pixels), "{:?}", scale.to_picture(cells));
    }
}

#[test]
fn a_scale_differs_from_one_whose_cells_are_half_as_large_again() {
    let scale = |cell| Scale { rect: whole(9, 9), cell };
    assert!(scale(30).differs(scale(46)) && scale(46).differs(scale(30)));
    assert!(!scale(30).differs(scale(45)) && !scale(45).differs(scale(30)));
}

#[test]
fn rows_beyond_the_picture_are_not_used() {
    let scale = Scale::new(whole(2, 2), 28);
    let (mut sums, mut cells) = ([0; 2], [0; 4]);
    let mut reducer = Reducer::new(scale);
    for level in [10, 20, 30] {
        reducer.push([level; 2].into_iter(), &mut sums, &mut cells);
    }
    assert_eq!(cells, [10, 10, 20, 20]);
}

#[test]
fn the_mean_of_one_level_is_that_level_in_cells_of_every_size() {
    let largest = Scale::new(whole(4_096, 4_096), 28).cell;
    for side in (UNIT..=largest).step_by(if cfg!(miri) { 500 } else { 1 }) {
        let area = side * side;
        for level in 0..=255 {
            assert_eq!(Mean::new(area).of(u32::from(level) * area), level);
        }
    }
}
