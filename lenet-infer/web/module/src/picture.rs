//! The digits of a picture: where they are, their steps, answers and feature maps.

use crate::gray::grays_in_place;
use crate::lone::Lone;
use crate::steps::{Plane, Steps};
use crate::{BYTES, model};
use core::cell::{OnceCell, RefCell};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_PIXELS, MAX_CLASSES, POOL1_SIDE, POOL2_SIDE};
use lenet_infer::picture::{Frame, NoDigit, Preparer, Step};
use lenet_infer::{Engine, FeatureMaps};

/// The side of the work grid.
const SIDE: usize = 240;
/// The side of the grid of a closer look.
const CLOSE_SIDE: usize = 48;
/// The most digits that are found in a picture.
const MAX_DIGITS: usize = 16;

/// Made when it is first used, so that the file of the module does not hold its memory.
static PREPARER: Lone<OnceCell<RefCell<Preparer<SIDE>>>> = Lone::new(OnceCell::new());
static PICTURE: Lone<RefCell<Picture>> = Lone::new(RefCell::new(Picture::NONE));

/// What is known of the picture that was last looked at.
struct Picture {
    steps: Steps<{ SIDE * SIDE }>,
    digits: [Digit; MAX_DIGITS],
    closer: [Steps<{ CLOSE_SIDE * CLOSE_SIDE }>; MAX_DIGITS],
    planes: [Plane; 5],
    answer: Answer,
    maps: Maps,
}

/// A digit, as the page reads it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Digit {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    line: u32,
    contrast: u32,
    /// In 1/16 pixel of the image.
    stroke_width: u32,
    /// Whether its class is a guess.
    is_guess: u32,
    image: [u8; IMAGE_PIXELS],
}

/// An answer of the engine, as the page reads it.
#[repr(C)]
pub(crate) struct Answer {
    class: u32,
    is_confident: u32,
    /// In 1/256 nat.
    confidence: u32,
    logits: [i32; MAX_CLASSES],
}

/// The feature maps, as the page reads them: `[channel][row][column]`.
#[repr(C)]
pub(crate) struct Maps {
    conv1: [[[u8; POOL1_SIDE]; POOL1_SIDE]; CONV1_CHANNELS],
    conv2: [[[u8; POOL2_SIDE]; POOL2_SIDE]; CONV2_CHANNELS],
}

/// The one type of all observers, so that the module has the preparation once.
type Observer<'o> = &'o mut dyn FnMut(Step<'_>);

impl Picture {
    const NONE: Self = Self {
        steps: Steps::NONE,
        digits: [Digit::NONE; MAX_DIGITS],
        closer: [Steps::NONE; MAX_DIGITS],
        planes: [Plane::NONE; 5],
        answer: Answer { class: 0, is_confident: 0, confidence: 0, logits: [0; MAX_CLASSES] },
        maps: Maps {
            conv1: [[[0; POOL1_SIDE]; POOL1_SIDE]; CONV1_CHANNELS],
            conv2: [[[0; POOL2_SIDE]; POOL2_SIDE]; CONV2_CHANNELS],
        },
    };

    /// Finds the digits of a picture and returns their number.
    fn find(&mut self, frame: &Frame<'_>) -> Result<usize, NoDigit> {
        let Self { steps, digits, closer, .. } = self;
        steps.clear();
        let preparer = &mut *PREPARER.get_or_init(|| RefCell::new(Preparer::new())).borrow_mut();
        let model = &model::current().model;
        let mut engine = Engine::new(model);
        let observe: Observer<'_> = &mut |step: Step<'_>| steps.keep(step);
        let mut found = preparer.find_best_observed::<MAX_DIGITS>(
            frame,
            model.confidence().threshold,
            |image| engine.classify(image).into(),
            observe,
        )?;
        let mut count = 0;
        for (digit, closer) in digits.iter_mut().zip(closer) {
            closer.clear();
            let observe: Observer<'_> = &mut |step: Step<'_>| closer.keep(step);
            let Some(next) = found.next_observed(observe) else { break };
            *digit = Digit::new(next);
            count += 1;
        }
        if count == 0 { Err(NoDigit::NoInk) } else { Ok(count) }
    }
}

impl Digit {
    const NONE: Self = Self {
        left: 0,
        top: 0,
        right: 0,
        bottom: 0,
        line: 0,
        contrast: 0,
        stroke_width: 0,
        is_guess: 0,
        image: [0; IMAGE_PIXELS],
    };

    fn new(digit: &lenet_infer::picture::Digit) -> Self {
        Self {
            left: digit.rect.left.into(),
            top: digit.rect.top.into(),
            right: digit.rect.right.into(),
            bottom: digit.rect.bottom.into(),
            line: digit.line.into(),
            contrast: digit.contrast.into(),
            stroke_width: digit.stroke_width.into(),
            is_guess: digit.is_guess.into(),
            image: digit.image,
        }
    }
}

/// Finds the digits of the picture whose RGBA pixels the page has written.
///
/// Returns their number, or why there are none: -1 for no ink, -2 too small, -3 too large, -4 too many.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn find(width: usize, height: usize) -> i32 {
    let bytes = &mut *BYTES.borrow_mut();
    grays_in_place(bytes, width * height);
    let Ok(frame) = Frame::new(bytes, width, height) else { return -1 };
    match PICTURE.borrow_mut().find(&frame) {
        Ok(count) => count as i32,
        Err(NoDigit::TooSmall) => -2,
        Err(NoDigit::TooLarge) => -3,
        Err(NoDigit::TooMany) => -4,
        Err(_) => -1,
    }
}

/// Returns a digit of the picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn digit(index: usize) -> *const Digit {
    &raw const PICTURE.borrow().digits[index]
}

/// Returns the planes of the steps by which a digit was prepared: gray levels, ink, smoothed ink, gradient, parts. They
/// show the part of the picture around it if that had a closer look, or the whole picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn steps(index: usize) -> *const Plane {
    let Picture { steps, closer, planes, .. } = &mut *PICTURE.borrow_mut();
    let closer = &closer[index];
    *planes = if closer.is_empty() { steps.planes() } else { closer.planes() };
    planes.as_ptr()
}

/// Classifies a digit of the picture.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn classify(index: usize) -> *const Answer {
    let Picture { digits, answer, .. } = &mut *PICTURE.borrow_mut();
    let mut engine = Engine::new(&model::current().model);
    let prediction = engine.classify(&digits[index].image);
    answer.class = prediction.class.into();
    answer.is_confident = (prediction.is_confident() && digits[index].is_guess == 0).into();
    answer.confidence = prediction.confidence.into();
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
