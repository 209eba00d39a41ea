//! The headline, and what each layer costs.

use maud::{Markup, Render, html};

use crate::eval::check::FinalTable;
use crate::report::{SizeRow, markup, text};
use crate::run::metrics::Metrics;

/// The heading, the result in a sentence, and the figures that matter most.
pub(super) fn header(metrics: &Metrics) -> Markup {
    let (run, result) = (&metrics.run, &metrics.result);
    let (training, data) = (&run.training, &run.data);
    let points = (result.integer_accuracy() - result.f32_accuracy()) * 100.0;
    let device = run.machine.gpu_name.as_deref().unwrap_or(run.machine.device.name());
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
        (
            "training time",
            text::duration(metrics.training_seconds()),
            format!("{} epochs", metrics.epochs.len()),
        ),
        (
            "data set",
            text::dataset_title(&data.contents).into(),
            format!("{} training images", text::size(data.train_images)),
        ),
        ("recipe", training.title(), training.rule.algorithm.to_string()),
        ("seed", training.seed.to_string(), format!("device: {device}")),
    ];
    html! {
        header {
            h1 { "LeNet on " (text::dataset_title(&data.contents)) }
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
