//! What the programs for 64-bit Arm share: their start, what they ask Linux for, and what happens on a panic.
//!
//! A program asks for two things, to write text and to end, so it needs no C library. QEMU runs it on any processor that it
//! emulates.
#![no_std]

mod memory;

use app::Board;
use core::arch::{asm, global_asm};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

global_asm!(".globl _start", "_start:", "bl main", "brk #1");

/// The number by which Linux knows that text is to be written.
const WRITE: usize = 64;
/// The number by which it knows that a program ends.
const EXIT: usize = 94;

/// A processor under Linux.
pub struct Linux;

// SAFETY: the memory below the stack pointer is not used: on a host, the limit of the stack is equal to the pointer.
unsafe impl Board for Linux {
    const NAME: &str =
        if cfg!(target_feature = "dotprod") { "64-bit Arm, with dotprod" } else { "64-bit Arm" };
    const UNIT: &str = "ticks";

    /// The processor's clock, which ticks more slowly than its cycles.
    fn cycles(&mut self) -> u32 {
        let ticks: u64;
        // SAFETY: reads a register that Linux lets programs read. The barrier keeps the reading in its place.
        unsafe { asm!("isb", "mrs {}, cntvct_el0", out(reg) ticks, options(nostack)) };
        ticks as u32
    }

    fn write(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written: isize;
            // SAFETY: Linux reads the bytes, and changes no more than the register of its answer.
            unsafe {
                asm!(
                    "svc #0",
                    in("x8") WRITE, inlateout("x0") 1_isize => written, in("x1") rest.as_ptr(), in("x2") rest.len(),
                    options(nostack),
                );
            }
            // A failure cannot be reported.
            let Ok(written) = usize::try_from(written) else { return };
            rest = rest.get(written..).unwrap_or_default();
        }
    }
}

impl Write for Linux {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Board::write(self, text);
        Ok(())
    }
}

/// Ends the program.
pub fn exit(succeeded: bool) -> ! {
    // SAFETY: nothing of the program is left after this.
    unsafe { asm!("svc #0", in("x8") EXIT, in("x0") usize::from(!succeeded), options(noreturn)) }
}

/// Ends the program.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Writing does not fail.
    let _ = writeln!(Linux, "{info}");
    exit(false)
}
