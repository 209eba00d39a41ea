//! The bytes that a core compares or averages at the same time: one.
//!
//! Back ends that compare several have a module of the same name with the same items.

/// The number of bytes in [`Lanes`].
pub(crate) const COUNT: usize = 1;

/// Bytes side by side, in the order of memory.
pub(crate) type Lanes = [u8; COUNT];

/// The smaller of each two bytes.
#[inline(always)]
pub(crate) fn min([a]: Lanes, [b]: Lanes) -> Lanes {
    [a.min(b)]
}

/// The larger of each two bytes.
#[inline(always)]
pub(crate) fn max([a]: Lanes, [b]: Lanes) -> Lanes {
    [a.max(b)]
}

/// The difference of each two bytes, 0 where it would be negative.
#[inline(always)]
pub(crate) fn saturating_sub([a]: Lanes, [b]: Lanes) -> Lanes {
    [a.saturating_sub(b)]
}

/// The sum of each two bytes, 255 where it would be more.
#[inline(always)]
pub(crate) fn saturating_add([a]: Lanes, [b]: Lanes) -> Lanes {
    [a.saturating_add(b)]
}

/// The binomial mean of each byte with that before and that after it, [1 2 1] / 4, rounded.
#[inline(always)]
pub(crate) fn binomial([before]: Lanes, [here]: Lanes, [after]: Lanes) -> Lanes {
    [((u32::from(before) + 2 * u32::from(here) + u32::from(after) + 2) / 4) as u8]
}

/// The sum of the bytes below a limit, and their number.
#[inline(always)]
pub(crate) fn sum_below([level]: Lanes, limit: u8) -> [u32; 2] {
    if level < limit { [level.into(), 1] } else { [0, 0] }
}

/// Each byte in the place of the one after it. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn onward(_: Lanes, before: u8) -> Lanes {
    [before]
}

/// Raises each byte to the one before it, as raised, at most to its limit. `before` comes before the first byte.
#[inline(always)]
pub(crate) fn carry_onward(levels: Lanes, limits: Lanes, before: u8) -> Lanes {
    min(max(levels, [before]), limits)
}

/// Raises each byte to the one after it, as raised, at most to its limit. `after` comes after the last byte.
#[inline(always)]
pub(crate) fn carry_backward(levels: Lanes, limits: Lanes, after: u8) -> Lanes {
    min(max(levels, [after]), limits)
}
