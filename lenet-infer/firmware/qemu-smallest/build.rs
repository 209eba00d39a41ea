//! Gives the linker the memory map of the board.

use std::env;

fn main() {
    let riscv = env::var("TARGET").is_ok_and(|target| target.starts_with("riscv"));
    if riscv {
        linker::memory_map("virt");
        linker::script("memory.x"); // link.x includes it on a Cortex-M
    } else {
        linker::memory_map("microbit");
        // link.x includes memory/device.x.
        println!("cargo::rustc-link-search={}/memory", env!("CARGO_MANIFEST_DIR"));
    }
    linker::script("link.x");
}
