//! Classifies a host's file of images on the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use app::Board;
use lenet_infer::SHIPPED;
use qemu_riscv::Qemu;
use riscv_rt::entry;
use semihosting::{eprintln, process};

/// Runs the program, once.
#[entry]
fn main() -> ! {
    match app::bulk(Qemu::NAME, &SHIPPED) {
        Ok(()) => process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            process::exit(1)
        }
    }
}
