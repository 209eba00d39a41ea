//! Quantization-aware training on a GPU, compared with the CPU and the exporter.

use super::*;
use crate::model::activations::Activations;

/// Weights and their quantization for activation ranges that clip some activations. Some weights are clipped too.
fn quantization(weights: &FloatWeights, bits: &str) -> Quantization {
    let mut smaller = weights.clone();
    for layer in smaller.layers_mut() {
        layer.weight.iter_mut().for_each(|weight| *weight *= 0.8);
    }
    Quantization::new(&smaller, [0.5, 0.4, 0.3, 0.2], bits.parse().unwrap())
}

/// Weights that no scale of `quantization` was chosen for: some are beyond the largest integer, some biases are clamped.
fn beyond(weights: &FloatWeights) -> FloatWeights {
    let mut beyond = weights.clone();
    for layer in beyond.layers_mut() {
        for (index, weight) in layer.weight.iter_mut().enumerate() {
            *weight *= [1.0, -1.3, 0.5, 0.0, 1.1][index % 5];
        }
        for (index, bias) in layer.bias.iter_mut().enumerate() {
            *bias *= [1.0, 1e4, -1.0, -1e9, 0.0, 1e30][index % 6];
        }
    }
    beyond
}

impl CudaLearner<'_> {
    /// Replaces the weights by `weights` and quantizes them. Returns the parameters of the quantized network, and what its
    /// layers give for the first `images` training images. The logits are in nats.
    pub(in crate::train) fn integers(
        &mut self,
        weights: &FloatWeights,
        images: usize,
    ) -> Result<(FloatWeights, Activations), CudaError> {
        self.parameters.upload(&self.layout.join(weights))?;
        let quantized = self.quantized.as_ref().expect("quantization-aware training has begun");
        let network = quantized.network(&self.cuda, self.parameters.all())?;
        let logits = 0..images * self.layout.classes;
        let batch = first_images(self.images.all(), images);
        self.passes.forward(batch, network, self.logits.part(logits.clone()))?;
        let [pool1, pool2, fc1, fc2] = self.passes.activations(images)?;
        let activations = Activations { pool1, pool2, fc1, fc2, logits: self.logits.download(logits)? };
        Ok((quantized.integers(&self.layout)?, activations))
    }
}

#[test]
fn an_integer_network_has_the_integers_of_the_cpu_layer_by_layer() {
    let set = synthetic(60);
    let settings = Settings { batch_size: 60, ..settings(Algorithm::Sgd) };
    for bits in
        ["8", "4", "conv=8,fc=4,activations=7", "fc=8,conv2=4,activations=4", "conv2=4,fc1=2,fc2=2,fc3=4"]
    {
        let mut trainer = on_cuda(&settings, &set, CLASSES);
        let weights = trainer.weights().unwrap();
        let quantization = quantization(&weights, bits);
        trainer.learner.quantize(quantization.clone(), &weights).unwrap();
        for weights in [weights.clone(), beyond(&weights)] {
            let (parameters, found) = trainer.learner.integers(&weights, 60).unwrap();
            assert!(!trainer.learner.quantized.as_ref().unwrap().has_failed().unwrap());
            let integers = quantization.integers(&weights).unwrap();
            let expected = CpuNetwork::from_integers(Cpu::default(), &integers).unwrap();
            assert_eq!(parameters, expected.weights(), "{bits} bits");
            let mut expected = Activations::of_network(&expected, &set.images);
            let unit = integers[4].units[0] as f32;
            expected.logits.iter_mut().for_each(|logit| *logit *= unit);
            assert!(found == expected, "{bits} bits");
        }
    }
}

#[test]
fn a_quantization_aware_step_has_the_loss_and_the_gradients_of_the_cpu() {
    let set = synthetic(120);
    let rule = Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 0.0 };
    let settings = Settings { batch_size: 120, rule, ..settings(Algorithm::Sgd) };
    for bits in ["8", "4", "conv=8,fc=4,activations=6", "conv2=4,fc1=2,fc2=2,fc3=4"] {
        let (mut cpu, mut cuda) = (on_cpu(&settings, &set, CLASSES), on_cuda(&settings, &set, CLASSES));
        let weights = cpu.weights().unwrap();
        let quantization = quantization(&weights, bits);
        cpu.learner.quantize(quantization.clone(), &weights).unwrap();
        cuda.learner.quantize(quantization, &weights).unwrap();
        let expected = cpu.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().train;
        let found = cuda.epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().train;
        assert_eq!(found, expected, "{bits} bits");
        let (found, expected) =
            (cuda.snapshot().unwrap().state.optimizer, cpu.snapshot().unwrap().state.optimizer);
        assert_close(&found.first_moment, &expected.first_moment, 1e-5);
    }
}

#[test]
fn a_parameter_that_is_not_finite_is_reported_as_by_the_exporter() {
    let set = synthetic(60);
    let settings = settings(Algorithm::Sgd);
    let mut trainer = on_cuda(&settings, &set, CLASSES);
    let weights = trainer.weights().unwrap();
    let quantization = quantization(&weights, "8");
    trainer.learner.quantize(quantization, &weights).unwrap();
    let mut bad = weights;
    bad.fc1.bias[7] = f32::INFINITY;
    trainer.learner.parameters.upload(&trainer.learner.layout.join(&bad)).unwrap();
    let error = trainer.learner.score().unwrap_err();
    assert!(error.to_string().starts_with("fc1: expected finite parameters"), "{error}");
}
