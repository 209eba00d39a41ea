//! Converts decoded pixels to grey levels.

use std::vec::Vec;

use crate::picture::{luma, on_white};

/// The layout of a decoded pixel: one sample per channel, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// 1 for grey, 2 for grey and alpha, 3 for RGB, 4 for RGB and alpha.
    pub(super) channels: usize,
    /// Whether a sample has 16 bits, the high byte first, not 8.
    pub(super) wide: bool,
}

impl Layout {
    /// Bytes of a pixel.
    pub(super) const fn bytes(self) -> usize {
        if self.wide { 2 * self.channels } else { self.channels }
    }

    /// Replaces `greys` by the grey levels of `pixels`, with white behind what is transparent.
    pub(super) fn greys(self, pixels: &[u8], greys: &mut Vec<u8>) {
        greys.clear();
        greys.extend(pixels.chunks_exact(self.bytes()).map(|pixel| self.grey(pixel)));
    }

    fn grey(self, pixel: &[u8]) -> u8 {
        let sample = |channel: usize| {
            if self.wide {
                let sample = u16::from_be_bytes([pixel[2 * channel], pixel[2 * channel + 1]]);
                ((u32::from(sample) + 128) / 257) as u8
            } else {
                pixel[channel]
            }
        };
        let color = || luma([sample(0), sample(1), sample(2)]);
        let (grey, alpha) = match self.channels {
            1 => (sample(0), 255),
            2 => (sample(0), sample(1)),
            3 => (color(), 255),
            _ => (color(), sample(3)),
        };
        on_white(grey, alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn greys(channels: usize, wide: bool, pixels: &[u8]) -> Vec<u8> {
        let mut greys = vec![7];
        Layout { channels, wide }.greys(pixels, &mut greys);
        greys
    }

    #[test]
    fn every_layout_becomes_grey_levels() {
        assert_eq!(greys(1, false, &[0, 9, 255]), [0, 9, 255]);
        assert_eq!(greys(1, true, &[0x12, 0x34, 0xff, 0xff]), [0x12, 255]);
        assert_eq!(greys(2, false, &[0, 255, 0, 128, 0, 0]), [0, 127, 255]);
        assert_eq!(greys(3, false, &[255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]), [54, 182, 18, 255]);
        assert_eq!(greys(4, false, &[0, 0, 0, 0, 100, 100, 100, 255]), [255, 100]);
        assert_eq!(greys(4, true, &[0, 0, 0, 0, 0, 0, 0x7f, 0xff]), [128]);
    }
}
