//! The headline and the tables.

use super::curves::held_out_name;
use super::{SizeRow, text};
use crate::eval::check::FinalTable;
use crate::run::metrics::Metrics;

/// The heading, the result in a sentence, and the figures that matter most.
pub(super) fn header(metrics: &Metrics) -> String {
    let (run, result) = (&metrics.run, &metrics.result);
    let (training, data) = (&run.training, &run.data);
    let dataset = text::escape(&data.contents);
    let points = (result.integer_accuracy() - result.f32_accuracy()) * 100.0;
    let tiles = [
        (
            "integer accuracy",
            text::percent(result.integer_accuracy(), 2),
            "test set, the exported file".into(),
        ),
        ("f32 accuracy", text::percent(result.f32_accuracy(), 2), "test set, before quantization".into()),
        (
            "difference",
            if points.is_finite() { signed(points) } else { text::NONE.into() },
            "percentage points".into(),
        ),
        (
            "predictions that differ",
            text::size(result.differing),
            format!("of {} test images", text::size(result.images)),
        ),
        ("model file", kibibytes(result.flash_bytes), format!("{} bytes", text::size(result.flash_bytes))),
        ("RAM", format!("{} B", text::size(result.ram_bytes)), "scratch arena of the engine".into()),
        (
            "training time",
            text::duration(metrics.training_seconds()),
            format!("{} epochs", metrics.epochs.len()),
        ),
        ("data set", dataset.clone(), format!("{} training images", text::size(data.train_images))),
        ("recipe", text::escape(&training.title()), training.rule.algorithm.to_string()),
        ("seed", training.seed.to_string(), run.machine.device.name().to_owned()),
    ];
    let tiles: String = tiles
        .iter()
        .map(|(name, figure, note)| {
            format!("<div><dt>{name}</dt><dd>{figure}<small>{note}</small></dd></div>\n")
        })
        .collect();
    format!(
        "<header>\n<h1>LeNet on {title}</h1>\n<p class=\"lead\">The exported integer file classifies {correct} of \
         {images} test images correctly, the f32 network {f32_correct}.</p>\n<dl class=\"tiles\">\n{tiles}</dl>\n\
         </header>\n",
        title = text::dataset_title(&data.contents),
        correct = text::size(result.integer_correct),
        images = text::size(result.images),
        f32_correct = text::size(result.f32_correct),
    )
}

/// The section with the cost of each layer.
pub(super) fn sizes_section(sizes: &[SizeRow], result: &FinalTable) -> String {
    let head =
        text::head_row(&["layer", "weights", "weight bytes", "bias bytes", "requantization bytes", "bytes"]);
    let total = |field: fn(&SizeRow) -> usize| sizes.iter().map(field).sum::<usize>();
    let rows: String = sizes.iter().map(|size| size_row(&text::escape(&size.layer), size)).collect();
    let layers = SizeRow {
        layer: "all layers".into(),
        weights: total(|size| size.weights),
        weight_bytes: total(|size| size.weight_bytes),
        bias_bytes: total(|size| size.bias_bytes),
        requant_bytes: total(|size| size.requant_bytes),
    };
    let rest = result.flash_bytes.saturating_sub(bytes(&layers));
    let foot = size_row(&layers.layer, &layers)
        + &last_cell("header, metadata, checksum", rest)
        + &last_cell("model file", result.flash_bytes);
    let body = format!(
        "<div class=\"scroll\"><table class=\"figures\">\n{head}<tbody>\n{rows}</tbody>\n\
         <tfoot>\n{foot}</tfoot></table></div>\n"
    );
    let lead = format!(
        "The file is read in place from flash. Beside it the engine needs {} bytes of RAM, whatever the image.",
        text::size(result.ram_bytes)
    );
    text::section("sizes", "Size", &lead, &body)
}

/// The section that says what was run.
pub(super) fn settings_section(metrics: &Metrics) -> String {
    let run = &metrics.run;
    let (training, data) = (&run.training, &run.data);
    let rows = [
        ("recipe", text::escape(&training.title())),
        ("data set", text::escape(&data.contents)),
        ("training images", text::size(data.train_images)),
        ("validation images", text::size(data.validation_images)),
        ("scored after each epoch", format!("{} split", held_out_name(run.held_out()))),
        ("optimizer", training.rule.algorithm.to_string()),
        ("peak learning rate", training.learning_rate.to_string()),
        ("batch size", training.batch_size.to_string()),
        ("epochs", format!("{} of {}", metrics.epochs.len(), training.epochs)),
        ("seed", training.seed.to_string()),
        ("device", run.machine.device.name().to_owned()),
        ("training time", text::duration(metrics.training_seconds())),
    ];
    let rows: String = rows.into_iter().map(|(name, value)| text::row(name, &[value])).collect();
    let body = format!("<table class=\"settings\"><tbody>\n{rows}</tbody></table>\n");
    text::section("settings", "Settings", "What was run, and on what.", &body)
}

fn bytes(size: &SizeRow) -> usize {
    size.weight_bytes + size.bias_bytes + size.requant_bytes
}

fn size_row(layer: &str, size: &SizeRow) -> String {
    let cells = [size.weights, size.weight_bytes, size.bias_bytes, size.requant_bytes, bytes(size)];
    text::row(layer, &cells.map(text::size))
}

fn last_cell(name: &str, bytes: usize) -> String {
    format!("<tr><th scope=\"row\" colspan=\"5\">{name}</th><td>{}</td></tr>\n", text::size(bytes))
}

fn kibibytes(bytes: usize) -> String {
    format!("{:.1} KiB", bytes as f64 / 1024.0)
}

/// Two decimals and always a sign, which is a true minus sign.
fn signed(value: f64) -> String {
    let magnitude = format!("{:.2}", value.abs());
    match magnitude.as_str() {
        "0.00" => "0.00".into(),
        _ if value < 0.0 => format!("−{magnitude}"),
        _ => format!("+{magnitude}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_carries_its_sign() {
        assert_eq!([-0.03, -0.001, 0.0, 0.02].map(signed), ["−0.03", "0.00", "0.00", "+0.02"]);
    }
}
