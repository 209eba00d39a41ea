//! The images: where they come from, which of them are held out, and the order in which they are trained on.
//!
//! - [`Dataset`]: a data set in memory, and how it is found.
//! - `published`, `download`: the sets known by name, and the mirrors that they are downloaded from.
//! - `custom`, `folder`: the user's own IDX files and pictures.
//! - `split`, `shuffle`: the images held out, and the order of an epoch.
//! - `identity`: digests of the contents.

mod custom;
pub mod download;
mod error;
mod folder;
mod identity;
mod published;
mod shuffle;
mod split;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use lenet_infer::host::idx::{self, IdxError, LabeledImages, Part};

use self::download::Downloader;
use serde::{Deserialize, Serialize};

pub use self::error::DatasetError;
pub use self::folder::FolderError;
use self::identity::{Fingerprint, fingerprint, identity};
pub use self::shuffle::shuffled;
pub use self::split::{HeldOut, Split};

/// The published data sets that can be chosen by name.
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

/// How the pictures of a folder become images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preparation {
    /// The symbol in each picture is found, cleaned and centered, as `lenet-infer classify` does it.
    #[default]
    Prepared,
    /// Each picture is stretched as a whole, as `lenet-infer classify --as-is` does it.
    AsIs,
}

/// The name of a data set whose contents are not those of any [`DatasetName`].
pub const CUSTOM: &str = "custom";

/// A data set of labeled 28x28 images, with training, validation and test images of at least two classes.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The [`DatasetName`] that the contents are those of, or else [`CUSTOM`].
    pub name: String,
    /// How its pictures became images. `None` if it was read from IDX files.
    pub preparation: Option<Preparation>,
    /// What the user should know about the data set, in one line.
    pub note: Option<String>,
    /// The identity of the data: 64 hexadecimal digits, which differ if anything differs that decides a run's data.
    ///
    /// It is the SHA-256 of the following parts, each preceded by its length in bytes as a little-endian `u64`. Numbers
    /// are little-endian `u64` too.
    ///
    /// 1. The text `lenet-train data set 1`.
    /// 2. The number of classes.
    /// 3. The number of class names, then each of them in UTF-8 as a part of its own.
    /// 4. The number of validation images.
    /// 5. Four parts of 64 hexadecimal digits: the SHA-256 of the training images, the training labels, the test images
    ///    and the test labels, as uncompressed IDX files that hold them in the order of this structure before any
    ///    [`hold_out`](Self::hold_out).
    ///
    /// So the name of the data set and its place on the disk do not matter, and the fold is not part of it.
    pub sha256: String,
    /// The number of classes, 2 to 64.
    pub classes: usize,
    /// The names of the classes in the order of the labels. Empty if they have none.
    pub class_names: Vec<String>,
    /// The training images, with the validation images at their end.
    pub train: LabeledImages,
    /// The number of validation images, at least one.
    pub validation_images: usize,
    /// The number of training images, counted from the end, that the folds are made of. Those in front of them are in
    /// no fold.
    foldable: usize,
    /// The test images.
    pub test: LabeledImages,
}

impl Dataset {
    /// Loads the data set from the folder `data`, or, without one, from where this program keeps `name`.
    ///
    /// `data` holds four IDX files, plain or gzipped, or one sub-folder of pictures per class:
    ///
    /// - IDX files may hold any data set, which is named by its contents. [`note`](Self::note) says so if that is not
    ///   `name`. Of a published set the last 5,000 training images are held out for validation. Of any other set a
    ///   twelfth is held out, with the same share of each class, wherever its images are in the file; a class of one
    ///   image is trained on. Labels may leave numbers out; `note` says which.
    /// - Pictures become images as `preparation` says. A tenth of each class, chosen by the SHA-256 of the file
    ///   names, is held out for validation and another tenth for the test.
    ///
    /// Which images are held out depends on the data alone, not on the seed of a run.
    ///
    /// Without `data`, MNIST is read from the source tree that this program was built in, if that is still there.
    /// Everything else is read from the user's cache folder (`lenet/<name>`), which is filled from the public mirrors on
    /// first use. The contents must be the published ones. `quiet` hides the progress of the download. IDX files hold
    /// images already, so `preparation` does not concern them.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] if the data set cannot be found, downloaded, read or trained on.
    pub fn load(
        name: DatasetName,
        data: Option<&Path>,
        preparation: Preparation,
        quiet: bool,
    ) -> Result<Self, DatasetError> {
        if let Some(dir) = data {
            return match folder::load(dir, preparation)? {
                Some(set) => Ok(set),
                None => Self::from_users_files(name, dir),
            };
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
        Self::as_published(name, &dir, "delete this folder and run again to download it anew")
    }

    /// What each class is called: its name, or its number if it has none.
    pub fn class_titles(&self) -> Vec<String> {
        if self.class_names.is_empty() {
            return (0..self.classes).map(|class| class.to_string()).collect();
        }
        self.class_names.clone()
    }

    /// What the metadata of a model calls the data set: its name, and how its pictures became images.
    pub fn title(&self) -> String {
        match self.preparation {
            None => self.name.clone(),
            Some(Preparation::Prepared) => format!("{}, pictures prepared", self.name),
            Some(Preparation::AsIs) => format!("{}, pictures as they are", self.name),
        }
    }

    fn from_users_files(name: DatasetName, dir: &Path) -> Result<Self, DatasetError> {
        let files = Files::read(dir)?;
        let known = DatasetName::ALL.into_iter().find(|known| known.fingerprint() == files.fingerprint);
        let mut set = match known {
            Some(known) => files.published(known),
            None => custom::dataset(dir, files.classes, files.train, files.test)?,
        };
        if known != Some(name) {
            let renamed = format!(
                "{}: the contents are not those of {name}; the data set is reported as \"{}\"",
                dir.display(),
                set.name
            );
            set.note = Some([Some(renamed), set.note].into_iter().flatten().collect::<Vec<_>>().join("; "));
        }
        Ok(set)
    }

    fn as_published(name: DatasetName, dir: &Path, fix: &'static str) -> Result<Self, DatasetError> {
        let unusable = |source| DatasetError::Unusable { dir: dir.to_owned(), name, fix, source };
        let files = Files::read(dir).map_err(unusable)?;
        for (file, found) in name.files().into_iter().zip(&files.fingerprint) {
            if file.sha256 != found {
                let (file, expected, found) = (dir.join(file.name), file.sha256, found.clone());
                return Err(DatasetError::Changed { file, expected, found, fix });
            }
        }
        Ok(files.published(name))
    }
}

/// What the four IDX files of a folder hold.
struct Files {
    classes: usize,
    train: LabeledImages,
    test: LabeledImages,
    fingerprint: Fingerprint,
}

impl Files {
    fn read(dir: &Path) -> Result<Self, IdxError> {
        let train = idx::load(dir, Part::Train)?;
        let classes = train.labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
        let test = idx::load_classes(dir, Part::Test, classes)?;
        let fingerprint = fingerprint(&train, &test);
        Ok(Self { classes, train, test, fingerprint })
    }

    /// The published data set that these files are.
    fn published(self, name: DatasetName) -> Dataset {
        let Self { classes, train, test, fingerprint } = self;
        let (class_names, validation_images) = (name.class_names(), published::HELD_OUT);
        Dataset {
            name: name.to_string(),
            preparation: None,
            note: None,
            sha256: identity(classes, &class_names, validation_images, &fingerprint),
            classes,
            class_names,
            validation_images,
            foldable: train.len(),
            train,
            test,
        }
    }
}

/// The folder of the source tree that holds the data set. The published crate comes without it.
fn bundled(name: DatasetName) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name.to_string());
    dir.is_dir().then_some(dir)
}
