//! The bytes that the core compares or averages at the same time: the four of a word.
//!
//! `UQSUB8` subtracts four bytes and clamps at 0. A maximum or a minimum takes one more instruction. `UHADD8` halves four
//! sums, rounded down.

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

/// The binomial mean of each byte with that before and that after it, [1 2 1] / 4, rounded.
#[inline(always)]
pub(crate) fn binomial(before: Lanes, here: Lanes, after: Lanes) -> Lanes {
    // Half a sum, rounded down, loses nothing that a quarter would keep: the rest is halved once more. The mean of two
    // complements, rounded down, is the complement of the mean, rounded up.
    let sides = mean(word(before), word(after));
    (!mean(!word(here), !sides)).to_le_bytes()
}

/// The sum of the bytes below a limit, and their number.
#[inline(always)]
pub(crate) fn sum_below(levels: Lanes, limit: u8) -> [u32; 2] {
    let (below, ones): (u32, u32);
    // SAFETY: the instructions read and write registers, and the flags by which the first one says where a byte is below
    // its limit; all cores that this module is compiled for have them.
    unsafe {
        asm!(
            "usub8 {below}, {levels}, {limits}",
            "sel {below}, {zeros}, {levels}",
            "sel {ones}, {zeros}, {all_ones}",
            below = out(reg) below,
            ones = lateout(reg) ones,
            levels = in(reg) word(levels),
            limits = in(reg) word([limit; COUNT]),
            zeros = in(reg) 0,
            all_ones = in(reg) word([1; COUNT]),
            options(pure, nomem, nostack),
        );
    }
    [sum(below), sum(ones)]
}

/// Each byte in the place of the one after it. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn onward(levels: Lanes, before: u8) -> Lanes {
    (word(levels) << 8 | u32::from(before)).to_le_bytes()
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

/// The mean of each two bytes, rounded down.
#[inline(always)]
fn mean(a: u32, b: u32) -> u32 {
    let mean;
    // SAFETY: as in `excess`.
    unsafe {
        asm!("uhadd8 {}, {}, {}", lateout(reg) mean, in(reg) a, in(reg) b, options(pure, nomem, nostack, preserves_flags));
    }
    mean
}

/// The sum of the bytes.
#[inline(always)]
fn sum(bytes: u32) -> u32 {
    let sum;
    // SAFETY: as in `excess`.
    unsafe {
        asm!("usad8 {}, {}, {}", lateout(reg) sum, in(reg) bytes, in(reg) 0, options(pure, nomem, nostack, preserves_flags));
    }
    sum
}
