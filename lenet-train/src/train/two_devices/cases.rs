//! What is compared.

use crate::augment::Augment;
use crate::generate::Mix;
use crate::train::optimizer::{Algorithm, Rule};
use crate::train::recipe::{Recipe, Settings};
use lenet_core::shape::CLASSES;

/// A way to train.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) settings: Settings,
    /// The number of epochs that the CPU trains first. Both devices go on from there, for one epoch.
    pub(super) begun: u32,
    pub(super) classes: usize,
    /// The number of teachers.
    pub(super) teachers: u64,
    /// The largest distance between the gradients, relative to their size.
    pub(super) gradient_limit: f64,
}

/// The limit of the gradients' distance where the same member of each pooling window is the largest on both devices. In an
/// integer network it always is: both compute the same sums, and of equal ones both take the first.
const EXACT: f64 = 1e-5;
/// The limit for a trained f32 network. One window of one image whose largest member is another after rounding changes the
/// gradients by about 1e-5.
const TRAINED: f64 = 1e-4;
/// The number of epochs of a case, most of which are not trained: the learning rate falls with them.
const EPOCHS: u32 = 10;
/// The number of epochs that the CPU trains first.
const BEGUN: u32 = 6;

/// The cases. All but one begin with a network that has learned something: the first steps of AdamW move every weight by the
/// learning rate, in a direction that rounding decides where the gradient is almost 0.
pub(super) fn cases() -> Vec<Case> {
    let default = Recipe::Default.settings_for(EPOCHS);
    let mix = Mix { hands: 0.2, world: 0.2, non_digits: 0.1 };
    let best = Settings { qat_epochs: 0, mix, ..Recipe::Best.settings_for(EPOCHS) };
    let wide = Settings { augment: Augment { stroke: 0.3, ..best.augment }, mix: Mix::OFF, ..best.clone() };
    let case = |name, settings| Case {
        name,
        settings,
        begun: BEGUN,
        classes: CLASSES,
        teachers: 0,
        gradient_limit: TRAINED,
    };
    let qat = |name, bits: &str| {
        let bits = bits.parse().unwrap();
        let settings = Settings { qat_epochs: EPOCHS - BEGUN, bits, ..default.clone() };
        Case { gradient_limit: EXACT, ..case(name, settings) }
    };
    let distillation = Settings { distillation: 0.5, temperature: 2.0, ..default.clone() };
    let sgd = Settings {
        learning_rate: 0.05,
        rule: Rule { algorithm: Algorithm::Sgd, momentum: 0.9, weight_decay: 5e-4 },
        label_smoothing: 0.1,
        ..default.clone()
    };
    vec![
        case("default", default.clone()),
        case("best: augmented and generated images, averaged weights", best),
        case("augmentation of the stroke width too", wide),
        qat("QAT int8", "8"),
        qat("QAT int4", "4"),
        qat("QAT ternary in fc1 and fc2, int4 elsewhere", "4,fc1=2,fc2=2"),
        Case { teachers: 2, ..case("distillation", distillation) },
        Case {
            begun: 0,
            gradient_limit: EXACT,
            ..case("SGD from the initial weights, smoothed labels", sgd)
        },
        // 333 + 333 + 333 + 1
        case("a last batch of 1 image", Settings { batch_size: 333, ..default.clone() }),
        Case { classes: 3, ..case("3 classes", default) },
    ]
}
