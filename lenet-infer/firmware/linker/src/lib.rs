//! What the build scripts of the boards tell the linker.

#![warn(missing_docs)]

use std::path::PathBuf;
use std::{env, fs};

/// Gives the linker the memory map `memory/NAME.x` of the package as `memory.x`, and lets it search for scripts beside that.
///
/// # Panics
///
/// Panics if there is no such file.
pub fn memory_map(name: &str) {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let map = format!("memory/{name}.x");
    fs::copy(&map, out.join("memory.x")).unwrap_or_else(|error| panic!("{map}: {error}"));
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=--nmagic");
}

/// Links by a script, such as `link.x`.
pub fn script(name: &str) {
    println!("cargo::rustc-link-arg-bins=-T{name}");
}

/// Does all that a Cortex-M board needs: its memory map, the script of cortex-m-rt, and that of defmt with the feature of
/// that name. The program finds the board's name in the variable `BOARD`.
///
/// # Panics
///
/// Panics if the package has no memory map of that name.
pub fn cortex_m(board: &str) {
    memory_map(board);
    script("link.x");
    if has_feature("DEFMT") {
        script("defmt.x");
    }
    // Seen by env!() in the program.
    println!("cargo::rustc-env=BOARD={board}");
}

/// Whether the package is built with a feature, whose name is in the spelling of Cargo's variables.
pub fn has_feature(feature: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
}
