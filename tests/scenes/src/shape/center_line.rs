//! The center line of the ink: thinned to one sample, freed of spurs, and smoothed.

use super::segment::Segment;
use super::{GRID, SIDE};

/// Branches shorter than this, in samples, are artifacts of the thinning.
const SPUR: usize = GRID;
/// Passes of smoothing, each of which moves a point to between its neighbors.
const SMOOTHING: usize = 24;
/// The steps to the eight neighbors of a sample, in order around it.
const AROUND: [isize; 8] = {
    let side = SIDE as isize;
    [-side, 1 - side, 1, side + 1, side, side - 1, -1, -side - 1]
};

/// Returns the center line of the samples that are `ink`.
pub(super) fn trace(mut ink: Vec<bool>) -> Vec<Segment> {
    clear_border(&mut ink);
    thin(&mut ink);
    prune(&mut ink);
    let points: Vec<usize> = (0..ink.len()).filter(|&sample| ink[sample]).collect();
    let index = |sample: usize| points.binary_search(&sample).expect("a sample with ink");
    let links: Vec<Vec<usize>> =
        points.iter().map(|&point| neighbors(&ink, point).map(index).collect()).collect();
    let mut places: Vec<(f32, f32)> =
        points.iter().map(|&point| ((point % SIDE) as f32, (point / SIDE) as f32)).collect();
    for _ in 0..SMOOTHING {
        places = places.iter().zip(&links).map(|(&place, links)| smoothed(place, links, &places)).collect();
    }
    let forward = links.iter().enumerate().flat_map(|(from, links)| links.iter().map(move |&to| (from, to)));
    let mut segments: Vec<Segment> = forward
        .filter(|(from, to)| from < to)
        .map(|(from, to)| Segment { from: places[from], to: places[to] })
        .collect();
    // A lone point, as of a digit that is a dot, has no link.
    segments.extend(
        places
            .iter()
            .zip(&links)
            .filter(|(_, links)| links.is_empty())
            .map(|(&at, _)| Segment { from: at, to: at }),
    );
    segments
}

/// Returns where a point goes in one pass of smoothing. Ends stay.
fn smoothed(place: (f32, f32), links: &[usize], places: &[(f32, f32)]) -> (f32, f32) {
    if links.len() < 2 {
        return place;
    }
    let share = 0.5 / links.len() as f32;
    links.iter().fold((place.0 / 2.0, place.1 / 2.0), |sum, &link| {
        (sum.0 + share * places[link].0, sum.1 + share * places[link].1)
    })
}

/// Clears the outermost samples, so that every other sample has eight neighbors.
fn clear_border(ink: &mut [bool]) {
    for (sample, ink) in ink.iter_mut().enumerate() {
        let (row, column) = (sample / SIDE, sample % SIDE);
        *ink &= row.min(column) > 0 && row.max(column) < SIDE - 1;
    }
}

/// Thins the ink to lines of one sample, after Zhang and Suen, "A fast parallel algorithm for thinning digital
/// patterns", 1984.
fn thin(ink: &mut [bool]) {
    loop {
        let mut changed = false;
        for first_half in [true, false] {
            let removed: Vec<usize> = (0..ink.len())
                .filter(|&sample| ink[sample] && is_removable(ink, sample, first_half))
                .collect();
            changed |= !removed.is_empty();
            removed.into_iter().for_each(|sample| ink[sample] = false);
        }
        if !changed {
            return;
        }
    }
}

fn is_removable(ink: &[bool], sample: usize, first_half: bool) -> bool {
    let around = AROUND.map(|step| ink[sample.wrapping_add_signed(step)]);
    let count = around.iter().filter(|&&ink| ink).count();
    let runs = (0..8).filter(|&at| !around[at] && around[(at + 1) % 8]).count();
    let [up, _, right, _, down, _, left, _] = around;
    let closed = if first_half { right && down && (up || left) } else { up && left && (right || down) };
    (2..=6).contains(&count) && runs == 1 && !closed
}

/// Removes the branches that end within [`SPUR`] samples of a fork.
fn prune(ink: &mut [bool]) {
    let ends: Vec<usize> =
        (0..ink.len()).filter(|&sample| ink[sample] && neighbors(ink, sample).count() == 1).collect();
    for end in ends {
        let mut branch = vec![end];
        let mut at = end;
        while branch.len() <= SPUR {
            let next: Vec<usize> = neighbors(ink, at).filter(|sample| !branch.contains(sample)).collect();
            at = match next[..] {
                [only] => only,
                // A step of a line that is no fork: the nearer of the two comes first.
                [a, b] if is_adjacent(a, b) => {
                    if is_beside(at, a) {
                        a
                    } else {
                        b
                    }
                }
                [] => break,
                _ => {
                    // The fork itself stays, for the line that goes on.
                    branch[..branch.len() - 1].iter().for_each(|&sample| ink[sample] = false);
                    break;
                }
            };
            branch.push(at);
        }
    }
}

fn is_adjacent(a: usize, b: usize) -> bool {
    AROUND.contains(&(b as isize - a as isize))
}

/// Whether two samples share a side.
fn is_beside(a: usize, b: usize) -> bool {
    [1, SIDE].contains(&a.abs_diff(b))
}

fn neighbors(ink: &[bool], sample: usize) -> impl Iterator<Item = usize> {
    AROUND.iter().map(move |&step| sample.wrapping_add_signed(step)).filter(|&sample| ink[sample])
}
