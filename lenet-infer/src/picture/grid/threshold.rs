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
}
