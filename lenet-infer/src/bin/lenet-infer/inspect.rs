//! `lenet-infer inspect`: prints the contents of a model file.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use lenet_core::Requant;
use lenet_core::format::{CRC_BYTES, FORMAT_VERSION, HEADER_BYTES, MAGIC};
use lenet_core::shape::{IMAGE_PIXELS, macs, parameters};
use lenet_infer::{Metadata, ModelFile, RAM_BYTES};
use serde_json::{Value, json};

use crate::scale::{Layer, layers};
use crate::text::{STDOUT, odds, percent, printable, thousands};
use lenet_infer::host::evaluation::{CONFIDENCE_STEPS, logit_scale};

pub(crate) fn run(name: &str, file: &ModelFile<'_>, json: bool, out: &mut impl Write) -> Result<ExitCode> {
    let written = if json { writeln!(out, "{}", object(name, file)) } else { print(out, name, file) };
    written.context(STDOUT)?;
    Ok(ExitCode::SUCCESS)
}

fn object(name: &str, file: &ModelFile<'_>) -> Value {
    let ModelFile { bytes, model, metadata, .. } = file;
    let Metadata { dataset, recipe, seed, validation_correct, validation_images, activation_ranges, .. } =
        *metadata;
    json!({
        "model": name,
        "magic": magic(),
        "version": FORMAT_VERSION,
        "body_bytes": body_bytes(file),
        "crc32": format!("{:08x}", file.crc()),
        "dataset": dataset,
        "recipe": recipe,
        "seed": seed,
        "classes": model.classes(),
        "class_names": class_names(metadata),
        "confidence_threshold": model.confidence().threshold,
        "validation_correct": validation_correct,
        "validation_images": validation_images,
        "layers": layers(model, activation_ranges).iter().map(layer_object).collect::<Vec<_>>(),
        "nats_per_logit": logit_scale(model),
        "parameters": parameters(model.classes()),
        "multiply_accumulates": macs(model.classes()),
        "flash_bytes": bytes.len(),
        "ram_bytes": RAM_BYTES,
        "image_bytes": IMAGE_PIXELS,
    })
}

fn layer_object(layer: &Layer) -> Value {
    json!({
        "name": layer.name,
        "shape": layer.shape,
        "weights": layer.weights,
        "weight_bits": layer.weight_bits,
        "activation_bits": layer.activation_bits,
        "bytes": layer.bytes,
        "weight_scale": layer.weight_scale,
        "output_scale": layer.output_scale,
        "multiplier": range(&layer.requants, Requant::multiplier),
        "pre_shift": range(&layer.requants, Requant::pre_shift),
    })
}

/// Bytes between the header and the checksum.
const fn body_bytes(file: &ModelFile<'_>) -> usize {
    file.bytes.len() - HEADER_BYTES - CRC_BYTES
}

fn print(out: &mut impl Write, name: &str, file: &ModelFile<'_>) -> io::Result<()> {
    let ModelFile { bytes, model, metadata, .. } = file;
    let Metadata { dataset, recipe, seed, activation_ranges, .. } = *metadata;
    let size = thousands(bytes.len() as u64);
    writeln!(out, "model         {}", printable(name))?;
    writeln!(
        out,
        "header        magic {}, format version {}, body of {} bytes, CRC-32 {:08x}",
        magic(),
        FORMAT_VERSION,
        thousands(body_bytes(file) as u64),
        file.crc()
    )?;
    let [dataset, recipe] = [dataset, recipe].map(printable);
    writeln!(out, "trained on    {dataset}, {} classes, recipe {recipe}, seed {seed}", model.classes())?;
    let names = class_names(metadata);
    if !names.is_empty() {
        writeln!(out, "class names   {}", printable(&names.join(", ")))?;
    }
    writeln!(out, "validation    {}", validation(metadata))?;
    writeln!(out, "confident     {}", confident(model.confidence().threshold))?;
    writeln!(out)?;
    print_layers(out, &layers(model, activation_ranges))?;
    writeln!(out)?;
    writeln!(out, "logit unit    {:.3e} nats", logit_scale(model))?;
    writeln!(
        out,
        "network       {} parameters, {} multiply-accumulates per image",
        thousands(parameters(model.classes()) as u64),
        thousands(macs(model.classes()) as u64)
    )?;
    writeln!(out, "flash         {size} bytes, the whole file")?;
    writeln!(
        out,
        "RAM           {} bytes of activations, beside the image's {IMAGE_PIXELS}",
        thousands(RAM_BYTES as u64)
    )
}

fn print_layers(out: &mut impl Write, layers: &[Layer]) -> io::Result<()> {
    writeln!(
        out,
        "{:<6} {:<22} {:>7} {:>4} {:>7}  {:<21} {:>12}  {:<15} pre-shift",
        "layer", "shape", "weights", "bits", "bytes", "weight scale", "output scale", "multiplier"
    )?;
    for layer in layers {
        let scales = match layer.weight_scale {
            Some([low, high]) if low == high => format!("{low:.2e}"),
            Some([low, high]) => format!("{low:.2e} to {high:.2e}"),
            None => "unknown".to_owned(),
        };
        writeln!(
            out,
            "{:<6} {:<22} {:>7} {:>4} {:>7}  {scales:<21} {:>12.2e}  {:<15} {}",
            layer.name,
            layer.shape,
            thousands(layer.weights as u64),
            layer.weight_bits,
            thousands(layer.bytes as u64),
            layer.output_scale,
            in_words(range(&layer.requants, Requant::multiplier)),
            in_words(range(&layer.requants, Requant::pre_shift)),
        )?;
    }
    Ok(())
}

/// The names of the classes in order; empty if the model names none.
fn class_names<'a>(metadata: &Metadata<'a>) -> Vec<&'a str> {
    (0..u8::MAX).map_while(|class| metadata.class_name(class)).collect()
}

fn magic() -> String {
    String::from_utf8_lossy(&MAGIC).into_owned()
}

fn validation(metadata: &Metadata<'_>) -> String {
    let (correct, images) = (metadata.validation_correct, metadata.validation_images);
    if images == 0 {
        return "no images were held out".to_owned();
    }
    let accuracy = percent(f64::from(correct) / f64::from(images));
    format!("{accuracy} ({} of {} images)", thousands(correct.into()), thousands(images.into()))
}

fn confident(threshold: u16) -> String {
    if threshold == 0 {
        return "always: the model has no threshold".to_owned();
    }
    let nats = f64::from(threshold) / CONFIDENCE_STEPS;
    format!("from {threshold} up ({nats:.1} nats, odds of {})", odds(threshold))
}

/// The smallest and the largest value of a field; `None` without requantizations.
fn range<T: Ord>(requants: &[Requant], field: impl Fn(Requant) -> T) -> Option<[T; 2]> {
    let values = || requants.iter().map(|requant| field(*requant));
    Some([values().min()?, values().max()?])
}

fn in_words<T: Into<u64>>(range: Option<[T; 2]>) -> String {
    match range.map(|ends| ends.map(Into::into)) {
        Some([low, high]) if low == high => low.to_string(),
        Some([low, high]) => format!("{low} to {high}"),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_told_by_its_ends() {
        let requants = [(40_000, 3), (33_000, 3), (65_000, 3)].map(|(m, s)| Requant::new(m, s).unwrap());
        assert_eq!(in_words(range(&requants, Requant::multiplier)), "33000 to 65000");
        assert_eq!(in_words(range(&requants, Requant::pre_shift)), "3");
        assert_eq!(in_words(range(&[], Requant::pre_shift)), "none");
    }

    #[test]
    fn the_validation_split_is_told_even_when_there_was_none() {
        let mut metadata = lenet_infer::SHIPPED.metadata;
        (metadata.validation_correct, metadata.validation_images) = (4_965, 5_000);
        assert_eq!(validation(&metadata), "99.30 % (4,965 of 5,000 images)");
        metadata.validation_images = 0;
        assert_eq!(validation(&metadata), "no images were held out");
    }
}
