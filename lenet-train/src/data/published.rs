//! The data sets known by name, as they were published: where they are and what their files contain.

use lenet_infer::host::idx::Part;

use super::DatasetName;
use super::identity::Fingerprint;
use crate::data::download::PublishedFile;

/// The number of images at the end of the training file that are held out, in MNIST and in Fashion-MNIST.
pub(super) const HELD_OUT: usize = 5_000;

/// Training images and labels, test images and labels: the order of a [`Fingerprint`].
const FILES: [&str; 4] = [
    Part::Train.images_file(),
    Part::Train.labels_file(),
    Part::Test.images_file(),
    Part::Test.labels_file(),
];

const MNIST: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

const FASHION_MNIST: [&str; 4] = [
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
];

/// The class names of Fashion-MNIST, in the order of its labels.
const GARMENTS: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

impl DatasetName {
    /// The names of the classes. Empty if the classes are digits.
    pub(super) fn class_names(self) -> Vec<String> {
        match self {
            Self::Mnist => Vec::new(),
            Self::FashionMnist => GARMENTS.map(str::to_owned).to_vec(),
        }
    }

    /// The addresses of folders that hold the four files, gzipped. The preferred one is first.
    pub(super) fn mirrors(self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &[
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ],
            // The second is the publisher's own and has no TLS. The SHA-256 decides whether a file is genuine.
            Self::FashionMnist => &[
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ],
        }
    }

    /// The names and digests of the four files.
    pub(super) fn files(self) -> [PublishedFile; 4] {
        let sha256 = match self {
            Self::Mnist => MNIST,
            Self::FashionMnist => FASHION_MNIST,
        };
        std::array::from_fn(|file| PublishedFile { name: FILES[file], sha256: sha256[file] })
    }

    /// The digests of the four files.
    pub(super) fn fingerprint(self) -> Fingerprint {
        self.files().map(|file| file.sha256.to_owned())
    }
}
