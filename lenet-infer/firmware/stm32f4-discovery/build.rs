//! Gives the linker the memory map of the board that the features choose, and the runner its chip.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    let chosen = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let (board, chip) = match (chosen("STM32F411E_DISCO"), chosen("STM32F407G_DISC1")) {
        (true, false) => ("stm32f411e-disco", "STM32F411VETx"),
        (false, true) => ("stm32f407g-disc1", "STM32F407VGTx"),
        _ => panic!(
            "choose one board: nothing for stm32f411e-disco, --no-default-features --features stm32f407g-disc1"
        ),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let map = format!("memory/{board}.x");
    fs::copy(&map, out.join("memory.x")).unwrap_or_else(|error| panic!("{map}: {error}"));
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    if chosen("DEFMT") {
        println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
    }
    // Seen by env!() in the firmware and by the runner in .cargo/config.toml.
    println!("cargo::rustc-env=BOARD={board}");
    println!("cargo::rustc-env=CHIP={chip}");
}
