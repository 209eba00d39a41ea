//! From the sums of a pooling window to activations.

use super::window::WINDOW;
use lenet_core::model::Hidden;

/// Computes the activation of each output channel: maximum over a window, bias, ReLU and requantization.
#[inline(always)]
pub(super) fn activations<W: Copy, const OUT: usize>(
    layer: &Hidden<'_, W, OUT>,
    window: [[i32; OUT]; WINDOW],
    output: &mut [u8; OUT],
) {
    let max = layer.largest_activation();
    let channels = layer.biases().iter().zip(layer.requants().iter());
    for (channel, (activation, (bias, requant))) in output.iter_mut().zip(channels).enumerate() {
        let [a, b, c, d] = window.map(|sums| sums[channel]);
        *activation = requant.activation(a.max(b).max(c.max(d)) + bias, max);
    }
}
