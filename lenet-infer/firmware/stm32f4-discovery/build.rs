//! Gives the linker the memory map of the board that the features choose, and the runner its chip.

fn main() {
    let (board, chip) = match ["STM32F411E_DISCO", "STM32F407G_DISC1"].map(linker::has_feature) {
        [true, false] => ("stm32f411e-disco", "STM32F411VETx"),
        [false, true] => ("stm32f407g-disc1", "STM32F407VGTx"),
        _ => panic!(
            "choose one board: nothing for stm32f411e-disco, --no-default-features --features stm32f407g-disc1"
        ),
    };
    linker::cortex_m(board);
    // Seen by the runner in .cargo/config.toml.
    println!("cargo::rustc-env=CHIP={chip}");
}
