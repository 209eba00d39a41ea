//! The boards that are measured, one per core, all emulated by QEMU.

use crate::program::Isa;

/// A board, and how to build and run its firmware.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    pub(crate) core: &'static str,
    /// The name that QEMU uses.
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    /// The core, as `-Ctarget-cpu` names it, if the target stands for several.
    pub(crate) cpu: Option<&'static str>,
    /// Whether a small build has other kernels.
    pub(crate) small: bool,
    /// The emulator and its arguments, without those for the board and the program.
    pub(crate) emulator: &'static [&'static str],
}

impl Board {
    /// Returns the instruction set of the core.
    pub(crate) fn isa(&self) -> Isa {
        if self.target.starts_with("riscv32") { Isa::RiscV } else { Isa::Thumb }
    }
}

const ARM: &[&str] = &["qemu-system-arm"];
const RISCV: &[&str] = &["qemu-system-riscv32", "-bios", "none"];

#[rustfmt::skip]
pub(crate) const BOARDS: [Board; 7] = [
    Board { core: "M0", name: "microbit", target: "thumbv6m-none-eabi", cpu: None, small: true, emulator: ARM },
    Board { core: "M3", name: "lm3s6965evb", target: "thumbv7m-none-eabi", cpu: None, small: true, emulator: ARM },
    Board { core: "M4", name: "mps2-an386", target: "thumbv7em-none-eabihf", cpu: None, small: true, emulator: ARM },
    Board { core: "M7", name: "mps2-an500", target: "thumbv7em-none-eabihf", cpu: None, small: true, emulator: ARM },
    Board { core: "M33", name: "mps2-an505", target: "thumbv8m.main-none-eabihf", cpu: Some("cortex-m33"), small: true, emulator: ARM },
    Board { core: "M55", name: "mps3-an547", target: "thumbv8m.main-none-eabihf", cpu: Some("cortex-m55"), small: false, emulator: ARM },
    Board { core: "RV32IMC", name: "virt", target: "riscv32imc-unknown-none-elf", cpu: None, small: false, emulator: RISCV },
];
