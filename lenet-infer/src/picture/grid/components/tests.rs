extern crate std;

use super::equivalences::LABELS;
use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const WEAK: u8 = 2;
const STRONG: u8 = 3;

/// The neighbors of a cell that lie on a plane.
fn neighbors(index: usize, width: usize, count: usize) -> impl Iterator<Item = usize> + Clone {
    let (x, y, height) = (index % width, index / width, count / width);
    (y.saturating_sub(1)..(y + 2).min(height))
        .flat_map(move |y| (x.saturating_sub(1)..(x + 2).min(width)).map(move |x| y * width + x))
        .filter(move |neighbor| *neighbor != index)
}

/// The labels and the parts of a plane by flooding one component after the other, in the order of their first cells.
fn flood(width: usize, ink: &[u8], least: u8) -> (Vec<u8>, Vec<Part>) {
    let (mut labels, mut parts) = (vec![PAPER; ink.len()], Vec::new());
    let mut seen = vec![false; ink.len()];
    for start in 0..ink.len() {
        if seen[start] || ink[start] < WEAK {
            continue;
        }
        seen[start] = true;
        let mut component = vec![start];
        let mut next = 0;
        while let Some(index) = component.get(next).copied() {
            next += 1;
            for neighbor in neighbors(index, width, ink.len()) {
                if !seen[neighbor] && ink[neighbor] >= WEAK {
                    seen[neighbor] = true;
                    component.push(neighbor);
                }
            }
        }
        if component.len() < least.into() || component.iter().all(|index| ink[*index] < STRONG) {
            continue;
        }
        let (x, y) = (|index: &usize| (index % width) as u8, |index: &usize| (index / width) as u8);
        let is_at_edge = |index: &&usize| neighbors(**index, width, ink.len()).count() < 8;
        parts.push(Part {
            left: component.iter().map(x).min().unwrap(),
            top: component.iter().map(y).min().unwrap(),
            right: component.iter().map(x).max().unwrap(),
            bottom: component.iter().map(y).max().unwrap(),
            area: component.len() as u16,
            contact: component.iter().filter(is_at_edge).count() as u16,
        });
        for index in component {
            labels[index] = parts.len() as u8;
        }
    }
    (labels, parts)
}

/// Planes so small that they cannot have more components than are told apart.
fn planes() -> impl Strategy<Value = (usize, Vec<u8>)> {
    (1..=10_usize, 1..=12_usize, 0..4_u8).prop_flat_map(|(width, height, most)| {
        // Levels above `STRONG` are paper, so that some planes are sparse.
        let level = (0..=STRONG + most).prop_map(|level| if level > STRONG { 0 } else { level });
        (Just(width), proptest::collection::vec(level, width * height))
    })
}

proptest! {
    #[test]
    fn components_are_those_of_a_flood((width, ink) in planes(), least in 0..8_u8) {
        let mut cells = ink.clone();
        let mut found = Parts::NONE;
        found.find(&mut Plane { width, cells: &mut cells }, WEAK, STRONG, least).unwrap();
        let (labels, parts) = flood(width, &ink, least.max(1));
        prop_assert_eq!(cells, labels);
        prop_assert_eq!(found.as_slice(), &parts[..]);
    }

    #[test]
    fn the_paper_beside_a_part_is_marked_as_its_own((width, ink) in planes()) {
        let mut widened = ink;
        let mut parts = Parts::NONE;
        parts.find(&mut Plane { width, cells: &mut widened }, WEAK, STRONG, 1).unwrap();
        let labels = widened.clone();
        parts.widen(&mut Plane { width, cells: &mut widened });
        for (index, label) in widened.iter().enumerate() {
            let mut beside = neighbors(index, width, labels.len()).map(|index| labels[index]).filter(|label| *label != PAPER);
            if is_part(labels[index]) || beside.clone().count() == 0 {
                prop_assert_eq!(*label, labels[index]);
            } else {
                prop_assert!(!is_part(*label) && !is_paper(*label));
                prop_assert_eq!(beside.next().and_then(unmarked), unmarked(*label));
            }
        }
    }
}

/// A plane of 255x255 cells with `count` squares of a side on it, each `apart` cells from the next.
fn squares(count: usize, side: usize, apart: usize) -> Vec<u8> {
    let mut cells = vec![0; 255 * 255];
    let per_row = 255 / apart;
    for index in 0..count {
        let (left, top) = (index % per_row * apart, index / per_row * apart);
        for row in cells.chunks_exact_mut(255).skip(top).take(side) {
            row[left..][..side].fill(STRONG);
        }
    }
    cells
}

fn find(cells: &mut [u8], least: u8) -> Result<Parts, TooMany> {
    let mut parts = Parts::NONE;
    parts.find(&mut Plane { width: 255, cells }, WEAK, STRONG, least).map(|()| parts)
}

#[test]
fn of_too_many_parts_the_smallest_are_dropped() {
    let mut cells = squares(40, 2, 20);
    // Five of the squares have one cell more.
    for square in 0..5 {
        cells[2 * 255 + 20 * square] = STRONG;
    }
    let found = find(&mut cells, 1).unwrap();
    assert_eq!(found.as_slice().iter().map(|part| part.area).collect::<Vec<_>>(), [5; 5]);
    assert_eq!(cells.iter().filter(|label| is_part(**label)).count(), 25);
}

#[test]
fn as_many_parts_as_are_told_apart_are_found() {
    assert_eq!(find(&mut squares(MAX_PARTS, 1, 9), 1).unwrap().as_slice().len(), MAX_PARTS);
    assert_eq!(find(&mut squares(MAX_PARTS + 1, 1, 9), 1).unwrap().as_slice().len(), 0);
}

#[test]
fn large_parts_and_specks_without_number_are_too_many() {
    assert_eq!(find(&mut squares(MAX_PARTS, 12, 30), 1).map(|parts| parts.as_slice().len()), Ok(MAX_PARTS));
    assert_eq!(find(&mut squares(MAX_PARTS + 1, 12, 30), 1).map(|_| ()), Err(TooMany));
    assert_eq!(find(&mut squares(LABELS - 1, 1, 9), 1).map(|parts| parts.as_slice().len()), Ok(0));
    assert_eq!(find(&mut squares(LABELS, 1, 9), 1).map(|_| ()), Err(TooMany));
}

#[test]
fn a_part_along_the_edge_hugs_it_and_one_that_meets_it_does_not() {
    let part = |contact| Part { left: 0, top: 0, right: 29, bottom: 9, area: 99, contact };
    assert!(part(11).hugs_edge() && !part(10).hugs_edge());
}
