//! Reads a folder of pictures, with one sub-folder per class, as a data set.
//!
//! The names of the sub-folders are the names of the classes. They are sorted by name, numbers by their value. Pictures
//! become images as in `lenet-infer classify`, or, stretched, as in `lenet-infer classify --as-is`. The pictures of each class are sorted by the SHA-256 of their
//! file names. The first tenth, and at least one, is for the test, and the next tenth for validation. So the split depends
//! on the names alone, and every run holds out the same pictures, whatever its seed.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES, MIN_CLASSES};
use lenet_infer::host::files;
use lenet_infer::host::idx::LabeledImages;
use lenet_infer::host::picture_file::{self, ENDINGS, GRID_SIDE, Invert, PictureError};
use lenet_infer::picture::{NoDigit, Preparer};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::identity::{fingerprint, identity};
use super::{CUSTOM, Dataset, Preparation};

/// One in so many pictures is for the test, and one for validation.
const HELD_OUT_ONE_IN: usize = 10;
/// One picture each for training, validation and test.
const MIN_PICTURES: usize = 3;

/// Why a folder of pictures was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A folder cannot be listed.
    #[error("{}: expected a folder that can be read: check its permissions", dir.display())]
    Read {
        /// The folder.
        dir: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The folder has neither IDX files nor sub-folders.
    #[error(
        "{}: expected the four IDX files of a data set, or a sub-folder of pictures for each class, found neither: \
         name another folder by --data", dir.display()
    )]
    NoClasses {
        /// The folder.
        dir: PathBuf,
    },
    /// There are fewer or more sub-folders than a model can have classes.
    #[error(
        "{}: expected {MIN_CLASSES} to {MAX_CLASSES} sub-folders, one per class, found {found}: add or merge classes",
        dir.display()
    )]
    ClassCount {
        /// The folder.
        dir: PathBuf,
        /// The number of sub-folders.
        found: usize,
    },
    /// The name of a sub-folder cannot be the name of a class.
    #[error("{}: expected a name in UTF-8 without line breaks: rename the sub-folder", dir.display())]
    ClassName {
        /// The sub-folder.
        dir: PathBuf,
    },
    /// A class has too few pictures for training, validation and test.
    #[error(
        "{}: expected at least {MIN_PICTURES} pictures (.{}), found {found}: add some, or remove the sub-folder",
        dir.display(),
        ENDINGS.join(", .")
    )]
    TooFewPictures {
        /// The sub-folder of the class.
        dir: PathBuf,
        /// The number of pictures in it.
        found: usize,
    },
    /// A picture was refused.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// No symbol was found in a picture.
    #[error("{}: {reason}; or remove the picture, or stretch all pictures with --as-is", file.display())]
    NoDigit {
        /// The picture.
        file: PathBuf,
        /// What is wrong with it.
        reason: NoDigit,
    },
}

/// A class: its name and its pictures, with those to hold out first.
struct Class {
    name: String,
    pictures: Vec<(Hash, PathBuf)>,
}

/// The SHA-256 of a picture's file name.
type Hash = [u8; 32];
/// Pictures with their labels. Sorting by the hashes mixes the classes.
type Part = Vec<(Hash, PathBuf, u8)>;

/// Reads the data set in `dir`.
///
/// Returns `None` if there is anything with the name of an IDX file, even if it is not a file, or if `dir` is not a folder.
/// The IDX reader then says what is wrong.
pub(super) fn load(dir: &Path, preparation: Preparation) -> Result<Option<Dataset>, FolderError> {
    let Ok(entries) = list(dir) else { return Ok(None) };
    let is_idx =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains("-ubyte"));
    if entries.iter().any(is_idx) {
        return Ok(None);
    }
    let mut folders: Vec<PathBuf> = entries.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort_by_cached_key(|path| by_number(path));
    let dir = dir.to_owned();
    match folders.len() {
        0 => return Err(FolderError::NoClasses { dir }),
        MIN_CLASSES..=MAX_CLASSES => {}
        found => return Err(FolderError::ClassCount { dir, found }),
    }
    let mut others = 0;
    let classes: Result<Vec<Class>, FolderError> =
        folders.iter().map(|folder| class(folder, &mut others)).collect();
    dataset(&dir, classes?, others, preparation).map(Some)
}

fn dataset(
    dir: &Path,
    classes: Vec<Class>,
    others: usize,
    preparation: Preparation,
) -> Result<Dataset, FolderError> {
    let (mut train, mut validation, mut test) = (Part::new(), Part::new(), Part::new());
    let mut class_names = Vec::new();
    for (label, class) in (0_u8..).zip(classes) {
        let held_out = (class.pictures.len() / HELD_OUT_ONE_IN).max(1);
        let mut pictures = class.pictures.into_iter().map(|(hash, path)| (hash, path, label));
        test.extend(pictures.by_ref().take(held_out));
        validation.extend(pictures.by_ref().take(held_out));
        train.extend(pictures);
        class_names.push(class.name);
    }
    for part in [&mut train, &mut validation, &mut test] {
        part.sort_unstable();
    }
    let (trained, validation_images) = (train.len(), validation.len());
    train.append(&mut validation);
    let (train, test) = (read(&train, preparation)?, read(&test, preparation)?);
    let left_out = if others > 0 { format!("; {others} other files left out") } else { String::new() };
    let note = format!(
        "{}: pictures of {} classes: {trained} to train on, {validation_images} for validation, {} to test{left_out}",
        dir.display(),
        class_names.len(),
        test.len()
    );
    Ok(Dataset {
        name: CUSTOM.to_owned(),
        preparation: Some(preparation),
        note: Some(note),
        sha256: identity(class_names.len(), &class_names, validation_images, &fingerprint(&train, &test)),
        classes: class_names.len(),
        class_names,
        validation_images,
        foldable: train.len(),
        train,
        test,
    })
}

/// Lists a folder, without hidden files.
fn list(dir: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let paths: io::Result<Vec<PathBuf>> =
        fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    match paths {
        Ok(paths) => Ok(paths.into_iter().filter(|path| !hidden(path)).collect()),
        Err(source) => Err(FolderError::Read { dir: dir.to_owned(), source }),
    }
}

/// The key that sorts numbers by their value and before words.
fn by_number(path: &Path) -> (bool, u64, PathBuf) {
    let number: Option<u64> = path.file_name().and_then(|name| name.to_str()?.parse().ok());
    (number.is_none(), number.unwrap_or(0), path.to_owned())
}

/// Lists the pictures of the class in `folder`, and adds the number of other files to `others`.
fn class(folder: &Path, others: &mut usize) -> Result<Class, FolderError> {
    let dir = folder.to_owned();
    let name = folder.file_name().and_then(|name| name.to_str()).filter(|name| !name.contains('\n'));
    let Some(name) = name else { return Err(FolderError::ClassName { dir }) };
    let is_picture = |path: &PathBuf| {
        path.extension().is_some_and(|end| ENDINGS.iter().any(|ending| end.eq_ignore_ascii_case(ending)))
    };
    let (pictures, rest): (Vec<PathBuf>, Vec<PathBuf>) = list(folder)?.into_iter().partition(is_picture);
    *others += rest.len();
    if pictures.len() < MIN_PICTURES {
        return Err(FolderError::TooFewPictures { dir, found: pictures.len() });
    }
    let hash =
        |path: &PathBuf| Sha256::digest(path.file_name().unwrap_or_default().as_encoded_bytes()).into();
    let mut pictures: Vec<(Hash, PathBuf)> = pictures.into_iter().map(|path| (hash(&path), path)).collect();
    pictures.sort_unstable();
    Ok(Class { name: name.to_owned(), pictures })
}

fn read(part: &Part, preparation: Preparation) -> Result<LabeledImages, FolderError> {
    let images: Result<Vec<[u8; IMAGE_PIXELS]>, FolderError> = part
        .par_iter()
        .map_init(|| Box::new(Preparer::new()), |preparer, (_, path, _)| image(path, preparation, preparer))
        .collect();
    Ok(LabeledImages { images: images?, labels: part.iter().map(|(.., label)| *label).collect() })
}

fn image(
    path: &Path,
    preparation: Preparation,
    preparer: &mut Preparer<GRID_SIDE>,
) -> Result<[u8; IMAGE_PIXELS], FolderError> {
    // A picture reader also takes pipes and devices. In a data set they are mistakes that may block for ever.
    files::expect_regular(path)
        .map_err(|source| PictureError::Read { file: path.display().to_string(), source })?;
    match preparation {
        Preparation::AsIs => Ok(picture_file::stretch(path, Invert::Auto)?.image),
        Preparation::Prepared => {
            let picture = picture_file::read(path)?;
            let prepared = picture_file::prepare(&picture, preparer, |_| {});
            let no_digit = |reason| FolderError::NoDigit { file: path.to_owned(), reason };
            Ok(*prepared.map_err(no_digit)?.image())
        }
    }
}
