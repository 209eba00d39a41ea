//! Gives the linker the memory map of the board that the features choose, and the runner its chip.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    let chosen = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let (board, chip) = match (chosen("NRF52840_DK"), chosen("MICROBIT_V2")) {
        (true, false) => ("nrf52840-dk", "nRF52840_xxAA"),
        (false, true) => ("microbit-v2", "nRF52833_xxAA"),
        _ => {
            panic!("choose one board: nothing for nrf52840-dk, --no-default-features --features microbit-v2")
        }
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
