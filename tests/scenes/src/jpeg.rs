//! The losses of a baseline JPEG file of one gray component.
//!
//! A frame loses in JPEG where the coefficients of the cosine transform of its 8 x 8 blocks are quantized; the entropy
//! coding keeps the rest. So this transforms, quantizes and transforms back, with the table of Annex K of ITU-T T.81 and
//! the quality scale of the Independent JPEG Group. Unlike decoders, which differ by a gray level from machine to machine,
//! it gives the same bytes everywhere.

use std::array;

use crate::plane::Plane;

const SIDE: usize = 8;

/// The quantization table for luminance, row by row.
#[rustfmt::skip]
const LUMINANCE: [u32; SIDE * SIDE] = [
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
];

/// `cos(k π / 16)` for `k` from 0 to 8.
const COSINES: [f32; 9] = [
    1.0,
    0.980_785_25,
    0.923_879_5,
    0.831_469_6,
    0.707_106_77,
    0.555_570_24,
    0.382_683_43,
    0.195_090_32,
    0.0,
];

/// Returns the frame as it comes back from a JPEG file of a quality from 1 to 100.
pub(crate) fn coded(plane: &Plane, quality: u32) -> Plane {
    let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    let table = LUMINANCE.map(|step| ((step * scale + 50) / 100).clamp(1, 255) as f32);
    let forward = weights(basis);
    let backward = weights(|at, frequency| basis(frequency, at));
    let (width, height) = (plane.size.width as usize, plane.size.height as usize);
    let mut coded = Plane { size: plane.size, gray: plane.gray.clone() };
    for top in (0..height).step_by(SIDE) {
        for left in (0..width).step_by(SIDE) {
            let mut block = [[0.0; SIDE]; SIDE];
            for (y, row) in block.iter_mut().enumerate() {
                for (x, gray) in row.iter_mut().enumerate() {
                    let byte = plane.at((left + x) as i32, (top + y) as i32).clamp(0.0, 255.0);
                    *gray = (byte + 0.5).floor() - 128.0;
                }
            }
            block = transform(&block, &forward);
            for (coefficient, step) in block.as_flattened_mut().iter_mut().zip(table) {
                *coefficient = (*coefficient / step).round() * step;
            }
            block = transform(&block, &backward);
            for (y, row) in block.iter().enumerate().take(height - top) {
                let start = (top + y) * width + left;
                let target = &mut coded.gray[start..start + SIDE.min(width - left)];
                target
                    .iter_mut()
                    .zip(row)
                    .for_each(|(gray, value)| *gray = (value + 128.0).clamp(0.0, 255.0));
            }
        }
    }
    coded
}

/// Returns the value at `at` of the cosine of a frequency, both 0 to 7; the eight are orthonormal.
fn basis(frequency: usize, at: usize) -> f32 {
    let angle = (2 * at + 1) * frequency % 32;
    let cosine = match angle {
        0..=8 => COSINES[angle],
        9..=16 => -COSINES[16 - angle],
        17..=24 => -COSINES[angle - 16],
        _ => COSINES[32 - angle],
    };
    if frequency == 0 { COSINES[4] / 2.0 } else { cosine / 2.0 }
}

/// Tabulates the weight in each output, the first index, of each input.
fn weights(weight: impl Fn(usize, usize) -> f32) -> [[f32; SIDE]; SIDE] {
    array::from_fn(|output| array::from_fn(|input| weight(output, input)))
}

/// Applies a transform of eight values to the rows and to the columns of a block.
fn transform(block: &[[f32; SIDE]; SIDE], weights: &[[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    let apply = |line: &[f32; SIDE]| {
        weights.map(|row| row.iter().zip(line).map(|(weight, value)| weight * value).sum::<f32>())
    };
    transposed(&transposed(&block.each_ref().map(apply)).each_ref().map(apply))
}

fn transposed(block: &[[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    array::from_fn(|row| array::from_fn(|column| block[column][row]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::noise;
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageFormat};

    #[test]
    fn a_frame_comes_back_as_from_a_jpeg_file_but_for_coefficients_on_the_edge_of_a_step() {
        let size = Size::new(45, 30);
        let plane = Plane::from_fn(size, |x, y| {
            let ink = if (x / 4 + y / 5) % 3 == 0 { 120.0 } else { 0.0 };
            (190.0 - ink + 9.0 * noise::gaussian(7, x as i32, y as i32)).round()
        });
        for quality in [30, 60, 95] {
            let mut file = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut file, quality as u8);
            encoder.encode(&plane.bytes(), size.width, size.height, ExtendedColorType::L8).expect("memory");
            let decoded = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).expect("a JPEG file");
            let ours = coded(&plane, quality).bytes();
            let differences: Vec<u8> =
                decoded.to_luma8().iter().zip(&ours).map(|(a, b)| a.abs_diff(*b)).collect();
            let mean = differences.iter().map(|&by| f32::from(by)).sum::<f32>() / differences.len() as f32;
            assert!(mean < 1.5, "quality {quality}: {mean} gray levels");
        }
    }
}
