//! The metrics of each epoch on disk, written while a run trains: `metrics.jsonl` and, with `--csv`, `metrics.csv`.

use crate::train::EpochMetrics;
use lenet_infer::host::files;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The name of the JSON Lines file, with one object per epoch.
pub const JSON_LINES_FILE: &str = "metrics.jsonl";
/// The name of the CSV file, with a header and one row per epoch.
pub const CSV_FILE: &str = "metrics.csv";
const COLUMNS: [&str; 8] = [
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "held_out_loss",
    "held_out_accuracy",
];

/// The error when the metrics of an epoch could not be written.
#[derive(Debug, Error)]
#[error("{}: cannot be written: free some space there, or choose another folder with --out", path.display())]
pub struct EpochLogError {
    /// The file.
    pub path: PathBuf,
    /// The error of the file system.
    pub source: io::Error,
}

/// The open files, with one line per finished epoch.
#[derive(Debug)]
pub struct EpochLog {
    json_lines: LogFile,
    csv: Option<LogFile>,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
}

impl EpochLog {
    /// Creates the files in `folder` with the epochs in `history`, and replaces those of an earlier run. `csv` turns on
    /// the CSV file.
    ///
    /// # Errors
    ///
    /// Returns an [`EpochLogError`] if a file cannot be written.
    pub fn begin(folder: &Path, csv: bool, history: &[EpochMetrics]) -> Result<Self, EpochLogError> {
        let lines: Vec<u8> = history.iter().flat_map(json_line).collect();
        let json_lines = LogFile::create(folder.join(JSON_LINES_FILE), &lines)?;
        let table = || {
            let rows = history.iter().map(row);
            csv_bytes(std::iter::once(COLUMNS.map(str::to_owned)).chain(rows))
        };
        let csv = csv.then(|| LogFile::create(folder.join(CSV_FILE), &table())).transpose()?;
        Ok(Self { json_lines, csv })
    }

    /// Appends an epoch.
    ///
    /// # Errors
    ///
    /// Returns an [`EpochLogError`] if a file cannot be written.
    pub fn add(&mut self, epoch: &EpochMetrics) -> Result<(), EpochLogError> {
        self.json_lines.append(&json_line(epoch))?;
        match &mut self.csv {
            Some(file) => file.append(&csv_bytes([row(epoch)])),
            None => Ok(()),
        }
    }
}

impl LogFile {
    fn create(path: PathBuf, contents: &[u8]) -> Result<Self, EpochLogError> {
        let opened = files::replace(&path, |out| out.write_all(contents))
            .and_then(|()| File::options().append(true).open(&path));
        match opened {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(EpochLogError { path, source }),
        }
    }

    fn append(&mut self, line: &[u8]) -> Result<(), EpochLogError> {
        self.file.write_all(line).map_err(|source| EpochLogError { path: self.path.clone(), source })
    }
}

fn json_line(epoch: &EpochMetrics) -> Vec<u8> {
    let mut line = serde_json::to_vec(epoch).expect("plain numbers");
    line.push(b'\n');
    line
}

fn row(metrics: &EpochMetrics) -> [String; COLUMNS.len()] {
    let EpochMetrics { epoch, seconds, images_per_second, learning_rate, train, held_out } = metrics;
    let scores = [train.loss, train.accuracy, held_out.loss, held_out.accuracy];
    let [train_loss, train_accuracy, loss, accuracy] = scores.map(|number| number.to_string());
    [
        epoch.to_string(),
        seconds.to_string(),
        images_per_second.to_string(),
        learning_rate.to_string(),
        train_loss,
        train_accuracy,
        loss,
        accuracy,
    ]
}

fn csv_bytes(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("writing rows of equal length to memory");
    }
    writer.into_inner().expect("writing to memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    fn epoch(epoch: u32) -> EpochMetrics {
        EpochMetrics::example(epoch, 0.1 + 0.2)
    }

    #[test]
    fn both_files_have_one_line_per_epoch_and_a_resumed_run_continues_them() {
        let folder = tempdir().unwrap();
        let mut log = EpochLog::begin(folder.path(), true, &[]).unwrap();
        (1..=3).for_each(|number| log.add(&epoch(number)).unwrap());
        // The run was stopped after the checkpoint of the second epoch.
        let mut log = EpochLog::begin(folder.path(), true, &[epoch(1), epoch(2)]).unwrap();
        log.add(&epoch(3)).unwrap();
        let lines = fs::read_to_string(folder.path().join(JSON_LINES_FILE)).unwrap();
        let read: Vec<EpochMetrics> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, [epoch(1), epoch(2), epoch(3)]);
        let table = fs::read_to_string(folder.path().join(CSV_FILE)).unwrap();
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows[0], COLUMNS.join(","));
        assert_eq!(rows[3], "3,1.5,100,0.001,0.30000000000000004,0.75,0.30000000000000004,0.75");
        assert_eq!(rows.len(), 4);
    }

    #[test]
    fn without_the_flag_there_is_no_csv_file() {
        let folder = tempdir().unwrap();
        EpochLog::begin(folder.path(), false, &[]).unwrap();
        assert!(!folder.path().join(CSV_FILE).exists());
    }
}
