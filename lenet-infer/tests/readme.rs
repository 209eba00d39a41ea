//! The README's figures are those of the committed measurements.

use std::fs;
use std::path::Path;

/// The cores of the README's table, each with the board of `size.tsv` on which it was measured.
const CORES: [(&str, &str); 7] = [
    ("Cortex-M0, M0+", "microbit"),
    ("Cortex-M3", "lm3s6965evb"),
    ("Cortex-M4", "mps2-an386"),
    ("Cortex-M7", "mps2-an500"),
    ("Cortex-M33", "mps2-an505"),
    ("Cortex-M55", "mps3-an547"),
    ("RV32IMC", "virt"),
];

/// Those of them that have small kernels.
const SMALL_CORES: usize = 5;

/// What was measured on a board with a model, such as the one `included` in the program or `decoded` at run time.
#[derive(Clone, Copy)]
struct Figures {
    code: u64,
    ram: u64,
    instructions: u64,
    cycles: u64,
}

impl Figures {
    fn find(sizes: &str, board: &str, model: &str) -> Self {
        let mut lines = sizes.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let names = lines.next().expect("size.tsv has a head");
        let column = |name| names.iter().position(|found| *found == name).expect("size.tsv has the column");
        let row = lines.find(|row| row[column("board")] == board && row[column("model")] == model);
        let row = row.expect("size.tsv has the row");
        let figure = |name| row[column(name)].parse::<u64>().expect("a figure is a number");
        Self {
            code: figure("text") + figure("rodata"),
            ram: figure("data+bss") + figure("stack"),
            instructions: figure("instructions"),
            cycles: figure("cycles"),
        }
    }
}

/// Groups the digits of a number below a billion. 0 stands for what was not measured.
fn grouped(number: u64) -> String {
    match (number / 1_000_000, number / 1_000 % 1_000, number % 1_000) {
        (0, 0, 0) => "-".to_owned(),
        (0, 0, ones) => format!("{ones}"),
        (0, thousands, ones) => format!("{thousands},{ones:03}"),
        (millions, thousands, ones) => format!("{millions},{thousands:03},{ones:03}"),
    }
}

/// The README and `size.tsv`.
fn readme_and_sizes() -> [String; 2] {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["README.md", "firmware/size.tsv"]
        .map(|file| fs::read_to_string(package.join(file)).expect("the file is in the repository"))
}

/// A row of a table.
fn row(core: &str, figures: &[u64]) -> String {
    format!("| {core} | {} |", figures.iter().copied().map(grouped).collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_table_of_cores_is_that_of_size_tsv() {
    let [readme, sizes] = readme_and_sizes();
    let rows = CORES.map(|(core, board)| {
        let [included, int4, ternary, decoded, compact] =
            ["included", "int4", "ternary", "decoded", "compact"]
                .map(|model| Figures::find(&sizes, board, model));
        let speed = [included, int4, ternary].map(|model| [model.instructions, model.cycles]);
        let figures =
            [speed.as_flattened(), &[included.code, decoded.code, included.ram, compact.ram]].concat();
        row(core, &figures)
    });
    let rows = rows.join("\n");
    assert!(readme.contains(&rows), "expected these rows in lenet-infer/README.md:\n{rows}");
}

#[test]
fn the_table_of_small_builds_is_that_of_size_tsv() {
    let [readme, sizes] = readme_and_sizes();
    let rows = CORES[..SMALL_CORES].iter().map(|(core, board)| {
        let small = Figures::find(&sizes, board, "small");
        row(core, &[small.code, small.ram, small.instructions, small.cycles])
    });
    let rows = rows.collect::<Vec<_>>().join("\n");
    assert!(readme.contains(&rows), "expected these rows in lenet-infer/README.md:\n{rows}");
}
