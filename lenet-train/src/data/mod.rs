//! Where the images come from, which of them are held out, and the order in which they are trained on.

pub mod download;
mod error;
mod folder;
mod published;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use lenet_core::shape::{IMAGE_PIXELS, MIN_CLASSES};
use lenet_infer::host::idx::{self, IdxError, LabelledImages, Part};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::error::DatasetError;
pub use self::folder::FolderError;
use self::published::Fingerprint;
use crate::data::download::Downloader;

/// The sets known by name: their mirrors and the SHA-256 of their contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetName {
    /// Handwritten digits.
    #[default]
    Mnist,
    /// Zalando's pictures of clothes.
    FashionMnist,
}

impl DatasetName {
    const ALL: [Self; 2] = [Self::Mnist, Self::FashionMnist];
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        })
    }
}

/// Name of a set whose contents are those of no [`DatasetName`].
pub const CUSTOM: &str = "custom";

/// A data set: at least two training images and one test image.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// [`DatasetName`] of the contents, or [`CUSTOM`]: never the name of a set that this is not.
    pub name: String,
    /// Something the user should be told about the set, in one line.
    pub note: Option<String>,
    /// Number of classes, 2 to 64.
    pub classes: usize,
    /// The classes' names in their order; empty where they have none.
    pub class_names: Vec<String>,
    /// The training images, validation images at their end.
    pub train: LabelledImages,
    /// How many are validation images, at least one.
    pub validation_images: usize,
    /// The test images.
    pub test: LabelledImages,
    /// SHA-256
    pub sha256: String,
}

/// The split that was scored after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldOut {
    /// The last images of the training file, never trained on.
    Validation,
    /// The test file: only the reference recipe looks at it during training.
    Test,
}

/// Some images of a [`Dataset`] and their labels, one for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// 28x28 grey pixels each.
    pub images: &'a [[u8; IMAGE_PIXELS]],
    /// The class of each image, below `classes`.
    pub labels: &'a [u8],
    /// Number of classes of the set.
    pub classes: usize,
}

impl<'a> Split<'a> {
    /// All of a set of so many classes.
    pub fn new(set: &'a LabelledImages, classes: usize) -> Self {
        Self { images: &set.images, labels: &set.labels, classes }
    }
}

impl<'a> Split<'a> {
    /// Its last images, up to `count`.
    pub fn last(self, count: usize) -> Self {
        let first = self.images.len().saturating_sub(count);
        Self { images: &self.images[first..], labels: &self.labels[first..], ..self }
    }
}

impl Dataset {
    /// Loads the set from `data`, or else from where this program keeps `name`.
    ///
    /// `data` is the user's own folder. Of four IDX files, plain or gzipped, any valid set is taken, and named by its
    /// contents; [`note`](Self::note) tells when that is not `name`. Otherwise it has a sub-folder of pictures for each
    /// class, 2 to 64: they are read as `lenet-infer classify` reads them, and a tenth of each class, chosen by the
    /// SHA-256 of the file names, is held out for validation and another for the test.
    ///
    /// Without `data`, MNIST is read from the source tree this program was built in, if that is still there, and
    /// everything else from the user's cache folder (`lenet/<name>`), which is filled from the public mirrors on
    /// first use. The contents must be the published ones. `quiet` hides the progress of the download.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] if the set cannot be found, fetched, read or trained on.
    pub fn load(name: DatasetName, data: Option<&Path>, quiet: bool) -> Result<Self, DatasetError> {
        if let Some(dir) = data {
            return Self::from_users_folder(name, dir);
        }
        if let Some(dir) = bundled(name) {
            return Self::as_published(
                name,
                &dir,
                "restore it (git checkout) or name another folder by --data DIR",
            );
        }
        let dir = dirs::cache_dir().ok_or(DatasetError::NoCacheFolder)?.join("lenet").join(name.to_string());
        Downloader::new(quiet).fill(&dir, name.mirrors(), &name.files())?;
        Self::as_published(name, &dir, "delete this folder and run again to fetch it anew")
    }

    /// Training images and validation images. Of IDX files, the last twelfth of the training file (5,000 of MNIST's
    /// 60,000), and at least one, is held out.
    pub fn split(&self) -> (Split<'_>, Split<'_>) {
        let (classes, trained) = (self.classes, self.train.len() - self.validation_images);
        let (images, validation_images) = self.train.images.split_at(trained);
        let (labels, validation_labels) = self.train.labels.split_at(trained);
        (
            Split { images, labels, classes },
            Split { images: validation_images, labels: validation_labels, classes },
        )
    }

    /// Folds of the training images: parts of as many as are held out. At least one.
    pub fn folds(&self) -> usize {
        self.train.len() / self.validation_images
    }

    /// Makes fold `fold` the validation images. Folds count from the end: fold 0 is the images that are held out before
    /// any call, and fold 1 those in front of them.
    ///
    /// # Panics
    ///
    /// If there is no such fold.
    pub fn hold_out(&mut self, fold: usize) {
        let count = self.validation_images;
        let first = self.train.len() - (fold + 1) * count;
        self.train.images[first..].rotate_left(count);
        self.train.labels[first..].rotate_left(count);
    }

    /// What each class is called: its number where it has no name.
    pub fn class_titles(&self) -> Vec<String> {
        if self.class_names.is_empty() {
            return (0..self.classes).map(|class| class.to_string()).collect();
        }
        self.class_names.clone()
    }

    fn from_users_folder(name: DatasetName, dir: &Path) -> Result<Self, DatasetError> {
        if let Some(set) = folder::load(dir)? {
            return Ok(set);
        }
        let mut set = Self::read(dir)?;
        let fingerprint = set.fingerprint();
        let known = DatasetName::ALL.into_iter().find(|known| known.fingerprint() == fingerprint);
        if let Some(known) = known {
            set.name = known.to_string();
            set.class_names = known.class_names();
        }
        if known != Some(name) {
            set.note = Some(format!(
                "{}: the contents are not those of {name}; the data set is reported as \"{}\"",
                dir.display(),
                set.name
            ));
        }
        set.checked(dir)
    }

    fn as_published(name: DatasetName, dir: &Path, mend: &'static str) -> Result<Self, DatasetError> {
        let unusable = |source| DatasetError::Unusable { dir: dir.to_owned(), name, mend, source };
        let set = Self {
            name: name.to_string(),
            class_names: name.class_names(),
            ..Self::read(dir).map_err(unusable)?
        };
        for (file, found) in name.files().into_iter().zip(set.fingerprint()) {
            if file.sha256 != found {
                let (file, expected) = (dir.join(file.name), file.sha256);
                return Err(DatasetError::Changed { file, expected, found, mend });
            }
        }
        set.checked(dir)
    }

    fn read(dir: &Path) -> Result<Self, IdxError> {
        let train = idx::load(dir, Part::Train)?;
        let classes = train.labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
        let test = idx::load_classes(dir, Part::Test, classes)?;
        Ok(Self {
            name: CUSTOM.to_owned(),
            note: None,
            classes,
            class_names: Vec::new(),
            validation_images: (train.len() / 12).max(1),
            train,
            test,
            sha256: String::new(),
        })
    }

    fn checked(mut self, dir: &Path) -> Result<Self, DatasetError> {
        self.sha256 = self.fingerprint().concat();
        let dir = dir.to_owned();
        if self.train.len() < 2 {
            return Err(DatasetError::TooFewImages { dir });
        }
        if self.classes < MIN_CLASSES {
            return Err(DatasetError::OneClass { dir });
        }
        Ok(self)
    }

    /// SHA-256 of the uncompressed contents of the four files. The reader takes one spelling only, so that
    /// encoding what it read gives the contents back.
    fn fingerprint(&self) -> Fingerprint {
        let images = |set: &LabelledImages| sha256(|out| idx::encode_images(&set.images, out));
        let labels = |set: &LabelledImages| sha256(|out| idx::encode_labels(&set.labels, out));
        [images(&self.train), labels(&self.train), images(&self.test), labels(&self.test)]
    }
}

fn sha256(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> String {
    let mut hasher = Sha256::new();
    write(&mut hasher).expect("a hasher takes all bytes, and a set has at most 2^32 items");
    format!("{:x}", hasher.finalize())
}

/// The folder of the source tree that holds the set. The published crate comes without it.
fn bundled(name: DatasetName) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name.to_string());
    dir.is_dir().then_some(dir)
}

/// The order in which epoch `epoch` trains on `images` images: each of `0..images` once.
///
/// A function of its arguments only, the same on every machine and in every release, so that a resumed run needs
/// no state: Fisher-Yates over the ChaCha8 stream number `epoch` of the key `seed`.
///
/// # Panics
///
/// If `images` is beyond `u32`.
pub fn shuffled(seed: u64, epoch: u32, images: usize) -> Vec<u32> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    // Keeps the stream apart from those that other users of the same seed draw from.
    key[8..15].copy_from_slice(b"shuffle");
    let mut stream = ChaCha8Rng::from_seed(key);
    stream.set_stream(u64::from(epoch));

    let mut order: Vec<u32> = (0..u32::try_from(images).expect("fewer than 2^32 images")).collect();
    for last in (1..order.len()).rev() {
        // A 32-bit draw scaled to 0..=last; its bias is below 2^-15 for MNIST.
        let draw = (u64::from(stream.next_u32()) * (last as u64 + 1)) >> 32;
        order.swap(last, draw as usize);
    }
    order
}
