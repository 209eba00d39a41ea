//! The hard fault of a Cortex-M becomes a panic that says where it happened.
//!
//! The memory maps place the stack below the variables, at the start of RAM. A stack that overflows thus leaves RAM and
//! faults, instead of overwriting variables. A core with Armv8-M Mainline faults before that, because cortex-m-rt told it
//! the limit of the stack pointer.

use core::arch::naked_asm;
use core::ptr;

use cortex_m::peripheral::CPUID;

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

/// The architecture in the register CPUID, bits 16 to 19: Armv7-M or Armv8-M Mainline.
const MAINLINE: u32 = 0xF;
/// The address of the register that says why a core of that architecture faulted.
const FAULT_STATUS: usize = 0xE000_ED28;
/// The bit in it for a stack pointer beyond its limit. Armv7-M has no limit, and the bit is 0.
const BEYOND_LIMIT: u32 = 1 << 20;

/// Whether the core did not let the stack pointer pass its limit.
fn stopped_at_limit() -> bool {
    // SAFETY: every core has CPUID, and those of this architecture have the other register. Reading them changes nothing.
    unsafe {
        (*CPUID::PTR).base.read() >> 16 & 0xF == MAINLINE
            && ptr::with_exposed_provenance::<u32>(FAULT_STATUS).read_volatile() & BEYOND_LIMIT != 0
    }
}

/// Panics with what happened. `frame` is the stack pointer, where the core placed the exception frame.
extern "C" fn report(frame: usize) -> ! {
    if frame < stack_limit() || stopped_at_limit() {
        panic!("the stack overflowed");
    }
    // SAFETY: the core wrote an aligned frame at the stack pointer, which is in the stack, and nothing has overwritten it since:
    // where the stack starts anew, the frame is at the other end.
    let counter = unsafe { ptr::with_exposed_provenance::<u32>(frame + PROGRAM_COUNTER).read_volatile() };
    panic!("hard fault at {counter:#010x}");
}
