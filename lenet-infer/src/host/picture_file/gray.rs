//! Converts decoded pixels to gray levels.

use std::vec::Vec;

use crate::picture::{luma, on_white};

/// The layout of a decoded pixel: one sample per channel, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// 1 for gray, 2 for gray and alpha, 3 for RGB, 4 for RGB and alpha.
    pub(super) channels: usize,
    /// Whether a sample has 16 bits, the high byte first, not 8.
    pub(super) wide: bool,
}

impl Layout {
    /// Bytes of a pixel.
    pub(super) const fn bytes(self) -> usize {
        if self.wide { 2 * self.channels } else { self.channels }
    }

    /// Replaces `grays` by the gray levels of `pixels`, with white behind what is transparent.
    pub(super) fn grays(self, pixels: &[u8], grays: &mut Vec<u8>) {
        grays.clear();
        grays.extend(pixels.chunks_exact(self.bytes()).map(|pixel| self.gray(pixel)));
    }

    fn gray(self, pixel: &[u8]) -> u8 {
        let sample = |channel: usize| {
            if self.wide {
                let sample = u16::from_be_bytes([pixel[2 * channel], pixel[2 * channel + 1]]);
                ((u32::from(sample) + 128) / 257) as u8
            } else {
                pixel[channel]
            }
        };
        let color = || luma([sample(0), sample(1), sample(2)]);
        let (gray, alpha) = match self.channels {
            1 => (sample(0), 255),
            2 => (sample(0), sample(1)),
            3 => (color(), 255),
            _ => (color(), sample(3)),
        };
        on_white(gray, alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn grays(channels: usize, wide: bool, pixels: &[u8]) -> Vec<u8> {
        let mut grays = vec![7];
        Layout { channels, wide }.grays(pixels, &mut grays);
        grays
    }

    #[test]
    fn every_layout_becomes_gray_levels() {
        assert_eq!(grays(1, false, &[0, 9, 255]), [0, 9, 255]);
        assert_eq!(grays(1, true, &[0x12, 0x34, 0xff, 0xff]), [0x12, 255]);
        assert_eq!(grays(2, false, &[0, 255, 0, 128, 0, 0]), [0, 127, 255]);
        assert_eq!(grays(3, false, &[255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]), [54, 182, 18, 255]);
        assert_eq!(grays(4, false, &[0, 0, 0, 0, 100, 100, 100, 255]), [255, 100]);
        assert_eq!(grays(4, true, &[0, 0, 0, 0, 0, 0, 0x7f, 0xff]), [128]);
    }
}
