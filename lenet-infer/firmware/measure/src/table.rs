//! The committed figures, in the file `size.tsv`.

use anyhow::{Context, Result, bail};
use std::fmt::Write;

/// The names of the figures, in the order of the columns.
pub(crate) const FIGURES: [&str; 7] =
    ["text", "rodata", "data+bss", "stack", "instructions", "cycles", "flash"];
/// The names of the columns before the figures.
const KEYS: [&str; 4] = ["target", "board", "model", "opt-level"];
/// How much a figure may grow before the table must be updated, in percent.
const TOLERANCE: u64 = 1;

/// The figures that were measured on one board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Target, board, how the model is decoded, and optimization level.
    pub(crate) keys: [String; KEYS.len()],
    pub(crate) figures: [u64; FIGURES.len()],
}

impl Row {
    /// Returns the name of the board.
    pub(crate) fn board(&self) -> &str {
        let [_, board, ..] = &self.keys;
        board
    }
}

/// Returns the table as text.
pub(crate) fn print(rows: &[Row]) -> String {
    let mut text = [&KEYS[..], &FIGURES].concat().join("\t") + "\n";
    for Row { keys, figures } in rows {
        let figures = figures.map(|figure| figure.to_string());
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}\t{}", keys.join("\t"), figures.join("\t"));
    }
    text
}

/// Reads a table from text.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>> {
    let mut lines = text.lines();
    let header = [&KEYS[..], &FIGURES].concat().join("\t");
    if lines.next() != Some(&header) {
        bail!("line 1: expected the columns {header:?}");
    }
    lines
        .zip(2..)
        .map(|(line, number)| row(line).with_context(|| format!("line {number}: {line:?}")))
        .collect()
}

fn row(line: &str) -> Result<Row> {
    let fields: Vec<_> = line.split('\t').collect();
    let Some((keys, figures)) = fields.split_first_chunk() else { bail!("expected {} columns", KEYS.len()) };
    let figures = figures.iter().map(|figure| figure.parse()).collect::<Result<Vec<_>, _>>();
    let figures = figures.context("a figure is no number")?.try_into().ok();
    let figures = figures.with_context(|| format!("expected {} figures", FIGURES.len()))?;
    Ok(Row { keys: keys.map(str::to_owned), figures })
}

/// Returns the differences that are not allowed: rows that are only in one table, and figures that grew.
pub(crate) fn complaints(committed: &[Row], measured: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    let find = |rows: &[Row], keys| rows.iter().find(|row| row.keys == keys).cloned();
    for row in committed {
        if find(measured, row.keys.clone()).is_none() {
            complaints.push(format!("{} is in the table, but was not measured", row.keys.join(" ")));
        }
    }
    for row in measured {
        let name = row.keys.join(" ");
        let Some(known) = find(committed, row.keys.clone()) else {
            complaints.push(format!("{name} was measured, but is not in the table"));
            continue;
        };
        for ((figure, was), is) in FIGURES.iter().zip(known.figures).zip(row.figures) {
            if is * 100 > was * (100 + TOLERANCE) {
                complaints.push(format!("{name}: {figure} grew from {was} to {is}"));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(instructions: u64) -> Vec<Row> {
        let keys = ["thumbv6m-none-eabi", "microbit", "included", "3"].map(str::to_owned);
        vec![Row { keys, figures: [3_500, 20, 2_000, 200, instructions, 1_200_000, 500_000] }]
    }

    #[test]
    fn a_printed_table_reads_as_it_was() {
        assert_eq!(parse(&print(&table(900_000))).unwrap(), table(900_000));
    }

    #[test]
    fn a_damaged_table_is_an_error() {
        let text = print(&table(900_000));
        for damaged in
            [text.replace("stack", "heap"), text.replace("\t200\t", "\t"), text.replace("3500", "many")]
        {
            assert!(parse(&damaged).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn a_figure_may_grow_by_one_percent() {
        assert!(complaints(&table(900_000), &table(909_000)).is_empty());
        assert!(complaints(&table(900_000), &table(800_000)).is_empty());
        let found = complaints(&table(900_000), &table(909_001));
        assert_eq!(
            found,
            ["thumbv6m-none-eabi microbit included 3: instructions grew from 900000 to 909001"]
        );
    }

    #[test]
    fn both_tables_have_the_same_rows() {
        assert_eq!(complaints(&table(1), &[]).len(), 1);
        assert_eq!(complaints(&[], &table(1)).len(), 1);
    }
}
