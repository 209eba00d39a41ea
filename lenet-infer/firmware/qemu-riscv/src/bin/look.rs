//! Says which digits a drawn camera sees, on the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use app::Drawn;
use qemu_riscv::{Qemu, SIDE};
use riscv_rt::entry;
use semihosting::process;

/// Looks at ten pictures.
#[entry]
fn main() -> ! {
    let sure = app::look::<SIDE, _>(&mut Qemu, &mut Drawn::default(), 10);
    process::exit(i32::from(!sure))
}
