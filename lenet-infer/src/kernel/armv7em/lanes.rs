//! The bytes that the core compares at the same time: the four of a word.
//!
//! `UQSUB8` subtracts four bytes and clamps at 0. A maximum or a minimum takes one more instruction.

use core::arch::asm;

/// The number of bytes in [`Lanes`].
pub(crate) const COUNT: usize = 4;

/// Bytes side by side, in the order of memory.
pub(crate) type Lanes = [u8; COUNT];

/// The smaller of each two bytes.
#[inline(always)]
pub(crate) fn min(a: Lanes, b: Lanes) -> Lanes {
    least(word(a), word(b)).to_le_bytes()
}

/// The larger of each two bytes.
#[inline(always)]
pub(crate) fn max(a: Lanes, b: Lanes) -> Lanes {
    most(word(a), word(b)).to_le_bytes()
}

/// The difference of each two bytes, 0 where it would be negative.
#[inline(always)]
pub(crate) fn saturating_sub(a: Lanes, b: Lanes) -> Lanes {
    excess(word(a), word(b)).to_le_bytes()
}

/// The sum of each two bytes, 255 where it would be more.
#[inline(always)]
pub(crate) fn saturating_add(a: Lanes, b: Lanes) -> Lanes {
    let sum: u32;
    // SAFETY: as in `excess`.
    unsafe {
        asm!("uqadd8 {}, {}, {}", lateout(reg) sum, in(reg) word(a), in(reg) word(b), options(pure, nomem, nostack, preserves_flags));
    }
    sum.to_le_bytes()
}

/// Raises each byte to the one before it, as raised, at most to its limit. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn carry_onward(levels: Lanes, limits: Lanes, before: u8) -> Lanes {
    carry(word(levels), word(limits), |raised| raised << 8 | u32::from(before))
}

/// Raises each byte to the one after it, as raised, at most to its limit. `after` comes after the last byte.
#[inline(always)]
pub(crate) fn carry_backward(levels: Lanes, limits: Lanes, after: u8) -> Lanes {
    carry(word(levels), word(limits), |raised| raised >> 8 | u32::from(after) << 24)
}

/// Raises bytes to their neighbors until none changes, which takes a step per byte at most.
#[inline(always)]
fn carry(levels: u32, limits: u32, neighbors: impl Fn(u32) -> u32) -> Lanes {
    let mut raised = least(limits, levels);
    for _ in 0..COUNT {
        let before = raised;
        raised = least(limits, most(raised, neighbors(raised)));
        if raised == before {
            break;
        }
    }
    raised.to_le_bytes()
}

#[inline(always)]
fn word(lanes: Lanes) -> u32 {
    u32::from_le_bytes(lanes)
}

/// No byte of the sum is above 255, so nothing is carried into the next.
#[inline(always)]
fn most(a: u32, b: u32) -> u32 {
    b.wrapping_add(excess(a, b))
}

/// No byte of the difference is below 0, so nothing is borrowed from the next.
#[inline(always)]
fn least(a: u32, b: u32) -> u32 {
    a.wrapping_sub(excess(a, b))
}

/// By how much each byte of `a` is above that of `b`.
#[inline(always)]
fn excess(a: u32, b: u32) -> u32 {
    let excess;
    // SAFETY: the instruction reads two registers and writes a third; all cores that this module is compiled for have it.
    unsafe {
        asm!("uqsub8 {}, {}, {}", lateout(reg) excess, in(reg) a, in(reg) b, options(pure, nomem, nostack, preserves_flags));
    }
    excess
}
