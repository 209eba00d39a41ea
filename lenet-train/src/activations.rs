//! The f32 network's activations on the CPU, for calibration and for the check beside the integers.

use crate::conv_block::{self, ConvLayers};
use crate::network::Network;
use crate::scoring::upload;
use crate::weights::FloatWeights;
use dfdx::nn::Module;
use dfdx::prelude::{Const, Cpu, Tensor, TensorFromVec};
use lenet_core::shape::{IMAGE_PIXELS, POOL2_LEN};

/// Images run at a time.
const BATCH: usize = 500;

/// Activations of a list of images, one image's after the other's. Hidden ones are after the ReLU.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activations {
    /// 864 an image.
    pub pool1: Vec<f32>,
    /// 256 an image.
    pub pool2: Vec<f32>,
    /// 120 an image.
    pub fc1: Vec<f32>,
    /// 84 an image.
    pub fc2: Vec<f32>,
    /// 10 an image.
    pub logits: Vec<f32>,
}

impl Activations {
    /// Runs the network on `images`, whatever device it was trained on.
    ///
    /// # Panics
    ///
    /// If a length of `weights` is not the network's.
    pub fn of(weights: &FloatWeights, images: &[[u8; IMAGE_PIXELS]]) -> Self {
        let mut network = Network::<Cpu>::new(Cpu::default()).expect("the CPU has no errors");
        network.set_weights(weights);
        let mut all = Self::default();
        for batch in images.chunks(BATCH) {
            all.run(&network, batch);
        }
        all
    }

    /// The hidden layers' activations, in the order of the network.
    pub fn hidden(&self) -> [&[f32]; 4] {
        [&self.pool1, &self.pool2, &self.fc1, &self.fc2]
    }

    fn run(&mut self, network: &Network<Cpu>, images: &[[u8; IMAGE_PIXELS]]) {
        let pixels = upload(network.device(), images.len(), |image| &images[image]);
        let pixels = pixels.expect("the CPU has no errors").as_vec();
        let (conv1, conv2, fc1, fc2, fc3) = &network.layers;
        let (pool1, pool2) = conv_block::pooled(ConvLayers { conv1, conv2 }, &pixels);
        let features: Tensor<(usize, Const<POOL2_LEN>), f32, Cpu> =
            network.device().tensor_from_vec(pool2.clone(), (images.len(), Const));
        let fc1 = fc1.forward(features).relu();
        let fc2 = fc2.forward(fc1.clone()).relu();
        self.pool1.extend(pool1);
        self.pool2.extend(pool2);
        self.fc1.extend(fc1.as_vec());
        self.fc2.extend(fc2.as_vec());
        self.logits.extend(fc3.forward(fc2).as_vec());
    }
}
