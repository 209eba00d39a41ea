//! What a back end is: the kernels of one instruction set, and the rows that they read and write.

use bytemuck::Pod;
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_SIDE, KERNEL_SIDE, POOL1_SIDE, POOL2_LEN,
    POOL2_SIDE,
};

/// Rows and columns of a patch: the input of a 2x2 window of 5x5 kernels.
pub(crate) const PATCH_SIDE: usize = KERNEL_SIDE + 1;

/// One row of the image: 28 gray levels from left to right, 0 for paper to 255 for ink.
pub(crate) type ImageRow = [u8; IMAGE_SIDE];
/// The image: 28 rows from top to bottom.
pub(crate) type Image = [ImageRow; IMAGE_SIDE];
/// One row of the pooled output of conv1, `[column][channel]`, 12x6.
pub(crate) type PooledRow = [[u8; CONV1_CHANNELS]; POOL1_SIDE];
/// The six pooled rows of conv1 that a back end keeps at a time, each at its number modulo six.
pub(crate) type Ring<B> = [<B as Backend>::Row; PATCH_SIDE];
/// One row of the pooled output of conv2, `[column][channel]`, 4x16.
pub(crate) type FeatureRow = [[u8; CONV2_CHANNELS]; POOL2_SIDE];
/// The pooled output of conv2, `[row][column][channel]`: the 256 inputs of fc1.
pub(crate) type Features = [FeatureRow; POOL2_SIDE];

/// The kernels of one instruction set.
///
/// A value of the type is proof that this processor can execute them for the model at hand. Most of the types have size
/// zero.
pub(crate) trait Backend: Copy {
    /// The weights of both convolutions in the order in which the kernels read them. `()` for a back end that reads
    /// them as the file stores them.
    type Prepared;

    /// One row of the pooled output of conv1 in the form in which this back end's conv2 reads it.
    type Row: Pod + From<PooledRow> + Into<PooledRow>;

    /// Prepares the weights of both convolutions, once per image.
    fn prepare(self, model: &Model<'_>) -> Self::Prepared;

    /// Computes one pooled row of conv1 from the six image rows that it depends on: valid 5x5 convolution, 2x2 maximum,
    /// bias, ReLU and requantization.
    ///
    /// `prepared` comes from [`Self::prepare`] with the model of `layer`. `input` holds the rows from top to bottom.
    /// Each activation in `output` is 0 to the largest activation of `layer`.
    fn conv1_row(
        self,
        layer: &Conv1<'_>,
        prepared: &Self::Prepared,
        input: [&ImageRow; PATCH_SIDE],
        output: &mut Self::Row,
    );

    /// Computes one pooled row of conv2 from the six pooled rows of conv1 that it depends on, otherwise like
    /// [`Self::conv1_row`].
    fn conv2_row(
        self,
        layer: &Conv2<'_>,
        prepared: &Self::Prepared,
        input: [&Self::Row; PATCH_SIDE],
        output: &mut FeatureRow,
    );

    /// Computes fc1 with bias, ReLU and requantization.
    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]);

    /// Computes fc2 with bias, ReLU and requantization.
    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]);

    /// Computes fc3 with its biases. The accumulators are the logits; `logits` has one element per class.
    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]);
}
