//! Gives the linker the board's memory map.

fn main() {
    linker::cortex_m("nrf54l15-dk");
}
