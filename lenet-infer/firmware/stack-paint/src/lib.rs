//! How deep the stack was used: fill the free stack with paint, run, and find how deep the paint is gone.
#![no_std]

#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
use core::arch::asm;
use core::ptr;

/// What the free words are filled with.
const PAINT: u32 = 0xA5C3_5A3C;
const WORD: usize = size_of::<u32>();

/// Returns the stack pointer. On a Cortex-M, it is that of whichever of its two stacks is in use.
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[inline(always)]
pub fn pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: reads a register.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// Paints the words from the address `start` up to, but not including, `end`.
///
/// # Safety
///
/// `start` and `end` must be multiples of four, and nothing may use the memory between them.
#[inline(always)]
pub unsafe fn paint(start: usize, end: usize) {
    let mut address = start;
    while address < end {
        // SAFETY: this is an aligned word that is not in use.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
        address += WORD;
    }
}

/// Returns the address of the lowest word from `start` on that is not as [`paint`] left it, or `end` if all below it are.
///
/// # Safety
///
/// `start` and `end` must be multiples of four, and the memory between them must be readable.
#[inline(always)]
pub unsafe fn lowest_used(start: usize, end: usize) -> usize {
    let mut lowest = start;
    // SAFETY: this is an aligned word that can be read.
    while lowest < end && unsafe { ptr::with_exposed_provenance::<u32>(lowest).read_volatile() } == PAINT {
        lowest += WORD;
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paint_ends_at_the_lowest_word_that_was_written() {
        let mut memory = [0_u32; 16];
        let start = memory.as_mut_ptr().expose_provenance();
        let address = |word: usize| start + WORD * word;
        // SAFETY: these are the words of `memory`, which nothing else uses.
        let lowest = |start: usize, end: usize| unsafe { lowest_used(start, end) };
        // SAFETY: as above.
        unsafe { paint(address(1), address(15)) };
        assert_eq!(lowest(address(1), address(15)), address(15));
        assert_eq!(lowest(address(0), address(15)), address(0));
        memory[9] = 1;
        assert_eq!(lowest(address(1), address(15)), address(9));
        assert_eq!([memory[0], memory[15]], [0; 2]);
    }
}
