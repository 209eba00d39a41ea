//! Images for tests. Like digits, they have saturated strokes on a blank background, so that pooling windows often tie.

use lenet_core::shape::{CLASSES, IMAGE_PIXELS, IMAGE_SIDE};
use lenet_infer::host::idx::LabeledImages;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Returns `images` images, which are always the same. The position of the bar in an image is its class.
pub(crate) fn synthetic(images: usize) -> LabeledImages {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let labels: Vec<u8> = (0..images).map(|image| (image * 7 % CLASSES) as u8).collect();
    let images = labels.iter().map(|&label| stroke(usize::from(label), &mut random)).collect();
    LabeledImages { images, labels }
}

/// Draws a horizontal bar at a height that depends on the label. One end of it is noisy.
fn stroke(label: usize, random: &mut ChaCha8Rng) -> [u8; IMAGE_PIXELS] {
    let mut image = [0; IMAGE_PIXELS];
    let first = 4 + (random.next_u32() % 6) as usize;
    for row in 3 + 2 * label..7 + 2 * label {
        for column in first..first + 12 {
            let noisy = column > first + 6;
            image[row * IMAGE_SIDE + column] = if noisy { random.next_u32() as u8 } else { u8::MAX };
        }
    }
    image
}
