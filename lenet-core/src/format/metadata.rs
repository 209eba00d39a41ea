//! What a file says of its model.

use super::reader::Reader;
use crate::error::Error;

/// What a model file says of its model. Inference needs none of it.
///
/// The fields are those of the file, so there are no others until the format has another version: a program that exports
/// models may write them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(any(feature = "alloc", feature = "serde"), derive(serde::Serialize))]
pub struct Metadata<'a> {
    /// Name of the data set that the model was trained on.
    pub dataset: &'a str,
    /// Name of the training recipe.
    pub recipe: &'a str,
    /// Seed of the training run.
    pub seed: u64,
    /// The names of the classes in their order, one per line; empty when they have none.
    pub class_names: &'a str,
    /// Validation images that the quantized model classified correctly.
    pub validation_correct: u32,
    /// Validation images; 0 when none were held out.
    pub validation_images: u32,
    /// The real value that the largest activation stands for, after `conv1`, `conv2`, `fc1` and `fc2`, in units of
    /// 1/65536.
    pub activation_ranges: [u32; 4],
}

impl<'a> Metadata<'a> {
    /// The name of a class. `None` when the model names no classes, or has no such class.
    #[must_use]
    pub fn class_name(&self, class: u8) -> Option<&'a str> {
        if self.class_names.is_empty() { None } else { self.class_names.split('\n').nth(usize::from(class)) }
    }

    /// Reads the metadata of a model of so many classes.
    #[inline(never)]
    pub(super) const fn read(bytes: &'a [u8], classes: usize) -> Result<Self, Error> {
        let mut fields = Reader::new(bytes, 0);
        let dataset = check!(fields.text());
        let recipe = check!(fields.text());
        let seed = check!(fields.varint_u64());
        let class_names = check!(fields.text());
        let mut numbers = [0; 6];
        let mut index = 0;
        while index < numbers.len() {
            numbers[index] = check!(fields.varint_u32());
            index += 1;
        }
        let [validation_correct, validation_images, activation_ranges @ ..] = numbers;
        let metadata = Self {
            dataset,
            recipe,
            seed,
            class_names,
            validation_correct,
            validation_images,
            activation_ranges,
        };
        if !fields.rest().is_empty() {
            return Err(Error::Body);
        }
        check!(metadata.check_class_names(classes));
        Ok(metadata)
    }

    /// Checks that there is one name per class, or none at all.
    pub(super) const fn check_class_names(&self, classes: usize) -> Result<(), Error> {
        let mut found = 1;
        let mut rest = self.class_names.as_bytes();
        if rest.is_empty() {
            return Ok(());
        }
        while let Some((byte, tail)) = rest.split_first() {
            if *byte == b'\n' {
                found += 1;
            }
            rest = tail;
        }
        if found == classes { Ok(()) } else { Err(Error::ClassNames { expected: classes as u8, found }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_the_name_on_its_line() {
        let names = |class_names| Metadata { class_names, ..Metadata::default() };
        let metadata = names("cat\ndog\n");
        assert_eq!(
            [0, 1, 2, 3].map(|class| metadata.class_name(class)),
            [Some("cat"), Some("dog"), Some(""), None]
        );
        assert_eq!(names("").class_name(0), None);
    }

    #[test]
    fn all_classes_have_a_name_or_none_has() {
        let check = |class_names| Metadata { class_names, ..Metadata::default() }.check_class_names(3);
        assert_eq!(check(""), Ok(()));
        assert_eq!(check("cat\ndog\n"), Ok(()));
        assert_eq!(check("cat\ndog"), Err(Error::ClassNames { expected: 3, found: 2 }));
    }
}
