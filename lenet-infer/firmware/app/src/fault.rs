//! The hard fault of a Cortex-M becomes a panic that says where it happened.
//!
//! The memory maps place the stack below the variables, at the start of RAM. A stack that overflows thus leaves RAM and
//! faults, instead of overwriting variables.

use core::arch::naked_asm;
use core::ptr;

use crate::board::linked::stack_limit;

/// Where the exception frame holds the address of the instruction that faulted, in bytes.
const PROGRAM_COUNTER: usize = 24;

/// Calls [`report`] with the stack pointer of the fault. Where less than 512 bytes are left for it, the stack starts anew.
#[unsafe(naked)]
#[unsafe(export_name = "HardFault")]
unsafe extern "C" fn hard_fault() -> ! {
    naked_asm!(
        "mrs r0, msp",
        "ldr r1, =_stack_end + 512",
        "cmp r0, r1",
        "bhs 1f",
        "ldr r1, =_stack_start",
        "msr msp, r1",
        "1:",
        "ldr r1, ={report}",
        "bx r1",
        report = sym report,
    )
}

/// Panics with what happened. `frame` is the stack pointer, where the core placed the exception frame.
extern "C" fn report(frame: usize) -> ! {
    if frame < stack_limit() {
        panic!("the stack overflowed");
    }
    // SAFETY: the core wrote an aligned frame at the stack pointer, which is in RAM, and nothing has overwritten it since:
    // where the stack starts anew, the frame is at the other end.
    let counter = unsafe { ptr::with_exposed_provenance::<u32>(frame + PROGRAM_COUNTER).read_volatile() };
    panic!("hard fault at {counter:#010x}");
}
