use super::*;
use crate::data::{Dataset, DatasetName, Preparation, Split};
use crate::model::activations::Activations;
use crate::quantize::quantize_weights;
use crate::train::Trainer;
use crate::train::recipe::{Recipe, Settings};
use dfdx::prelude::Cpu;
use lenet_core::shape::CLASSES;
use lenet_infer::Engine;
use lenet_infer::host::evaluation::evaluate;
use std::ops::ControlFlow;

#[test]
fn a_quantization_aware_network_gives_the_engines_logits_for_all_test_images_of_mnist() {
    let dataset = Dataset::load(DatasetName::Mnist, None, Preparation::Prepared, true).unwrap();
    for bits in ["8", "conv=8,fc=4,activations=7", "conv2=4,fc1=2,fc2=2,fc3=4"] {
        let bits = bits.parse().unwrap();
        let settings = Settings {
            epochs: 2,
            batch_size: 50,
            learning_rate: 5e-3,
            qat_epochs: 1,
            bits,
            ..Recipe::Default.settings()
        };
        let train_split = Split::new(&dataset.train, CLASSES).last(6_000);
        let device = Cpu::seed_from_u64(settings.seed);
        let mut trainer = Trainer::new(device, &settings, train_split, &[], train_split.last(500)).unwrap();
        for _ in 0..settings.epochs {
            trainer.epoch(|_| ControlFlow::Continue(())).unwrap();
        }

        let (weights, quantization) = (trainer.weights().unwrap(), trainer.quantization().unwrap().clone());
        let mut integers = IntegerNetwork::new(&Cpu::default(), &weights, quantization.clone()).unwrap();
        let images = &dataset.test.images;
        let found = Activations::of_network(integers.quantized(&weights).unwrap(), images).logits;
        let model = quantize_weights(&weights, &quantization).unwrap();
        let model = model.model();
        let mut engine = Engine::new(&model);
        for (index, (image, found)) in images.iter().zip(found.chunks_exact(10)).enumerate() {
            let found: Vec<i32> = found.iter().map(|&logit| logit as i32).collect();
            assert_eq!(engine.classify(image).logits[..], found, "test image {index}");
        }
        let correct = evaluate(&model, &dataset.test).correct();
        assert!(correct > 9_200, "{correct} correct");
    }
}
