//! The launch of each kernel. `kernels/*.cu` documents what they compute.
//!
//! Each function checks that the arrays are as long as the kernel assumes. Arrays are row by row, image after image.

use super::driver::{CudaError, Function, Gpu, Module, Slice};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, IMAGE_PIXELS, IMAGE_SIDE, POOL1_LEN, POOL2_LEN,
};
use std::rc::Rc;

const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/lenet.ptx"));

/// The parameters of both convolutions, which are the first of a network.
pub(crate) const CONV_PARAMETERS: usize =
    CONV1_CHANNELS * (CONV1_TAPS + 1) + CONV2_CHANNELS * (CONV2_TAPS + 1);
/// The largest number of rows of partial gradients.
pub(crate) const MAX_PARTS: usize = 256;
/// Words of the requantization of a channel: multiplier, shift, factor (f32) and largest activation.
pub(crate) const REQUANTIZATION_WORDS: usize = 4;
/// Words of the quantization of an output channel's weights: scale and unit (f64), rounding (i64), the places of its first
/// weight and of its bias, the number of its weights, the step, the largest magnitude, and the largest input.
pub(crate) const SCALE_WORDS: usize = 12;
/// Numbers per output channel for the gradients: 1 / scale, 1 / unit, and the largest weight that is not clipped.
pub(crate) const ROW_GRADIENT_NUMBERS: usize = 3;
/// Words of the change of an image: 3 affine coefficients (f32) and 25 control points (f32) per axis, and the change of
/// the stroke width (i32).
pub(crate) const CHANGE_WORDS: usize = 57;
/// Numbers of the spline weights: 5 control points by the side of the image.
pub(crate) const SPLINE_NUMBERS: usize = 5 * IMAGE_SIDE;

const CONVOLVE_THREADS: usize = 288;
const TILE: usize = 16;
const TILE_THREADS: usize = 64;
const TEAM_THREADS: usize = 256;
const SUM_COLUMNS: usize = 32;
const SUM_THREADS: usize = 256;
const LOSS_THREADS: usize = 128;
const UPDATE_THREADS: usize = 256;
const QUANTIZE_THREADS: usize = 128;
const AUGMENT_THREADS: usize = 256;

/// The kernels of training, loaded on a GPU.
pub(crate) struct Kernels {
    augment: Function,
    convolve: Function,
    convolve_backward: Function,
    sum_partial: Function,
    dense: Function,
    dense_inputs: Function,
    dense_parameters: Function,
    teach: Function,
    cross_entropy: Function,
    update: Function,
    quantize: Function,
}

/// The images of a batch, as gray levels.
#[derive(Clone, Copy)]
pub(crate) struct Images<'a> {
    pub(crate) levels: Slice<'a, u8>,
    /// Which of `levels` each image of the batch is. `None` means the first ones.
    pub(crate) places: Option<Slice<'a, u32>>,
    /// The number of images in the batch.
    pub(crate) count: usize,
    /// The gray level that counts as 1.
    pub(crate) white: f32,
}

/// The activations of both convolutional blocks, and the winners of their windows.
#[derive(Clone, Copy)]
pub(crate) struct Pooled<'a> {
    pub(crate) pooled1: Slice<'a, f32>,
    pub(crate) winners1: Slice<'a, u8>,
    pub(crate) pooled2: Slice<'a, f32>,
    pub(crate) winners2: Slice<'a, u8>,
}

/// A fully-connected layer.
#[derive(Clone, Copy)]
pub(crate) struct Dense<'a> {
    pub(crate) weights: Slice<'a, f32>,
    pub(crate) biases: Slice<'a, f32>,
    /// In an integer network.
    pub(crate) requantizations: Option<Slice<'a, u32>>,
}

impl Dense<'_> {
    fn outputs(&self) -> usize {
        self.biases.len()
    }

    fn inputs(&self) -> usize {
        self.weights.len() / self.biases.len()
    }
}

/// What a layer's outputs are written to.
#[derive(Clone, Copy)]
pub(crate) enum Outputs<'a> {
    /// The activations of a hidden layer, and their slopes.
    Hidden { activations: Slice<'a, f32>, slopes: Slice<'a, f32> },
    /// The logits, as sums times the unit.
    Logits { logits: Slice<'a, f32>, unit: f32 },
}

/// A cross-entropy, as part of the loss.
#[derive(Clone, Copy)]
pub(crate) struct CrossEntropy<'a> {
    pub(crate) logits: Slice<'a, f32>,
    pub(crate) targets: Slice<'a, f32>,
    pub(crate) images: usize,
    pub(crate) temperature: f32,
    /// Its share of the loss.
    pub(crate) share: f32,
    /// The real value of one unit of the logits' sums.
    pub(crate) unit: f32,
    /// Whether its gradients are added to others.
    pub(crate) adds: bool,
}

/// The arrays of an update, one number each per parameter.
#[derive(Clone, Copy)]
pub(crate) struct Updated<'a> {
    /// Twice the number of the parameter's output channel, plus 1 for a bias.
    pub(crate) rows: Slice<'a, u32>,
    pub(crate) gradients: Slice<'a, f32>,
    /// Numbers per output channel, in quantization-aware training.
    pub(crate) quantized: Option<Slice<'a, f32>>,
    pub(crate) parameters: Slice<'a, f32>,
    pub(crate) first: Slice<'a, f32>,
    pub(crate) second: Slice<'a, f32>,
    pub(crate) average: Option<Slice<'a, f32>>,
}

/// The numbers of an update.
#[derive(Clone, Copy)]
pub(crate) struct UpdateNumbers {
    pub(crate) is_adamw: bool,
    pub(crate) learning_rate: f32,
    /// For SGD, what is added to the gradient; for AdamW, times the learning rate; per unit of the weight.
    pub(crate) decay: f32,
    pub(crate) betas: [f32; 2],
    /// 1 / (1 - beta^steps).
    pub(crate) corrections: [f32; 2],
    pub(crate) epsilon: f32,
    /// The share of the average that stays, and that of the new parameters.
    pub(crate) average: [f32; 2],
}

impl Kernels {
    /// Loads the kernels.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example that it is too old for this version of PTX.
    pub(crate) fn load(gpu: &Rc<Gpu>) -> Result<Self, CudaError> {
        let module = Module::load(gpu, PTX)?;
        Ok(Self {
            augment: module.function("augment")?,
            convolve: module.function("convolve")?,
            convolve_backward: module.function("convolve_backward")?,
            sum_partial: module.function("sum_partial")?,
            dense: module.function("dense")?,
            dense_inputs: module.function("dense_inputs")?,
            dense_parameters: module.function("dense_parameters")?,
            teach: module.function("teach")?,
            cross_entropy: module.function("cross_entropy")?,
            update: module.function("update")?,
            quantize: module.function("quantize")?,
        })
    }

    /// Writes the changed images to `changed`.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    ///
    /// # Panics
    ///
    /// Panics if the images have no places, or an array is too short. This holds for all functions here.
    pub(crate) fn augment(
        &self,
        images: Images<'_>,
        changes: Slice<'_, u32>,
        spline: Slice<'_, f32>,
        changed: Slice<'_, u8>,
    ) -> Result<(), CudaError> {
        let places = images.places.expect("places of the images to change");
        assert!(places.len() >= images.count && changes.len() >= images.count * CHANGE_WORDS);
        assert!(spline.len() == SPLINE_NUMBERS && changed.len() >= images.count * IMAGE_PIXELS);
        let arguments = [images.levels.into(), places.into(), changes.into(), spline.into(), changed.into()];
        self.augment.launch([images.count, 1], AUGMENT_THREADS, &arguments)
    }

    /// Runs both convolutional blocks.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn convolve(
        &self,
        images: Images<'_>,
        parameters: Slice<'_, f32>,
        requantizations: Option<Slice<'_, u32>>,
        pooled: Pooled<'_>,
    ) -> Result<(), CudaError> {
        assert_convolutions(images, parameters, requantizations, pooled);
        let Pooled { pooled1, winners1, pooled2, winners2 } = pooled;
        let arguments = [
            images.levels.into(),
            images.places.into(),
            parameters.into(),
            requantizations.into(),
            images.white.into(),
            pooled1.into(),
            winners1.into(),
            pooled2.into(),
            winners2.into(),
        ];
        self.convolve.launch([images.count, 1], CONVOLVE_THREADS, &arguments)
    }

    /// Writes the gradients of the parameters of both convolutional blocks to the first of `sums`, given those of their
    /// activations.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn convolve_backward(
        &self,
        images: Images<'_>,
        parameters: Slice<'_, f32>,
        requantizations: Option<Slice<'_, u32>>,
        pooled: Pooled<'_>,
        gradients: Slice<'_, f32>,
        partial: Slice<'_, f32>,
        sums: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        assert_convolutions(images, parameters, requantizations, pooled);
        let parts = images.count.min(MAX_PARTS);
        assert!(gradients.len() >= images.count * POOL2_LEN && partial.len() >= parts * CONV_PARAMETERS);
        assert!(sums.len() >= CONV_PARAMETERS);
        let arguments = [
            images.levels.into(),
            images.places.into(),
            parameters.into(),
            requantizations.into(),
            images.white.into(),
            pooled.pooled1.into(),
            pooled.winners1.into(),
            pooled.winners2.into(),
            gradients.into(),
            images.count.into(),
            partial.into(),
        ];
        self.convolve_backward.launch([parts, 1], CONVOLVE_THREADS, &arguments)?;
        let arguments = [partial.into(), parts.into(), CONV_PARAMETERS.into(), sums.into()];
        self.sum_partial.launch([CONV_PARAMETERS.div_ceil(SUM_COLUMNS), 1], SUM_THREADS, &arguments)
    }

    /// Runs a fully-connected layer on the inputs of `images` images.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense(
        &self,
        layer: Dense<'_>,
        images: usize,
        inputs: Slice<'_, f32>,
        outputs: Outputs<'_>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        let (written, slopes, unit) = match outputs {
            Outputs::Hidden { activations, slopes } => (activations, Some(slopes), 1.0),
            Outputs::Logits { logits, unit } => (logits, None, unit),
        };
        assert!(inputs.len() >= images * inputs_len && written.len() >= images * outputs_len);
        assert!(slopes.is_none_or(|slopes| slopes.len() >= images * outputs_len));
        assert_requantizations(layer.requantizations, outputs_len);
        let arguments = [
            inputs.into(),
            layer.weights.into(),
            layer.biases.into(),
            layer.requantizations.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            unit.into(),
            written.into(),
            slopes.into(),
        ];
        self.dense.launch([images.div_ceil(TILE), outputs_len.div_ceil(TILE)], TILE_THREADS, &arguments)
    }

    /// Writes the gradients of a layer's inputs, given those of its sums. `slopes` are those of the layer before.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense_inputs(
        &self,
        layer: Dense<'_>,
        images: usize,
        gradients: Slice<'_, f32>,
        slopes: Option<Slice<'_, f32>>,
        input_gradients: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        assert!(gradients.len() >= images * outputs_len && input_gradients.len() >= images * inputs_len);
        assert!(slopes.is_none_or(|slopes| slopes.len() >= images * inputs_len));
        let arguments = [
            gradients.into(),
            layer.weights.into(),
            slopes.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            input_gradients.into(),
        ];
        self.dense_inputs.launch([images.div_ceil(TILE), inputs_len.div_ceil(TILE)], TILE_THREADS, &arguments)
    }

    /// Writes the gradients of a layer's parameters, given those of its sums. `layer` has the gradients in place of its
    /// parameters.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense_parameters(
        &self,
        layer: Dense<'_>,
        images: usize,
        gradients: Slice<'_, f32>,
        inputs: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        assert!(gradients.len() >= images * outputs_len && inputs.len() >= images * inputs_len);
        let arguments = [
            gradients.into(),
            inputs.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            layer.weights.into(),
            layer.biases.into(),
        ];
        let grid = [outputs_len.div_ceil(TILE), inputs_len.div_ceil(TILE)];
        self.dense_parameters.launch(grid, TEAM_THREADS, &arguments)
    }

    /// Adds a teacher's probabilities times its share, or sets them if it is the first.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn teach(
        &self,
        logits: Slice<'_, f32>,
        images: usize,
        temperature: f32,
        share: f32,
        first: bool,
        probabilities: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let classes = logits.len() / images;
        assert!(probabilities.len() >= logits.len() && logits.len() == images * classes);
        let arguments = [
            logits.into(),
            images.into(),
            classes.into(),
            temperature.into(),
            share.into(),
            usize::from(first).into(),
            probabilities.into(),
        ];
        self.teach.launch([images.div_ceil(LOSS_THREADS), 1], LOSS_THREADS, &arguments)
    }

    /// Writes or adds the gradients of a cross-entropy for the sums of the logits.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn cross_entropy(
        &self,
        loss: CrossEntropy<'_>,
        gradients: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let CrossEntropy { logits, targets, images, temperature, share, unit, adds } = loss;
        let classes = logits.len() / images;
        assert!(logits.len() == images * classes && targets.len() >= logits.len());
        assert!(gradients.len() >= logits.len());
        let arguments = [
            logits.into(),
            targets.into(),
            images.into(),
            classes.into(),
            temperature.into(),
            share.into(),
            unit.into(),
            usize::from(adds).into(),
            gradients.into(),
        ];
        self.cross_entropy.launch([images.div_ceil(LOSS_THREADS), 1], LOSS_THREADS, &arguments)
    }

    /// Updates all parameters, and their average.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn update(&self, arrays: Updated<'_>, numbers: UpdateNumbers) -> Result<(), CudaError> {
        let Updated { rows, gradients, quantized, parameters, first, second, average } = arrays;
        let count = parameters.len();
        assert!([gradients, first, second].iter().chain(&average).all(|array| array.len() == count));
        assert_eq!(rows.len(), count);
        let arguments = [
            usize::from(numbers.is_adamw).into(),
            count.into(),
            rows.into(),
            gradients.into(),
            quantized.into(),
            parameters.into(),
            first.into(),
            second.into(),
            average.into(),
            numbers.learning_rate.into(),
            numbers.decay.into(),
            numbers.betas[0].into(),
            numbers.betas[1].into(),
            numbers.corrections[0].into(),
            numbers.corrections[1].into(),
            numbers.epsilon.into(),
            numbers.average[0].into(),
            numbers.average[1].into(),
        ];
        self.update.launch([count.div_ceil(UPDATE_THREADS), 1], UPDATE_THREADS, &arguments)
    }

    /// Quantizes parameters to integers of type f32. Sets `failed` to 1 if one of them is not finite.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn quantize(
        &self,
        parameters: Slice<'_, f32>,
        scales: Slice<'_, u32>,
        integers: Slice<'_, f32>,
        failed: Slice<'_, u32>,
    ) -> Result<(), CudaError> {
        assert!(integers.len() == parameters.len() && failed.len() == 1);
        assert!(scales.len().is_multiple_of(SCALE_WORDS));
        let arguments = [parameters.into(), scales.into(), integers.into(), failed.into()];
        self.quantize.launch([scales.len() / SCALE_WORDS, 1], QUANTIZE_THREADS, &arguments)
    }
}

fn assert_convolutions(
    images: Images<'_>,
    parameters: Slice<'_, f32>,
    requantizations: Option<Slice<'_, u32>>,
    pooled: Pooled<'_>,
) {
    let Images { levels, places, count, .. } = images;
    match places {
        Some(places) => assert!(places.len() >= count),
        None => assert!(levels.len() >= count * IMAGE_PIXELS),
    }
    assert!(parameters.len() >= CONV_PARAMETERS);
    assert_requantizations(requantizations, CONV1_CHANNELS + CONV2_CHANNELS);
    assert!(pooled.pooled1.len() >= count * POOL1_LEN && pooled.winners1.len() >= count * POOL1_LEN);
    assert!(pooled.pooled2.len() >= count * POOL2_LEN && pooled.winners2.len() >= count * POOL2_LEN);
}

fn assert_requantizations(requantizations: Option<Slice<'_, u32>>, channels: usize) {
    assert!(requantizations.is_none_or(|words| words.len() >= channels * REQUANTIZATION_WORDS));
}
