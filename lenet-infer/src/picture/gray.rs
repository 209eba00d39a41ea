//! Gray levels of colors, for everyone who has colors: the host's picture files, the web page, a board with a color camera.

/// Returns the gray level of a color: its luma by ITU-R BT.709, rounded to the nearest.
///
/// # Example
///
/// ```
/// use lenet_infer::picture::luma;
///
/// assert_eq!(luma([0, 0, 0]), 0);
/// assert_eq!(luma([255, 255, 255]), 255);
/// assert_eq!(luma([0, 255, 0]), 182);
/// ```
#[must_use]
pub const fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((2_126 * red as u32 + 7_152 * green as u32 + 722 * blue as u32 + 5_000) / 10_000) as u8
}

/// Returns the gray level of a transparent color on white paper; alpha is 0 for transparent to 255 for opaque.
#[must_use]
pub const fn on_white(gray: u8, alpha: u8) -> u8 {
    ((gray as u32 * alpha as u32 + 255 * (255 - alpha as u32) + 127) / 255) as u8
}
