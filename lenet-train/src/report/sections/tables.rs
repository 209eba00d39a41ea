//! The headline and the tables.

use maud::{Markup, Render, html};

use super::curves::held_out_name;
use crate::eval::check::FinalTable;
use crate::report::{SizeRow, markup, text};
use crate::run::metrics::Metrics;

/// The heading, the result in a sentence, and the figures that matter most.
pub(super) fn header(metrics: &Metrics) -> Markup {
    let (settings, result) = (&metrics.settings, &metrics.result);
    let points = (result.integer_accuracy() - result.f32_accuracy()) * 100.0;
    let tiles: [(&str, String, String); 10] = [
        (
            "integer accuracy",
            text::percent(result.integer_accuracy(), 2),
            "test set, the exported file".into(),
        ),
        ("f32 accuracy", text::percent(result.f32_accuracy(), 2), "test set, before quantization".into()),
        ("integer − f32", text::signed(points), "percentage points".into()),
        (
            "predictions that differ",
            text::size(result.differing),
            format!("of {} test images", text::size(result.images)),
        ),
        ("model file", kibibytes(result.flash_bytes), format!("{} bytes", text::size(result.flash_bytes))),
        ("RAM", format!("{} B", text::size(result.ram_bytes)), "of the engine, beside the image".into()),
        ("run time", text::duration(result.run_seconds), format!("{} epochs", metrics.epochs.len())),
        (
            "data set",
            text::dataset_title(&settings.dataset).into(),
            format!("{} training images", text::size(settings.train_images)),
        ),
        ("recipe", settings.recipe.clone(), settings.optimizer.clone()),
        ("seed", settings.seed.to_string(), format!("device: {}", settings.device)),
    ];
    html! {
        header {
            h1 { "LeNet on " (text::dataset_title(&settings.dataset)) }
            p.lead {
                "Of " (text::size(result.images)) " test images, the exported integer file classifies "
                (text::size(result.integer_correct)) " correctly and the f32 network "
                (text::size(result.f32_correct)) "."
            }
            dl.tiles {
                @for (name, figure, note) in &tiles {
                    div { dt { (name) } dd { (figure) small { (note) } } }
                }
            }
        }
    }
}

/// The section with the cost of each layer.
pub(super) fn sizes_section(sizes: &[SizeRow], result: &FinalTable) -> Markup {
    let total = |field: fn(&SizeRow) -> usize| sizes.iter().map(field).sum::<usize>();
    let layers = SizeRow {
        layer: "all layers".into(),
        weights: total(|size| size.weights),
        weight_bytes: total(|size| size.weight_bytes),
        bias_bytes: total(|size| size.bias_bytes),
        requant_bytes: total(|size| size.requant_bytes),
    };
    let rest = result.flash_bytes.saturating_sub(bytes(&layers));
    let body = html! {
        tbody { @for size in sizes { (size_row(size)) } }
        tfoot {
            (size_row(&layers))
            (last_cell("header, metadata, checksum", rest))
            (last_cell("model file", result.flash_bytes))
        }
    };
    // A narrow screen breaks the long word at its soft hyphen.
    let columns =
        ["layer", "weights", "weight bytes", "bias bytes", "requanti\u{ad}zation bytes", "total bytes"];
    let lead = format!(
        "The engine reads the file in place from flash. It needs {} bytes of RAM for every image, beside the image itself.",
        text::size(result.ram_bytes)
    );
    markup::section("sizes", "Size", lead, markup::table(&columns, body))
}

/// The section that says what was run.
pub(super) fn settings_section(metrics: &Metrics) -> Markup {
    let settings = &metrics.settings;
    let rows = [
        ("recipe", settings.recipe.clone()),
        ("data set", settings.dataset.clone()),
        ("training images", text::size(settings.train_images)),
        ("validation images", text::size(settings.validation_images)),
        ("scored after each epoch", format!("the {} images", held_out_name(metrics.held_out))),
        ("optimizer", settings.optimizer.clone()),
        ("peak learning rate", settings.learning_rate.to_string()),
        ("batch size", format!("{} images", settings.batch_size)),
        ("epochs", format!("{} of {}", metrics.epochs.len(), settings.epochs)),
        ("bits per weight", settings.bits.to_string()),
        ("seed", settings.seed.to_string()),
        ("device", settings.device.clone()),
        ("threads", settings.threads.to_string()),
        ("run time", text::duration(metrics.result.run_seconds)),
    ];
    let body = html! {
        table.settings { tbody { @for (name, value) in rows { (markup::row(name, &[value])) } } }
    };
    markup::section("settings", "Settings", "What was run, and on what.", body)
}

fn bytes(size: &SizeRow) -> usize {
    size.weight_bytes + size.bias_bytes + size.requant_bytes
}

fn size_row(size: &SizeRow) -> Markup {
    let cells = [size.weights, size.weight_bytes, size.bias_bytes, size.requant_bytes, bytes(size)];
    markup::row(&size.layer, &cells.map(text::size))
}

fn last_cell(name: impl Render, bytes: usize) -> Markup {
    html! { tr { th scope="row" colspan="5" { (name) } td { (text::size(bytes)) } } }
}

fn kibibytes(bytes: usize) -> String {
    format!("{:.1} KiB", bytes as f64 / 1024.0)
}
