//! Gives the linker the board's memory map.

fn main() {
    linker::cortex_m("rpi-pico");
}
