//! The corpus itself: it finds a wrong output, and its values reach their extremes.

extern crate std;

use super::*;
use core::cell::{Cell, RefCell};
use lenet_core::Model;
use lenet_core::model::{Conv1, Fc1, Fc2};
use lenet_core::shape::{FC1_OUTPUTS, POOL2_LEN};
use std::collections::BTreeSet;

use crate::kernel::ImageRow;
#[cfg(lenet_x86_64)]
use crate::kernel::avx512::layer_by_layer::LayerByLayer;

#[test]
fn the_back_end_of_this_build_equals_portable() {
    for case in 0..CASES {
        check(case).unwrap_or_else(|difference| panic!("case {case}: {difference}"));
    }
}

#[cfg(lenet_x86_64)]
#[test]
fn each_layer_of_the_avx512_back_end_equals_portable() {
    let Some(avx512) = LayerByLayer::detect() else {
        std::println!(
            "NOT RUN: the AVX-512 back end was not compared: this processor has no AVX-512 with VNNI"
        );
        return;
    };
    for case in 0..CASES {
        check_backend(|_| avx512, case).unwrap_or_else(|difference| panic!("case {case}: {difference}"));
    }
}

/// `portable` with a wrong last output of fc2.
#[derive(Clone, Copy)]
struct Wrong;

impl Backend for Wrong {
    type Prepared = ();
    type Row = PooledRow;
    fn prepare(self, _: &Model<'_>) {}
    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
        Portable.conv1_row(layer, &(), input, output);
    }
    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
        Portable.conv2_row(layer, &(), input, output);
    }
    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        Portable.fc1(layer, input, output);
    }
    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        Portable.fc2(layer, input, output);
        output[83] ^= 1;
    }
    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        Portable.fc3(layer, input, logits);
    }
}

#[test]
fn one_wrong_output_is_found() {
    let difference = check_backend(|_| Wrong, 0).unwrap_err();
    assert_eq!((difference.layer, difference.output), (Layer::Fc2, 83));
    assert_eq!(difference.found, difference.expected ^ 1);
}

#[test]
fn activations_take_most_values_and_accumulators_their_extremes() {
    let (activations, least, largest) = (RefCell::new(BTreeSet::<u8>::new()), Cell::new(0), Cell::new(0));
    for case in 0..CASES {
        let draw = &mut Draw::new(case);
        hidden(draw, Layer::Fc1, |layer, draw, [found, expected]| {
            Portable.fc1(layer, draw.activations(), expected);
            activations.borrow_mut().extend(*expected);
            *found = *expected;
        })
        .unwrap();
        let biases = [[0; 4]; MAX_CLASSES];
        let layer = Fc3::new(draw.rows(MAX_CLASSES), &biases).unwrap();
        let mut sums = [0; MAX_CLASSES];
        Portable.fc3(&layer, draw.activations(), &mut sums);
        least.set(sums.into_iter().fold(least.get(), i32::min));
        largest.set(sums.into_iter().fold(largest.get(), i32::max));
    }
    assert!(activations.into_inner().len() > 200);
    assert_eq!((least.get(), largest.get()), (84 * 255 * -128, 84 * 255 * 127));
}
