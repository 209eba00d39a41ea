//! Overflows the stack, to see that the overflow is named, on the boards that QEMU emulates.
#![no_std]
#![no_main]

use core::hint::black_box;
use qemu::{Qemu, entry};
use semihosting::process;

/// Uses a kilobyte of stack per level.
#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
#[inline(never)]
fn recurse(level: u32) -> u32 {
    let frame = black_box([level; 256]);
    frame[0] + recurse(level + 1) + frame[255]
}

/// Never returns: the panic of the hard fault or the exception ends the program.
#[entry]
fn main() -> ! {
    Qemu::take();
    black_box(recurse(0));
    process::exit(0)
}
