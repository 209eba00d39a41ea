//! What several boards share beneath `app::Board`.
//!
//! - [`memory`], [`stack_limit`]: what the linker placed where, for boards that cortex-m-rt or riscv-rt starts.
//! - [`stack_pointer`]: on any Arm or RISC-V core.
//! - [`SysTick`](systick::SysTick): a cycle counter for the Cortex-M cores that have no other.
//! - [`show`]: text over a serial wire.
#![no_std]

mod sections;
mod stack_pointer;
#[cfg(target_arch = "arm")]
pub mod systick;

pub use sections::{memory, stack_limit};
pub use stack_pointer::stack_pointer;

use app::Serial;

/// Sends text over a wire to a terminal, which wants `\r\n` where a line ends.
pub fn show(wire: &mut impl Serial, text: &str) {
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                wire.write(line.as_bytes());
                wire.write(b"\r\n");
            }
            None => wire.write(line.as_bytes()),
        }
    }
}
