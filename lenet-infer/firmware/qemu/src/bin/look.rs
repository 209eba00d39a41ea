//! Says which digits a drawn camera sees, on the boards that QEMU emulates.
#![no_std]
#![no_main]

use app::Drawn;
use qemu::{Qemu, SIDE, entry};
use semihosting::process;

/// Looks at ten pictures.
#[entry]
fn main() -> ! {
    let sure = app::look::<SIDE, _>(&mut Qemu::take(), &mut Drawn::default(), 10);
    process::exit(i32::from(!sure))
}
