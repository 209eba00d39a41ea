//! What a run prints before it trains.

use super::config::RunConfig;
use crate::data::Preparation;
use crate::train::recipe::{Schedule, Settings};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_SIDE, CONV2_CHANNELS, CONV2_SIDE, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_CHANNELS,
    IMAGE_SIDE, POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};

/// Describes a run: its data, device, recipe, settings and folder.
pub(crate) fn banner(run: &RunConfig, folder: &str, threads: usize) -> String {
    let data = &run.data;
    let mut text = format!(
        "lenet-train {}\n\
         data     {}: {}{} classes, {} training images, {} validation images, {} test images\n\
         device   {}{}, {threads} threads",
        run.version,
        data.contents,
        match data.pictures {
            None => "",
            Some(Preparation::Prepared) => "prepared pictures of ",
            Some(Preparation::AsIs) => "stretched pictures of ",
        },
        data.classes.len(),
        data.train_images,
        data.validation_images,
        data.test_images,
        run.machine.device.name(),
        run.machine.gpu_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default(),
    );
    if let Some(arithmetic) = run.machine.arithmetic {
        text += &format!(", {arithmetic}");
    }
    text += &format!(
        "\nrecipe   {}\n         {}\nfolder   {folder}",
        run.training.title(),
        describe_settings(&run.training)
    );
    text
}

/// Describes the settings of a training run. Those that are turned off are left out.
fn describe_settings(settings: &Settings) -> String {
    let schedule = match settings.schedule {
        Schedule::Constant => "constant",
        Schedule::Cosine => "cosine",
    };
    let mut text = format!(
        "{} epochs, batch {}, {}, learning rate {} {schedule}, weight decay {}",
        settings.epochs,
        settings.batch_size,
        settings.rule.algorithm,
        settings.learning_rate,
        settings.rule.weight_decay
    );
    let augment = &settings.augment;
    for (name, number) in [
        ("warm-up epochs", f64::from(settings.warmup_epochs)),
        ("label smoothing", settings.label_smoothing),
        ("hands", settings.mix.hands),
        ("world", settings.mix.world),
        ("non-digits", settings.mix.non_digits),
        ("decay of the weight average", settings.ema_decay),
        ("quantization-aware epochs", f64::from(settings.qat_epochs)),
        ("early-stopping patience", f64::from(settings.early_stop)),
        ("rotation", augment.rotation),
        ("shift", augment.shift),
        ("scale", augment.scale),
        ("shear", augment.shear),
        ("elastic", augment.elastic),
        ("stroke", augment.stroke),
    ] {
        if number != 0.0 {
            text += &format!(", {name} {number}");
        }
    }
    text + &format!(", seed {}, {} bits", settings.seed, settings.bits)
}

/// Describes one image on its way through the untrained network: the shape after each layer, and the logits.
pub(crate) fn untrained(logits: &[f32]) -> String {
    let classes = logits.len();
    let logits: Vec<String> = logits.iter().map(|logit| format!("{logit:.4}")).collect();
    format!(
        "one image through the untrained network:\n\
         image {IMAGE_CHANNELS}x{IMAGE_SIDE}x{IMAGE_SIDE}\n\
         conv1 {CONV1_CHANNELS}x{CONV1_SIDE}x{CONV1_SIDE}, pooled {CONV1_CHANNELS}x{POOL1_SIDE}x{POOL1_SIDE}\n\
         conv2 {CONV2_CHANNELS}x{CONV2_SIDE}x{CONV2_SIDE}, pooled {CONV2_CHANNELS}x{POOL2_SIDE}x{POOL2_SIDE}, \
         flattened {POOL2_LEN}\n\
         fc1   {FC1_OUTPUTS}\n\
         fc2   {FC2_OUTPUTS}\n\
         fc3   {classes}: {}",
        logits.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::recipe::Recipe;

    #[test]
    fn settings_that_are_turned_off_are_left_out() {
        assert_eq!(
            describe_settings(&Recipe::Default.settings()),
            "60 epochs, batch 128, adamw, learning rate 0.003 cosine, weight decay 0.2, seed 0, 8 bits"
        );
        let best = describe_settings(&Recipe::Best.settings());
        assert!(best.contains(", quantization-aware epochs 20, rotation 12, shift 2, scale 0.12"), "{best}");
    }
}
