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

#[test]
fn the_table_of_cores_is_that_of_size_tsv() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [readme, sizes] = ["README.md", "firmware/size.tsv"]
        .map(|file| fs::read_to_string(package.join(file)).expect("the file is in the repository"));
    let rows = CORES.map(|(core, board)| {
        let [included, int4, ternary, decoded, compact] =
            ["included", "int4", "ternary", "decoded", "compact"]
                .map(|model| Figures::find(&sizes, board, model));
        let speed = [included, int4, ternary].map(|model| [model.instructions, model.cycles]);
        let figures =
            [speed.as_flattened(), &[included.code, decoded.code, included.ram, compact.ram]].concat();
        format!("| {core} | {} |", figures.into_iter().map(grouped).collect::<Vec<_>>().join(" | "))
    });
    let rows = rows.join("\n");
    assert!(readme.contains(&rows), "expected these rows in lenet-infer/README.md:\n{rows}");
}
