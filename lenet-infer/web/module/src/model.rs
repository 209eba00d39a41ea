//! The model of the module: the shipped one, or one file that the page gives it.
//!
//! A module takes one file at most, so that the model can borrow from it. For another file the page makes another module.

use crate::lone::Lone;
use crate::{BYTES, MAX_BYTES};
use core::cell::OnceCell;
use core::fmt::{self, Write};
use lenet_core::shape::macs;
use lenet_infer::{ModelFile, RAM_BYTES, SHIPPED, decode};

/// The longest model file that the module takes. One of 64 classes with int8 weights has 51 kB without its metadata.
const MAX_FILE: usize = 128 * 1024;

static FILE: Lone<OnceCell<[u8; MAX_FILE]>> = Lone::new(OnceCell::new());
static MODEL: Lone<OnceCell<ModelFile<'static>>> = Lone::new(OnceCell::new());
static ABOUT: Lone<OnceCell<About>> = Lone::new(OnceCell::new());

/// The model in use.
pub(crate) fn current() -> &'static ModelFile<'static> {
    MODEL.get().unwrap_or(&SHIPPED)
}

/// Returns the length of the longest model file that the module takes, in bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn max_model_bytes() -> usize {
    MAX_FILE
}

/// Takes the first `length` of the module's bytes as a model file.
///
/// Returns 0, or the length of the reason why it is not one, which then stands at the start of the bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn load_model(length: usize) -> usize {
    let file = FILE.get_or_init(|| {
        let mut file = [0; MAX_FILE];
        let bytes = BYTES.borrow();
        file.iter_mut().zip(bytes.iter().take(length)).for_each(|(to, from)| *to = *from);
        file
    });
    match decode(&file[..length.min(MAX_FILE)]) {
        Ok(model) => {
            MODEL.get_or_init(|| model);
            0
        }
        Err(error) => {
            let mut message = Message { bytes: &mut BYTES.borrow_mut(), length: 0 };
            // No reason is longer than the bytes.
            let _ = write!(message, "{error}");
            message.length
        }
    }
}

/// What the page tells of a model.
#[repr(C)]
pub(crate) struct About {
    classes: u32,
    /// 8, or 4 if the layer that has most of the weights has weights of 4 bits.
    weight_bits: u32,
    bytes: usize,
    macs: usize,
    ram: usize,
    dataset: Text,
    recipe: Text,
    /// One per line, or empty.
    class_names: Text,
}

/// UTF-8 in the memory of the module.
#[repr(C)]
struct Text {
    start: *const u8,
    length: usize,
}

impl Text {
    const fn new(text: &str) -> Self {
        Self { start: text.as_ptr(), length: text.len() }
    }
}

/// Returns what the page tells of the model in use.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn about_model() -> *const About {
    ABOUT.get_or_init(|| {
        let ModelFile { bytes, model, metadata, .. } = current();
        About {
            classes: model.classes() as u32,
            weight_bits: model.fc1().weights().bits().into(),
            bytes: bytes.len(),
            macs: macs(model.classes()),
            ram: RAM_BYTES,
            dataset: Text::new(metadata.dataset),
            recipe: Text::new(metadata.recipe),
            class_names: Text::new(metadata.class_names),
        }
    })
}

/// Text that is written over the module's bytes.
struct Message<'a> {
    bytes: &'a mut [u8; MAX_BYTES],
    length: usize,
}

impl Write for Message<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
