//! The files: written whole, readable, and errors that name them.

use std::{fs, io};

use super::{synthetic, synthetic_metrics};
use crate::report::{ReportError, write, write_metrics};
use crate::run::metrics::Metrics;

#[test]
fn the_files_are_written_whole_and_nothing_is_left_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic(2);
    write(&folder.path().join("report.html"), &run.inputs()).unwrap();
    write_metrics(&folder.path().join("metrics.json"), &run.metrics).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["metrics.json", "report.html"]);
    assert_eq!(fs::read_to_string(folder.path().join("report.html")).unwrap(), run.page());
}

#[test]
fn metrics_json_reads_back_and_holds_the_derived_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.json");
    let metrics = synthetic_metrics(2);
    write_metrics(&path, &metrics).unwrap();
    let json = fs::read(&path).unwrap();
    assert_eq!(serde_json::from_slice::<Metrics>(&json).unwrap(), metrics);
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["result"]["f32_accuracy"], 0.991);
    assert_eq!(value["result"]["integer_accuracy"], 0.99);
    assert_eq!(value["result"]["recall"][4], 0.99);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("report.html");
    let run = synthetic(1);
    let page = write(&path, &run.inputs()).unwrap_err();
    assert!(page.to_string().contains(&path.display().to_string()), "{page}");
    let metrics = write_metrics(&path, &run.metrics).unwrap_err();
    assert!(matches!(metrics, ReportError::Write { source, .. } if source.kind() == io::ErrorKind::NotFound));
}
