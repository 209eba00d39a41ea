//! RGBA pixels as gray levels, by the formula of the host tool.

/// Replaces RGBA pixels by their gray levels, one byte each, at the start of `bytes`. White lies behind what is
/// transparent.
pub(crate) fn grays_in_place(bytes: &mut [u8], pixels: usize) {
    for index in 0..pixels {
        if let Some(&[red, green, blue, alpha]) = bytes.get(4 * index..).and_then(|rest| rest.first_chunk()) {
            bytes[index] = gray([red, green, blue].map(u32::from), u32::from(alpha));
        }
    }
}

/// The luma of ITU-R BT.709, rounded to the nearest, on white.
const fn gray([red, green, blue]: [u32; 3], alpha: u32) -> u8 {
    let luma = (2_126 * red + 7_152 * green + 722 * blue + 5_000) / 10_000;
    ((luma * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}
