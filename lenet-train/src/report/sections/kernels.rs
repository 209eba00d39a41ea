//! The kernels of conv1 as pictures, beside two classical ones.

use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, KERNEL_SIDE};
use maud::{Markup, html};

use crate::model::weights::Affine;
use crate::report::markup;

/// Fourth row of Pascal's triangle: the binomial approximation of a Gaussian.
const SMOOTH: [f32; KERNEL_SIDE] = [1.0, 4.0, 6.0, 4.0, 1.0];
/// Derivative of the smoothing row, as Sobel's operator takes it.
const DERIVATIVE: [f32; KERNEL_SIDE] = [-1.0, -2.0, 0.0, 2.0, 1.0];

/// The section with the learned kernels and the classical ones.
pub(super) fn section(conv1: &Affine) -> Markup {
    let learned = conv1.weight.chunks_exact(CONV1_TAPS).take(CONV1_CHANNELS).zip(1..);
    let body = html! {
        div.kernels {
            @for (taps, channel) in learned { (figure(&format!("channel {channel}"), taps)) }
            hr;
            (figure("Gaussian", &outer(&SMOOTH, &SMOOTH)))
            (figure("Sobel", &outer(&SMOOTH, &DERIVATIVE)))
        }
        p.legend.scale { span { "negative" } i {} span { "positive" } }
    };
    let lead = "The six 5 × 5 kernels of the first layer beside two classical ones: a Gaussian, which smooths, and a \
                Sobel kernel, which finds vertical edges. Each kernel has its own color scale, from minus to plus \
                its largest weight, which the caption gives; zero has the color of the background.";
    markup::section("kernels", "First-layer kernels", lead, body)
}

fn outer(column: &[f32; KERNEL_SIDE], row: &[f32; KERNEL_SIDE]) -> Vec<f32> {
    column.iter().flat_map(|down| row.iter().map(move |across| down * across)).collect()
}

fn figure(name: &str, taps: &[f32]) -> Markup {
    let largest = taps.iter().fold(0.0, |largest: f32, tap| largest.max(tap.abs()));
    // A classical kernel's weights are whole numbers; a learned one's need decimals.
    let decimals = if taps.iter().all(|tap| tap.fract() == 0.0) { 0 } else { 2 };
    let view_box = format!("0 0 {KERNEL_SIDE} {KERNEL_SIDE}");
    html! {
        figure {
            svg viewBox=(view_box) role="img" aria-label={ "kernel " (name) } xmlns="http://www.w3.org/2000/svg" {
                @for (index, tap) in taps.iter().enumerate() { (cell(index, *tap, largest)) }
            }
            figcaption { (name) small { (format!("±{largest:.decimals$}")) } }
        }
    }
}

fn cell(index: usize, tap: f32, largest: f32) -> Markup {
    let (x, y) = (index % KERNEL_SIDE, index / KERNEL_SIDE);
    let sign = if tap < 0.0 { "negative" } else { "positive" };
    let strength = if largest > 0.0 { tap.abs() / largest } else { 0.0 };
    html! {
        rect class=(sign) x=(x) y=(y) width="1" height="1" fill-opacity=(format!("{strength:.3}")) {
            title { (format!("{tap:.4}")) }
        }
    }
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
        assert!(!figure("zero", &[0.0; CONV1_TAPS]).into_string().contains("NaN"));
    }
}
