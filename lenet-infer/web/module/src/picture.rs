//! The digits of a picture, their steps, answers and feature maps.

use crate::gray::grays_in_place;
use crate::lone::Lone;
use crate::placeholder::{self, SIDE, prepare};
use crate::{BYTES, model};
use core::cell::RefCell;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};
use lenet_infer::{Engine, FeatureMaps};

/// The most digits that are found in a picture.
const MAX_DIGITS: usize = 16;
/// The most planes that the preparation of a digit shows.
const MAX_STEPS: usize = 8;

static PICTURE: Lone<RefCell<Picture>> = Lone::new(RefCell::new(Picture::NONE));

/// What is known of the picture that was last looked at.
struct Picture {
    width: usize,
    height: usize,
    digits: [Digit; MAX_DIGITS],
    steps: [Step; MAX_STEPS],
    answer: Answer,
    maps: Maps,
}

/// A digit, as the page reads it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Digit {
    pub(crate) rect: [u32; 4],
    pub(crate) image: [u8; IMAGE_PIXELS],
}

/// A plane of a step of the preparation, as the page reads it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Step {
    pub(crate) name: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) cells: [[u8; SIDE]; SIDE],
}

/// An answer of the engine, as the page reads it.
#[repr(C)]
pub(crate) struct Answer {
    class: u32,
    confident: u32,
    /// In 1/256 nat.
    confidence: u32,
    margin: i32,
    logits: [i32; MAX_CLASSES],
}

/// The feature maps, as the page reads them: `[channel][row][column]`.
#[repr(C)]
pub(crate) struct Maps {
    conv1: [[[u8; 12]; 12]; 6],
    conv2: [[[u8; 4]; 4]; 16],
}

impl Picture {
    const NONE: Self = Self {
        width: 0,
        height: 0,
        digits: [Digit { rect: [0; 4], image: [0; IMAGE_PIXELS] }; MAX_DIGITS],
        steps: [Step { name: 0, width: 0, height: 0, cells: [[0; SIDE]; SIDE] }; MAX_STEPS],
        answer: Answer { class: 0, confident: 0, confidence: 0, margin: 0, logits: [0; MAX_CLASSES] },
        maps: Maps { conv1: [[[0; 12]; 12]; 6], conv2: [[[0; 4]; 4]; 16] },
    };
}

/// Finds the digits of the picture whose RGBA pixels are at [`bytes`](crate::bytes).
///
/// Returns their number, or the negative of the reason why there are none.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn find(width: usize, height: usize) -> i32 {
    let picture = &mut *PICTURE.borrow_mut();
    let bytes = &mut *BYTES.borrow_mut();
    (picture.width, picture.height) = (width, height);
    grays_in_place(bytes, width * height);
    prepare(&bytes[..width * height], width, &mut picture.digits)
}

/// Returns a digit of the picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn digit(index: usize) -> *const Digit {
    &raw const PICTURE.borrow().digits[index]
}

/// Prepares a digit of the picture once more, keeps the planes of its steps, and returns their number.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn observe(index: usize) -> usize {
    let Picture { width, height, digits, steps, .. } = &mut *PICTURE.borrow_mut();
    placeholder::observe(&BYTES.borrow()[..*width * *height], *width, digits[index].rect, steps);
    5
}

/// Returns a plane of the digit that was last observed.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn step(index: usize) -> *const Step {
    &raw const PICTURE.borrow().steps[index]
}

/// Classifies a digit of the picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn classify(index: usize) -> *const Answer {
    let Picture { digits, answer, .. } = &mut *PICTURE.borrow_mut();
    let mut engine = Engine::new(&model::current().model);
    let prediction = engine.classify(&digits[index].image);
    answer.class = prediction.class.into();
    answer.confident = prediction.is_confident().into();
    answer.confidence = prediction.confidence.into();
    answer.margin = prediction.margin;
    answer.logits.iter_mut().zip(prediction.logits).for_each(|(to, from)| *to = *from);
    answer
}

/// Computes the feature maps of a digit of the picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn feature_maps(index: usize) -> *const Maps {
    let Picture { digits, maps, .. } = &mut *PICTURE.borrow_mut();
    let FeatureMaps { conv1, conv2 } = FeatureMaps::new(&model::current().model, &digits[index].image);
    *maps = Maps { conv1, conv2 };
    maps
}
