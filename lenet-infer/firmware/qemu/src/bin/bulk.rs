//! Classifies a host's file of images on the boards that QEMU emulates.
#![no_std]
#![no_main]

use app::Board;
use lenet_infer::SHIPPED;
use qemu::{Qemu, entry};
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
