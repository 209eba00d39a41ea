//! Chooses the board: the variable BOARD, or else the first that fits the target; and gives the linker its memory map.

use std::env;

/// A board as QEMU names, clocks and wires it.
struct Board {
    name: &'static str,
    target: &'static str,
    /// What its SysTick counts, in Hz, if its instructions are counted that way.
    clock: u32,
    /// The side of the work grid on which it prepares pictures: what its RAM has room for.
    side: usize,
    /// Its first UART: the name of the driver in `src/uart`, and where its registers are.
    uart: (&'static str, u32),
}

#[rustfmt::skip] // A table.
const BOARDS: [Board; 7] = [
    Board { name: "microbit", target: "thumbv6m-none-eabi", clock: 16_000_000, side: 48, uart: ("nrf51", 0x4000_2000) },
    Board { name: "lm3s6965evb", target: "thumbv7m-none-eabi", clock: 12_500_000, side: 64, uart: ("pl011", 0x4000_C000) },
    Board { name: "mps2-an386", target: "thumbv7em-none-eabihf", clock: 25_000_000, side: 64, uart: ("cmsdk", 0x4000_4000) },
    Board { name: "mps2-an500", target: "thumbv7em-none-eabihf", clock: 25_000_000, side: 64, uart: ("cmsdk", 0x4000_4000) },
    Board { name: "mps2-an505", target: "thumbv8m.main-none-eabihf", clock: 20_000_000, side: 64, uart: ("cmsdk", 0x5020_0000) },
    Board { name: "mps3-an547", target: "thumbv8m.main-none-eabihf", clock: 32_000_000, side: 64, uart: ("cmsdk", 0x5930_3000) },
    Board { name: "virt", target: "riscv32imc-unknown-none-elf", clock: 0, side: 64, uart: ("ns16550", 0x1000_0000) },
];

fn main() {
    println!("cargo::rerun-if-env-changed=BOARD");
    let target = env::var("TARGET").unwrap_or_default();
    let wanted = env::var("BOARD").ok();
    let fits =
        |board: &&Board| board.target == target && wanted.as_deref().is_none_or(|name| name == board.name);
    let Some(board) = BOARDS.iter().find(fits) else {
        let known: Vec<_> =
            BOARDS.iter().map(|board| format!("  {} --target {}", board.name, board.target)).collect();
        let wanted = wanted.unwrap_or_else(|| "any board".to_owned());
        panic!("no memory map for {wanted} with --target {target}; there are:\n{}", known.join("\n"));
    };

    linker::memory_map(board.name);
    if target.starts_with("riscv") {
        linker::script("memory.x"); // link.x includes it on a Cortex-M
    }
    linker::script("link.x");
    // Seen by env!() in the firmware and by the runner in .cargo/config.toml.
    println!("cargo::rustc-env=BOARD={}", board.name);
    println!("cargo::rustc-env=CLOCK={}", board.clock);
    println!("cargo::rustc-env=SIDE={}", board.side);
    let (uart, address) = board.uart;
    println!("cargo::rustc-check-cfg=cfg(uart, values(\"cmsdk\", \"nrf51\", \"ns16550\", \"pl011\"))");
    println!("cargo::rustc-cfg=uart=\"{uart}\"");
    println!("cargo::rustc-env=UART={address}");
}
