//! Gives the linker the memory map for the kind of core that the target names.

use std::env;

fn main() {
    // On a Cortex-M, link.x includes the memory map; the one of Hazard3 includes link.x.
    let (map, script) = match env::var("TARGET").as_deref() {
        Ok("thumbv8m.main-none-eabihf") => ("cortex-m33", "link.x"),
        Ok("riscv32imac-unknown-none-elf") => ("hazard3", "memory.x"),
        target => panic!(
            "{target:?} is no core of the Pico 2; choose one: nothing for the Cortex-M33, \
             --target riscv32imac-unknown-none-elf for Hazard3"
        ),
    };
    linker::memory_map(map);
    linker::script(script);
}
