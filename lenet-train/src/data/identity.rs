//! Digests of a data set: what makes it the published one, and what makes two runs' data the same.

use std::io::{self, Write};

use lenet_infer::host::idx::{self, LabeledImages};
use sha2::{Digest, Sha256};

/// The first part of what an identity hashes. Change the number when anything else about the parts changes.
const DOMAIN: &str = "lenet-train data set 1";

/// The SHA-256, in hexadecimal, of four files: training images and labels, test images and labels, as uncompressed IDX
/// contents.
pub(super) type Fingerprint = [String; 4];

/// The fingerprint of the files that hold these images. The IDX reader accepts one spelling of a set only, so the files
/// that were read and the encoding of what was read are the same bytes.
pub(super) fn fingerprint(train: &LabeledImages, test: &LabeledImages) -> Fingerprint {
    let images = |set: &LabeledImages| sha256(|out| idx::encode_images(&set.images, out));
    let labels = |set: &LabeledImages| sha256(|out| idx::encode_labels(&set.labels, out));
    [images(train), labels(train), images(test), labels(test)]
}

/// The digest of everything that decides the data of a run, in hexadecimal: [`Dataset::sha256`](super::Dataset::sha256)
/// says what is hashed. `contents` is the fingerprint of the images in the order in which they are used.
pub(super) fn identity(
    classes: usize,
    class_names: &[String],
    validation_images: usize,
    contents: &Fingerprint,
) -> String {
    sha256(|out| {
        part(out, DOMAIN.as_bytes())?;
        part(out, &(classes as u64).to_le_bytes())?;
        part(out, &(class_names.len() as u64).to_le_bytes())?;
        class_names.iter().try_for_each(|name| part(out, name.as_bytes()))?;
        part(out, &(validation_images as u64).to_le_bytes())?;
        contents.iter().try_for_each(|digest| part(out, digest.as_bytes()))
    })
}

/// The length makes the boundary between two parts a part of the hash.
fn part(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

fn sha256(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut hasher = Sha256::new();
    write(&mut hasher).expect("a hasher takes all bytes, and a set has at most 2^32 items");
    format!("{:x}", hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[derive(Clone)]
    struct Parts {
        classes: usize,
        class_names: Vec<String>,
        validation_images: usize,
        train: LabeledImages,
        test: LabeledImages,
    }

    impl Parts {
        fn identity(&self) -> String {
            let contents = fingerprint(&self.train, &self.test);
            identity(self.classes, &self.class_names, self.validation_images, &contents)
        }
    }

    fn parts() -> Parts {
        let set = |labels: &[u8]| LabeledImages {
            images: (0..labels.len()).map(|image| [image as u8; 784]).collect(),
            labels: labels.to_vec(),
        };
        Parts {
            classes: 3,
            class_names: ["one", "two", "three"].map(str::to_owned).to_vec(),
            validation_images: 1,
            train: set(&[0, 1, 2, 0]),
            test: set(&[2, 1]),
        }
    }

    #[test]
    fn each_change_of_the_data_changes_the_identity() {
        let changes: &[fn(&mut Parts)] = &[
            |_| {},
            |parts| parts.classes = 4,
            |parts| parts.class_names[1] = "deux".to_owned(),
            |parts| parts.class_names.swap(0, 1),
            // The same letters in the same order.
            |parts| parts.class_names[..2].clone_from_slice(&["onet".to_owned(), "wo".to_owned()]),
            |parts| parts.class_names.clear(),
            |parts| parts.validation_images = 2,
            |parts| parts.train.images[3][783] ^= 1,
            |parts| parts.train.images.swap(0, 1),
            |parts| parts.train.labels[0] = 1,
            |parts| parts.train.labels.swap(0, 1),
            |parts| parts.test.images[0][0] ^= 1,
            |parts| parts.test.labels[0] = 0,
            // An image moves from the training images to the test images.
            |parts| {
                parts.test.images.insert(0, parts.train.images.pop().unwrap());
                parts.test.labels.insert(0, parts.train.labels.pop().unwrap());
            },
        ];
        let identities: HashSet<String> = changes
            .iter()
            .map(|change| {
                let mut changed = parts();
                change(&mut changed);
                changed.identity()
            })
            .collect();
        assert_eq!(identities.len(), changes.len());
    }

    #[test]
    fn the_identity_never_changes() {
        assert_eq!(parts().identity(), "35c4b1b4c9f58cf935b08bc996e9a5345c931b390492bfa360e9ef4c8931d8ae");
    }
}
