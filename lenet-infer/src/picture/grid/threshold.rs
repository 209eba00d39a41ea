//! The level that tells ink from paper, chosen by the edges of the picture.

use super::filter::{rows_of_three, sobel_row};
use super::plane::Plane;
use super::step::View;
use crate::kernel::lanes;

/// The mean level weighted by the squared Sobel gradient: the level halfway up the edges of the strokes. 0 without edges.
///
/// Unlike Otsu's threshold it does not depend on how much of the picture is ink.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
pub(super) fn edge_mean(ink: &Plane<'_>) -> u8 {
    let (mut weights, mut moments) = (0, 0);
    for rows in rows_of_three(View::of(ink)) {
        let mut moment = 0;
        sobel_row(rows, |level, gradient| {
            let weight = squared(gradient);
            weights += weight;
            moment += weight * u32::from(level);
        });
        moments += u64::from(moment);
    }
    mean(moments, weights)
}

// The sum over the inner cells of the longest row fits in 32 bits.
const _: () = assert!(253 * 255_u64.pow(3) <= u32::MAX as u64);

/// The quotient of two sums, which is a level: bit by bit, which takes less stack than a division of 64 bits.
fn mean(mut moments: u64, weights: u32) -> u8 {
    let mut mean = 0;
    for bit in (0..u8::BITS).rev() {
        if let Some(rest) = moments.checked_sub(u64::from(weights.max(1)) << bit) {
            moments = rest;
            mean |= 1 << bit;
        }
    }
    mean
}

/// The least level of ink above the noise of the paper: ten times the mean of the levels below `level`, at most twice that.
pub(super) fn above_noise(ink: &Plane<'_>, level: u8) -> u8 {
    let (mut sum, mut count) = (0, 0);
    let (cells, last) = ink.cells.as_chunks();
    for cells in cells {
        let [sum_below, count_below] = lanes::sum_below(*cells, level);
        sum += sum_below;
        count += count_below;
    }
    for cell in last.iter().filter(|cell| **cell < level) {
        sum += u32::from(*cell);
        count += 1;
    }
    (sum * 10 / count.max(1)).min(u32::from(level) * 2).min(u8::MAX.into()) as u8
}

/// The sum of the squared Sobel gradients, in levels of an edge.
// Never inlined, so that its variables take no stack while ink is looked for.
#[inline(never)]
pub(super) fn edge_energy(plane: &Plane<'_>) -> u64 {
    let energy: u32 = rows_of_three(View::of(plane)).map(row_energy).sum();
    energy.into()
}

/// The sum over the middle one of three rows.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
fn row_energy(rows: [&[u8]; 3]) -> u32 {
    let mut energy = 0;
    sobel_row(rows, |_, gradient| energy += squared(gradient));
    energy
}

/// The square of a gradient, in levels of an edge: at most 255^2. A work grid has at most 255^2 cells, so that a sum over all
/// of them fits in 32 bits.
const fn squared(gradient: u32) -> u32 {
    let gradient = gradient >> 3;
    gradient * gradient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_mean_is_halfway_up_an_edge_however_little_ink_there_is() {
        for ink in [2, 5, 10] {
            let mut cells = [0_u8; 16 * 12];
            for row in cells.chunks_exact_mut(16) {
                row[..ink].fill(180);
                row[ink] = 90;
            }
            assert_eq!(edge_mean(&Plane { width: 16, cells: &mut cells }), 90);
        }
    }

    #[test]
    fn the_quotient_of_two_sums_is_rounded_down() {
        let most = 253 * 255_u32.pow(2);
        for weights in [1, 2, 3, 1000, most, u32::MAX] {
            for level in [0, 1, 2, 90, 254, 255] {
                let moments = u64::from(weights) * level;
                assert_eq!(mean(moments, weights), level as u8);
                assert_eq!(mean(moments + u64::from(weights) - 1, weights), level as u8);
            }
        }
        assert_eq!(mean(0, 0), 0);
    }

    #[test]
    fn a_plane_without_edges_has_a_threshold_and_an_energy_of_zero() {
        let plane = Plane { width: 4, cells: &mut [7; 16] };
        assert_eq!((edge_mean(&plane), edge_energy(&plane)), (0, 0));
        let empty = Plane { width: 1, cells: &mut [] };
        assert_eq!((edge_mean(&empty), edge_energy(&empty)), (0, 0));
    }

    #[test]
    fn the_noise_of_the_paper_is_far_below_the_least_level_of_ink() {
        let noise = core::array::from_fn::<u8, 64, _>(|index| (index % 5) as u8);
        let mut cells = noise;
        cells[20..24].fill(200);
        assert_eq!(above_noise(&Plane { width: 8, cells: &mut { noise } }, 100), 19);
        assert_eq!(above_noise(&Plane { width: 8, cells: &mut cells }, 100), 20);
        assert_eq!(above_noise(&Plane { width: 8, cells: &mut [0; 64] }, 100), 0);
        assert_eq!(above_noise(&Plane { width: 8, cells: &mut [99; 64] }, 100), 200);
        assert_eq!(above_noise(&Plane { width: 1, cells: &mut [] }, 100), 0);
    }
}
