//! Gives the linker the memory map of the board that the features choose, and the runner its chip.

fn main() {
    let (board, chip) = match ["NRF52840_DK", "MICROBIT_V2"].map(linker::has_feature) {
        [true, false] => ("nrf52840-dk", "nRF52840_xxAA"),
        [false, true] => ("microbit-v2", "nRF52833_xxAA"),
        _ => {
            panic!("choose one board: nothing for nrf52840-dk, --no-default-features --features microbit-v2")
        }
    };
    linker::cortex_m(board);
    // Seen by the runner in .cargo/config.toml.
    println!("cargo::rustc-env=CHIP={chip}");
}
