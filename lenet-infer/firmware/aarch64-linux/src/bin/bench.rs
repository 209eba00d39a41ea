//! The program whose instructions are counted: three images by each of the shipped models.
#![no_std]
#![no_main]

use aarch64_linux::{Linux, exit};

/// Runs the program.
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    exit(app::bench_included(&mut Linux) && app::bench_int4(&mut Linux) && app::bench_ternary(&mut Linux))
}
