//! Gives the linker the board's memory map.

fn main() {
    linker::cortex_m("nucleo-n657x0-q");
}
