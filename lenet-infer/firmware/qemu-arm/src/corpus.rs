//! The firmware that compares the core's kernels with the portable ones, for the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

mod board;

use board::Qemu;
use core::panic::PanicInfo;
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use semihosting::{eprintln, process};

#[entry]
fn main() -> ! {
    let peripherals = Peripherals::take().expect("the peripherals are taken once, here");
    let equal = app::corpus(&mut Qemu::new(peripherals.SYST));
    process::exit(i32::from(!equal))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
