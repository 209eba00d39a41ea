//! The kernels of conv1 as pictures, beside two classical ones.

use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, KERNEL_SIDE};

use super::text;
use crate::model::weights::Affine;

/// Fourth row of Pascal's triangle: the binomial approximation of a Gaussian.
const SMOOTH: [f32; KERNEL_SIDE] = [1.0, 4.0, 6.0, 4.0, 1.0];
/// Derivative of the smoothing row, as Sobel's operator takes it.
const DERIVATIVE: [f32; KERNEL_SIDE] = [-1.0, -2.0, 0.0, 2.0, 1.0];

/// The section with the learned kernels and the classical ones.
pub(super) fn section(conv1: &Affine) -> String {
    let learned = conv1.weight.chunks_exact(CONV1_TAPS).take(CONV1_CHANNELS).enumerate();
    let learned: String =
        learned.map(|(channel, taps)| figure(&format!("conv1 {}", channel + 1), taps)).collect();
    let classical =
        figure("Gaussian", &outer(&SMOOTH, &SMOOTH)) + &figure("Sobel", &outer(&SMOOTH, &DERIVATIVE));
    let body = format!(
        "<div class=\"kernels\">\n{learned}<hr/>\n{classical}</div>\n\
         <p class=\"legend scale\"><span>negative</span><i></i><span>positive</span></p>\n"
    );
    let lead = "The six 5 × 5 kernels of the first layer beside two drawn by hand: a Gaussian, which \
                smooths, and a Sobel kernel, which finds vertical edges. Each picture has its own scale, from \
                minus to plus its largest weight; zero is the colour of the page.";
    text::section("kernels", "First-layer kernels", lead, &body)
}

fn outer(column: &[f32; KERNEL_SIDE], row: &[f32; KERNEL_SIDE]) -> Vec<f32> {
    column.iter().flat_map(|down| row.iter().map(move |across| down * across)).collect()
}

fn figure(name: &str, taps: &[f32]) -> String {
    let largest = taps.iter().fold(0.0, |largest: f32, tap| largest.max(tap.abs()));
    let cells: String = taps.iter().enumerate().map(|(index, &tap)| cell(index, tap, largest)).collect();
    // A classical kernel's weights are whole numbers; a learned one's need decimals.
    let decimals = if taps.iter().all(|tap| tap.fract() == 0.0) { 0 } else { 2 };
    format!(
        "<figure><svg viewBox=\"0 0 {KERNEL_SIDE} {KERNEL_SIDE}\" role=\"img\" \
         aria-label=\"kernel {name}\" xmlns=\"http://www.w3.org/2000/svg\">{cells}</svg>\
         <figcaption>{name}<small>±{largest:.decimals$}</small></figcaption></figure>\n"
    )
}

fn cell(index: usize, tap: f32, largest: f32) -> String {
    let (x, y) = (index % KERNEL_SIDE, index / KERNEL_SIDE);
    let sign = if tap < 0.0 { "negative" } else { "positive" };
    let strength = if largest > 0.0 { tap.abs() / largest } else { 0.0 };
    format!(
        "<rect class=\"{sign}\" x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\" fill-opacity=\"{strength:.3}\">\
         <title>{tap:.4}</title></rect>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sobel_kernel_ignores_a_flat_picture() {
        assert_eq!(outer(&SMOOTH, &DERIVATIVE).iter().sum::<f32>(), 0.0);
        assert_eq!(outer(&SMOOTH, &SMOOTH)[12], 36.0);
    }

    #[test]
    fn a_kernel_of_zeros_is_blank() {
        assert!(!figure("zero", &[0.0; CONV1_TAPS]).contains("NaN"));
    }
}
