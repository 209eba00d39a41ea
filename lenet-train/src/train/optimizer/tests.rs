use super::*;
use crate::model::weights::layer_shapes;
use dfdx::prelude::Cpu;
use lenet_core::shape::CLASSES;

const LEARNING_RATE: f64 = 0.1;

/// The first weight and bias of fc3, initially and after each of two steps with gradients of 0.5.
fn two_steps(rule: Rule) -> [(f64, f64); 3] {
    let mut network = Network::new(Cpu::seed_from_u64(1), CLASSES).unwrap();
    let mut optimizer = Optimizer::new(rule);
    let mut gradients = Gradients::leaky();
    let halves = layer_shapes(CLASSES)
        .map(|[outputs, inputs]| Affine { weight: vec![0.5; outputs * inputs], bias: vec![0.5; outputs] });
    let [conv1, conv2, fc1, fc2, fc3] = halves;
    write(&mut gradients, &network, &FloatWeights { conv1, conv2, fc1, fc2, fc3 }).unwrap();
    let first = |network: &Network| {
        let fc3 = network.weights().fc3;
        (f64::from(fc3.weight[0]), f64::from(fc3.bias[0]))
    };
    let start = first(&network);
    optimizer.step(&mut network, &mut gradients, LEARNING_RATE).unwrap();
    let one = first(&network);
    optimizer.step(&mut network, &mut gradients, LEARNING_RATE).unwrap();
    [start, one, first(&network)]
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
}

#[test]
fn sgd_steps_by_its_velocity_and_decays_weights_but_not_biases() {
    let [start, one, two] = two_steps(Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 0.2 });
    let velocity = 0.5 + 0.2 * start.0;
    assert_close(one.0, start.0 - LEARNING_RATE * velocity);
    assert_close(two.0, one.0 - LEARNING_RATE * (0.9 * velocity + 0.5 + 0.2 * one.0));
    assert_close(one.1, start.1 - LEARNING_RATE * 0.5);
    assert_close(two.1, one.1 - LEARNING_RATE * 0.95);
}

#[test]
fn adamw_steps_by_the_learning_rate_and_decays_weights_but_not_biases() {
    let [start, one, two] = two_steps(Rule { algorithm: Algorithm::AdamW, momentum: 0.9, weight_decay: 0.2 });
    // For a constant gradient g the corrected moments are g and g^2, so each step is the learning rate.
    assert_close(one.0, start.0 - LEARNING_RATE * (1.0 + 0.2 * start.0));
    assert_close(two.0, one.0 - LEARNING_RATE * (1.0 + 0.2 * one.0));
    assert_close(one.1, start.1 - LEARNING_RATE);
    assert_close(two.1, one.1 - LEARNING_RATE);
}

#[test]
fn a_restored_state_equals_the_saved_one_bit_by_bit() {
    let network = Network::new(Cpu::seed_from_u64(1), CLASSES).unwrap();
    let mut moments = network.weights();
    moments.fc1.weight[..3].copy_from_slice(&[-0.0, f32::from_bits(1), f32::MAX]);
    let state = OptimizerState { steps: 7, first_moment: moments, second_moment: network.weights() };
    let rule = Rule { algorithm: Algorithm::AdamW, momentum: 0.9, weight_decay: 0.0 };
    let mut optimizer = Optimizer::new(rule);
    optimizer.restore(&state, &network).unwrap();
    let found = optimizer.state(&network).unwrap();
    assert_eq!(found, state);
    assert!(found.first_moment.fc1.weight[0].is_sign_negative());
}
