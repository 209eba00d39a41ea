//! Gives the linker the memory map for the kind of core that the target names.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    let map = match env::var("TARGET").as_deref() {
        Ok("thumbv8m.main-none-eabihf") => "memory/cortex-m33.x",
        Ok("riscv32imac-unknown-none-elf") => "memory/hazard3.x",
        target => panic!(
            "{target:?} is no core of the Pico 2; choose one: nothing for the Cortex-M33, \
             --target riscv32imac-unknown-none-elf for Hazard3"
        ),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    fs::copy(map, out.join("memory.x")).unwrap_or_else(|error| panic!("{map}: {error}"));
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=--nmagic");
    if map.ends_with("hazard3.x") {
        println!("cargo::rustc-link-arg-bins=-Tmemory.x"); // includes link.x, which includes it on a Cortex-M
    } else {
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
}
