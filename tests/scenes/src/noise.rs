//! Noise as a function of the position: hashes of integer coordinates, without state.

/// Mixes a seed and two coordinates into 32 bits.
fn hash(seed: u32, x: i32, y: i32) -> u32 {
    let mut bits = seed ^ (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x7FEB_352D);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x846C_A68B);
    bits ^ (bits >> 16)
}

/// White noise: a number from 0 to below 1 for each pair of coordinates.
pub(crate) fn uniform(seed: u32, x: i32, y: i32) -> f32 {
    (hash(seed, x, y) >> 8) as f32 / 16_777_216.0
}

/// White noise that is nearly normal, with mean 0 and standard deviation 1: the scaled sum of eight random bytes.
pub(crate) fn gaussian(seed: u32, x: i32, y: i32) -> f32 {
    let bytes = [hash(seed, x, y), hash(!seed, y, x)].map(u32::to_le_bytes);
    let sum: u32 = bytes.iter().flatten().map(|&byte| u32::from(byte)).sum();
    (sum as f32 - 1020.0) / 209.02
}

/// Smooth noise from -1 to 1 with bumps about 1 wide: random values at the integers, blended between them.
pub(crate) fn smooth(seed: u32, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, bottom_share) = (fade(x - left), fade(y - top));
    let (column, row) = (left as i32, top as i32);
    let across = |row: i32| {
        let (from, to) = (uniform(seed, column, row), uniform(seed, column + 1, row));
        from + right_share * (to - from)
    };
    let (above, below) = (across(row), across(row + 1));
    2.0 * (above + bottom_share * (below - above)) - 1.0
}

/// Returns a smooth step: 0 up to 0, 1 from 1, and `3t² - 2t³` between.
pub(crate) fn fade(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
