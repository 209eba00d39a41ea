//! The part of a data set that a flag names.

use clap::ValueEnum;
use lenet_infer::host::idx;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
/// The part of a data set.
pub(crate) enum Part {
    /// t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte
    #[default]
    Test,
    /// train-images-idx3-ubyte and train-labels-idx1-ubyte
    Train,
}

impl Part {
    pub(crate) const fn idx(self) -> idx::Part {
        match self {
            Self::Test => idx::Part::Test,
            Self::Train => idx::Part::Train,
        }
    }
}
