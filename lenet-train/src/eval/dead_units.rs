//! Dead units: units of a hidden layer that are 0 for every image.

use crate::model::activations::Activations;
use crate::model::weights::{LAYERS, layer_shapes};
use lenet_core::shape::{MIN_CLASSES, POOL1_SIDE, POOL2_SIDE};
use std::array::from_fn;

/// The number of dead units of a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadUnits {
    /// The name of the layer: `conv1`, `conv2`, `fc1` or `fc2`.
    pub layer: &'static str,
    /// Number of units that are 0 for every image. A unit of a convolution is a channel, which is 0 everywhere.
    pub dead: usize,
    /// Number of units of the layer.
    pub units: usize,
}

/// Number of values per unit and image, for each hidden layer.
const POSITIONS: [usize; 4] = [POOL1_SIDE * POOL1_SIDE, POOL2_SIDE * POOL2_SIDE, 1, 1];

/// Counts the dead units of the four hidden layers, in the order of the network, over the images of `activations`. Without
/// images every unit is dead.
pub fn dead_units(activations: &Activations) -> [DeadUnits; 4] {
    let shapes = layer_shapes(MIN_CLASSES);
    let hidden = activations.hidden();
    from_fn(|layer| {
        let [units, _] = shapes[layer];
        let mut alive = vec![false; units];
        for image in hidden[layer].chunks_exact(units * POSITIONS[layer]) {
            for (alive, values) in alive.iter_mut().zip(image.chunks_exact(POSITIONS[layer])) {
                *alive |= values.iter().any(|&value| value != 0.0);
            }
        }
        DeadUnits { layer: LAYERS[layer], dead: alive.iter().filter(|alive| !**alive).count(), units }
    })
}

/// Formats the numbers of dead units: `conv1 0 of 6, conv2 1 of 16, ...`.
pub fn describe(layers: &[DeadUnits]) -> String {
    let layers = layers.iter().map(|DeadUnits { layer, dead, units }| format!("{layer} {dead} of {units}"));
    layers.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_core::shape::{CLASSES, CONV1_CHANNELS, CONV2_CHANNELS, FC1_OUTPUTS, FC2_OUTPUTS};

    /// Creates the activations of `images` images, in which only the values of `pool1`, `pool2`, `fc1` and `fc2` at these places are not 0.
    fn activations(images: usize, alive: [&[usize]; 4]) -> Activations {
        let lengths = [CONV1_CHANNELS * 144, CONV2_CHANNELS * 16, FC1_OUTPUTS, FC2_OUTPUTS];
        let [pool1, pool2, fc1, fc2] = from_fn(|layer| {
            let mut values = vec![0.0; images * lengths[layer]];
            alive[layer].iter().for_each(|&place| values[place] = 0.5);
            values
        });
        Activations { pool1, pool2, fc1, fc2, logits: vec![0.0; images * CLASSES] }
    }

    fn dead(activations: &Activations) -> [usize; 4] {
        dead_units(activations).map(|layer| layer.dead)
    }

    #[test]
    fn one_value_anywhere_in_any_image_keeps_a_unit_alive() {
        let second = |length: usize, place: usize| length + place;
        let places = [
            // The last position of channel 0; two positions of channel 5, in different images.
            &[143, 5 * 144, second(864, 5 * 144 + 1)][..],
            &[second(256, 15)],
            &[7, second(120, 7), second(120, 119)],
            &[],
        ];
        assert_eq!(dead(&activations(2, places)), [4, 15, 118, 84]);
    }

    #[test]
    fn without_images_every_unit_is_dead() {
        assert_eq!(dead(&activations(0, [&[]; 4])), [6, 16, 120, 84]);
    }

    #[test]
    fn the_description_names_each_layer() {
        let text = describe(&dead_units(&activations(1, [&[0], &[0], &[0], &[0]])));
        assert_eq!(text, "conv1 5 of 6, conv2 15 of 16, fc1 119 of 120, fc2 83 of 84");
    }
}
