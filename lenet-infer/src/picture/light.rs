//! Removal of uneven light: the ink is what differs from the paper around it.
//!
//! The paper's level at a cell is the morphological opening of the picture there: the erosion by a square that is wider than
//! a stroke, then the dilation by the same square. What is left above it, the white top-hat, is ink. Shadows and gradients
//! are wider than the square, so they are paper.

use super::plane::Plane;
use core::cell::Cell;

/// Turns a plane of gray levels into levels of ink, 0 for paper, and returns whether the ink is darker than the paper.
/// `paper` is memory of the same size.
pub(super) fn remove(gray: &mut Plane<'_>, paper: &mut Plane<'_>, window: usize) -> bool {
    paper.cells.copy_from_slice(gray.cells);
    slide(paper, window, Order::Onward, u8::max);
    let above: u32 = gray.cells.iter().zip(&*paper.cells).map(|(gray, most)| u32::from(most - gray)).sum();
    paper.cells.copy_from_slice(gray.cells);
    slide(paper, window, Order::Onward, u8::min);
    let below: u32 = gray.cells.iter().zip(&*paper.cells).map(|(gray, least)| u32::from(gray - least)).sum();
    // Most cells are paper, so on average they are nearer to the paper's extreme.
    let dark = above < below;
    if dark {
        for cell in gray.cells.iter_mut() {
            *cell = 255 - *cell;
        }
        paper.cells.copy_from_slice(gray.cells);
        slide(paper, window, Order::Onward, u8::min);
    }
    slide(paper, window, Order::Backward, u8::max);
    for (cell, paper) in gray.cells.iter_mut().zip(&*paper.cells) {
        *cell = cell.saturating_sub(*paper);
    }
    dark
}

/// Which way the window lies from a cell: both start at the cell itself.
#[derive(Clone, Copy)]
enum Order {
    Onward,
    Backward,
}

/// Replaces each cell by the extreme in a square window of it, of `side` cells or up to the edge. One pass per
/// doubling of the window, in place.
fn slide(plane: &mut Plane<'_>, side: usize, order: Order, extreme: fn(u8, u8) -> u8) {
    let width = plane.width;
    for step in steps(side) {
        for row in plane.rows_mut() {
            combine(row, step, order, extreme);
        }
    }
    for step in steps(side) {
        combine(plane.cells, step * width, order, extreme);
    }
}

/// The distances whose passes make a window of `side` cells: the window doubles until it would be larger.
fn steps(side: usize) -> impl Iterator<Item = usize> {
    let mut reached = 1;
    core::iter::from_fn(move || {
        let step = reached.min(side.checked_sub(reached)?);
        reached += step;
        (step > 0).then_some(step)
    })
}

fn combine(cells: &mut [u8], step: usize, order: Order, extreme: fn(u8, u8) -> u8) {
    let cells = Cell::from_mut(cells).as_slice_of_cells();
    let shifted = cells.get(step..).unwrap_or_default();
    let pairs = cells.iter().zip(shifted);
    match order {
        Order::Onward => pairs.for_each(|(here, there)| here.set(extreme(here.get(), there.get()))),
        Order::Backward => pairs.rev().for_each(|(there, here)| here.set(extreme(here.get(), there.get()))),
    }
}
