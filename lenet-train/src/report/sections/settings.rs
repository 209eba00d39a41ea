//! What was run: every setting of the run, its data, its teachers and its machine.

use maud::{Markup, html};

use super::curves::held_out_name;
use crate::report::{markup, text};
use crate::run::metrics::Metrics;
use crate::train::recipe::described;

/// The section with all of the run's description.
pub(super) fn section(metrics: &Metrics) -> Markup {
    let run = &metrics.run;
    let exported = match metrics.exported_epoch {
        Some(epoch) if run.training.early_stop > 0 => {
            format!("epoch {epoch}, with the lowest {} loss", held_out_name(run.held_out()))
        }
        Some(epoch) => format!("epoch {epoch}, the last"),
        None => "imported weights".to_owned(),
    };
    let mut summary = vec![
        ("recipe".to_owned(), run.training.title()),
        ("epochs done".to_owned(), metrics.epochs.len().to_string()),
        ("weights exported".to_owned(), exported),
        ("scored after each epoch".to_owned(), format!("the {} images", held_out_name(run.held_out()))),
        ("training time".to_owned(), text::duration(metrics.training_seconds())),
        ("version of lenet-train".to_owned(), run.version.clone()),
    ];
    for teacher in &run.teachers {
        summary.push(("teacher".to_owned(), teacher.folder.display().to_string()));
    }
    if let Some(imported) = &run.imported {
        summary.push(("imported from".to_owned(), imported.file.display().to_string()));
    }
    if let Some(quantized) = &run.quantized_from {
        summary.push(("quantized from the run in".to_owned(), quantized.run.display().to_string()));
    }
    summary.extend(described(&run.machine));
    let classes = ("classes".to_owned(), run.data.classes.len().to_string());
    let data = described(&run.data).filter(|(name, _)| name != "classes").chain([classes]).collect();
    let training = described(&run.training).filter(|(name, _)| name != "recipe").collect();
    let body = html! {
        div.grid {
            (table("Run", summary))
            (table("Training", training))
            (table("Data", data))
        }
    };
    markup::section("settings", "Settings", "What was run, and on what: the contents of run.toml.", body)
}

fn table(name: &str, rows: Vec<(String, String)>) -> Markup {
    html! {
        figure {
            h3 { (name) }
            table.settings { tbody { @for (name, value) in rows { (markup::row(&name, &[value])) } } }
        }
    }
}
