//! Reads and writes IDX, the format of MNIST's files: big-endian headers before plain bytes, often gzipped (feature
//! `host`).
//!
//! ```text
//! images: 00 00 08 03 | count: u32 | rows: u32 | columns: u32 | count x rows x columns bytes, row by row
//! labels: 00 00 08 01 | count: u32 | count bytes
//! ```
//!
//! Reading checks everything once: a set holds at least one image, one label per image, and no label beyond the 64 classes
//! that a model can have. Any set of that shape works: MNIST, Fashion-MNIST, KMNIST, EMNIST.
//! Format: <http://yann.lecun.com/exdb/mnist/>.

mod contents;
mod error;
#[cfg(test)]
mod tests;

use std::borrow::{Cow, ToOwned};
use std::format;
use std::fs;
use std::io;
use std::iter;
use std::path::Path;
use std::slice;
use std::string::{String, ToString};
use std::vec::Vec;

use flate2::bufread::MultiGzDecoder;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};

pub use self::contents::{encode_images, encode_labels, parse_images, parse_labels};
pub use self::error::IdxError;
use crate::host::files;

/// The largest contents accepted, in bytes after decompression: 512 MiB, two and a half times EMNIST's 240,000 digits.
///
/// It bounds what a crafted gzip file can make this process allocate.
pub const MAX_UNPACKED: u64 = 512 << 20;

/// The element type of bytes, the only one that is read and written.
const UNSIGNED_BYTE: u8 = 0x08;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Images with one label each, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabeledImages {
    /// 28x28 gray pixels each, row by row: 0 for paper to 255 for ink.
    pub images: Vec<[u8; IMAGE_PIXELS]>,
    /// The class of each image, 0 to 63.
    pub labels: Vec<u8>,
}

impl LabeledImages {
    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there are no images; [`load`] never returns such a set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }
}

impl<'a> IntoIterator for &'a LabeledImages {
    type Item = (&'a [u8; IMAGE_PIXELS], &'a u8);
    type IntoIter = iter::Zip<slice::Iter<'a, [u8; IMAGE_PIXELS]>, slice::Iter<'a, u8>>;

    /// Gives each image with its label.
    fn into_iter(self) -> Self::IntoIter {
        self.images.iter().zip(&self.labels)
    }
}

/// A part of a data set: a file of images and a file of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The images to train on.
    Train,
    /// The images to test on (`t10k` in the names of MNIST's files).
    Test,
}

impl Part {
    /// The name of the image file, uncompressed.
    #[must_use]
    pub const fn images_file(self) -> &'static str {
        match self {
            Self::Train => "train-images-idx3-ubyte",
            Self::Test => "t10k-images-idx3-ubyte",
        }
    }

    /// The name of the label file, uncompressed.
    #[must_use]
    pub const fn labels_file(self) -> &'static str {
        match self {
            Self::Train => "train-labels-idx1-ubyte",
            Self::Test => "t10k-labels-idx1-ubyte",
        }
    }
}

/// Reads the two files of `part` from the folder `dir`.
///
/// Each file may be plain or end in `.gz`, and may be spelled with a dot (`train-images.idx3-ubyte`). A plain file is
/// preferred to a compressed one.
///
/// # Errors
///
/// [`IdxError`] if a file is missing, unreadable, or not what the [module](self) describes.
///
/// # Example
///
/// ```no_run
/// use std::path::Path;
/// use lenet_infer::host::idx::{self, Part};
///
/// let test = idx::load(Path::new("data/mnist"), Part::Test)?;
/// println!("{} images, the first of class {}", test.len(), test.labels[0]);
/// # Ok::<(), idx::IdxError>(())
/// ```
pub fn load(dir: &Path, part: Part) -> Result<LabeledImages, IdxError> {
    load_classes(dir, part, MAX_CLASSES)
}

/// Reads the two files of `part` as [`load`] does, for a model of `classes` classes.
///
/// # Errors
///
/// Those of [`load`], and [`IdxError::Label`] for a label that is not less than `classes`.
pub fn load_classes(dir: &Path, part: Part, classes: usize) -> Result<LabeledImages, IdxError> {
    let (images_file, contents) = read(dir, part.images_file())?;
    let images = parse_images(&images_file, &decompress(&images_file, &contents)?)?;
    let (labels_file, contents) = read(dir, part.labels_file())?;
    let labels = parse_labels(&labels_file, &decompress(&labels_file, &contents)?, classes)?;
    if images.len() != labels.len() {
        let (images, labels) = (images.len(), labels.len());
        return Err(IdxError::Counts { images_file, images, labels_file, labels });
    }
    Ok(LabeledImages { images, labels })
}

/// Writes `set` as the two plain files of `part` into the folder `dir`, and creates the folder if it is missing.
///
/// The set is not checked: [`load`] may refuse what this writes, for example an empty set.
///
/// # Errors
///
/// [`IdxError::Write`] if the file system refuses.
pub fn write(dir: &Path, part: Part, set: &LabeledImages) -> Result<(), IdxError> {
    let failed = |path: &Path| {
        let file = path.display().to_string();
        move |source| IdxError::Write { file, source }
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let path = dir.join(part.images_file());
    files::replace(&path, |out| encode_images(&set.images, out)).map_err(failed(&path))?;
    let path = dir.join(part.labels_file());
    files::replace(&path, |out| encode_labels(&set.labels, out)).map_err(failed(&path))
}

/// Decompresses `contents` if they start like gzip, and returns anything else as it is.
///
/// The contents decide, not the name, because some servers decompress `.gz` files on the way. `file` names the source in
/// errors.
///
/// # Errors
///
/// [`IdxError::TruncatedGzip`], [`IdxError::CorruptGzip`], or [`IdxError::TooLarge`] beyond [`MAX_UNPACKED`].
pub fn decompress<'a>(file: &str, contents: &'a [u8]) -> Result<Cow<'a, [u8]>, IdxError> {
    if !contents.starts_with(&GZIP_MAGIC) {
        return Ok(Cow::Borrowed(contents));
    }
    decompress_at_most(file, contents, MAX_UNPACKED).map(Cow::Owned)
}

/// Reads the file with the first spelling of `name` that `dir` holds. Returns its path and contents.
///
/// Some archives unpack into a folder with the name of the file. It is passed over if there is a file beside it.
fn read(dir: &Path, name: &str) -> Result<(String, Vec<u8>), IdxError> {
    let dotted = name.replace("-idx", ".idx");
    let spellings = [name.to_owned(), dotted.clone(), format!("{name}.gz"), format!("{dotted}.gz")];
    let mut folder = None;
    for spelling in &spellings {
        let path = dir.join(spelling);
        let file = path.display().to_string();
        match files::expect_regular(&path).and_then(|()| files::read_at_most(&path, MAX_UNPACKED)) {
            Ok(contents) => return Ok((file, contents)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) if source.kind() == io::ErrorKind::IsADirectory => {
                folder.get_or_insert(IdxError::Read { file, source });
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(IdxError::TooLarge { file });
            }
            Err(source) => return Err(IdxError::Read { file, source }),
        }
    }
    Err(folder.unwrap_or_else(|| IdxError::Missing { dir: dir.to_owned(), looked_for: spellings.join(", ") }))
}

fn decompress_at_most(file: &str, contents: &[u8], cap: u64) -> Result<Vec<u8>, IdxError> {
    files::read_all_at_most(MultiGzDecoder::new(contents), cap).map_err(|source| {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::FileTooLarge => IdxError::TooLarge { file },
            io::ErrorKind::UnexpectedEof => IdxError::TruncatedGzip { file },
            _ => IdxError::CorruptGzip { file, source },
        }
    })
}
