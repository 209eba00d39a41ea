//! Gives the linker the memory map of esp-hal, which fits every board with the chip, and the symbols that the report reads.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    println!("cargo::rustc-link-arg-bins=-Tlinkall.x");
    println!("cargo::rustc-link-arg-bins=-T{}/memory/esp32.x", env!("CARGO_MANIFEST_DIR"));
}
