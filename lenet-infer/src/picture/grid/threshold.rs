//! The level that tells ink from paper, chosen by the edges of the picture.

use super::filter::sobel;
use super::plane::Plane;
use super::step::View;

/// The mean level weighted by the squared Sobel gradient: the level halfway up the edges of the strokes. 0 without edges.
///
/// Unlike Otsu's threshold it does not depend on how much of the picture is ink.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
pub(super) fn edge_mean(ink: &Plane<'_>) -> u8 {
    let (mut weights, mut sum) = (0_u32, 0_u64);
    sobel(View::of(ink), |level, gradient| {
        let weight = squared(gradient);
        weights += weight;
        sum += u64::from(weight * u32::from(level));
    });
    (sum / u64::from(weights.max(1))) as u8
}

/// The least level of ink above the noise of the paper: ten times the mean of the levels below `level`, at most twice that.
pub(super) fn above_noise(ink: &Plane<'_>, level: u8) -> u8 {
    let (mut sum, mut count) = (0, 0);
    for cell in ink.cells.iter().filter(|cell| **cell < level) {
        sum += u32::from(*cell);
        count += 1;
    }
    (sum * 10 / count.max(1)).min(u32::from(level) * 2).min(u8::MAX.into()) as u8
}

/// The sum of the squared Sobel gradients, in levels of an edge.
pub(super) fn edge_energy(plane: &Plane<'_>) -> u64 {
    let mut energy = 0_u32;
    sobel(View::of(plane), |_, gradient| energy += squared(gradient));
    energy.into()
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
