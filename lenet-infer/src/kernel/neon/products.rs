//! Sums of products of bytes, by the instructions that the processor has.
//!
//! A *group* is four bytes side by side. A vector has four groups, and each of its four sums is of the products of a group.

use core::arch::aarch64::*;
use core::arch::asm;

/// How many bytes a group has.
pub(super) const GROUP: usize = 4;

/// The way to add products to four sums. A value of the type is proof that this processor has the instructions.
pub(super) trait Products: Copy {
    /// Four sums, in the form in which products are added to them.
    type Sums: Copy;

    /// Four sums of nothing.
    fn zeros() -> Self::Sums;

    /// Adds the products of each group of `a` and group number `AT` of `b`.
    fn add_signed<const AT: i32>(self, sums: Self::Sums, a: int8x16_t, b: int8x16_t) -> Self::Sums;

    /// Adds the products of each group of `a` and the same group of `b`.
    fn add_unsigned(self, sums: Self::Sums, a: uint8x16_t, b: uint8x16_t) -> Self::Sums;

    /// The four sums.
    fn total(sums: Self::Sums) -> int32x4_t;
}

/// `SDOT` and `UDOT`: sixteen products per instruction, each group added to its sum.
///
/// Intrinsics for them are not stable. An assembler that is told of the extension takes them for any processor.
#[derive(Clone, Copy)]
pub(super) struct Dotprod(());

impl Dotprod {
    /// Returns the proof if this processor has the instructions: at run time with feature `host`, else by what the
    /// program is compiled for.
    #[inline(always)]
    pub(super) fn detect() -> Option<Self> {
        #[cfg(feature = "host")]
        let found = std::arch::is_aarch64_feature_detected!("dotprod");
        #[cfg(not(feature = "host"))]
        let found = cfg!(target_feature = "dotprod");
        found.then_some(Self(()))
    }
}

impl Products for Dotprod {
    type Sums = int32x4_t;

    #[inline(always)]
    fn zeros() -> int32x4_t {
        // SAFETY: the target has Neon, which is all that this needs.
        unsafe { vdupq_n_s32(0) }
    }

    #[inline(always)]
    fn add_signed<const AT: i32>(self, mut sums: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
        // SAFETY: `self` exists, so the processor has the instruction, which changes no more than the sums.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "sdot {sums:v}.4s, {a:v}.16b, {b:v}.4b[{at}]",
                sums = inout(vreg) sums, a = in(vreg) a, b = in(vreg) b, at = const AT,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }

    #[inline(always)]
    fn add_unsigned(self, mut sums: int32x4_t, a: uint8x16_t, b: uint8x16_t) -> int32x4_t {
        // SAFETY: as above.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "udot {sums:v}.4s, {a:v}.16b, {b:v}.16b",
                sums = inout(vreg) sums, a = in(vreg) a, b = in(vreg) b,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }

    #[inline(always)]
    fn total(sums: int32x4_t) -> int32x4_t {
        sums
    }
}

/// `SMULL` and `SADALP`, or `UMULL` and `UADALP`, which every processor has: four products per instruction.
///
/// A product fits in 16 bits. Neighbors are added to 32 bits, so a group has two sums, which are added at the end.
///
/// There are intrinsics for them, but the compiler rearranges those until the sums do not fit in the registers.
#[derive(Clone, Copy)]
pub(super) struct Baseline;

impl Products for Baseline {
    /// The sums of the first two groups, then those of the last two, two per group.
    type Sums = [int32x4_t; 2];

    #[inline(always)]
    fn zeros() -> [int32x4_t; 2] {
        // SAFETY: the target has Neon, which is all that this needs.
        unsafe { [vdupq_n_s32(0); 2] }
    }

    #[inline(always)]
    fn add_signed<const AT: i32>(self, sums: [int32x4_t; 2], a: int8x16_t, b: int8x16_t) -> [int32x4_t; 2] {
        let [mut first, mut last] = sums;
        // SAFETY: the target has Neon, which is all that this needs. It changes no more than the sums.
        unsafe {
            let b = vdupq_laneq_s32::<AT>(vreinterpretq_s32_s8(b));
            asm!(
                "smull {low:v}.8h, {a:v}.8b, {b:v}.8b",
                "smull2 {high:v}.8h, {a:v}.16b, {b:v}.16b",
                "sadalp {first:v}.4s, {low:v}.8h",
                "sadalp {last:v}.4s, {high:v}.8h",
                first = inout(vreg) first, last = inout(vreg) last, a = in(vreg) a, b = in(vreg) b,
                low = out(vreg) _, high = out(vreg) _,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        [first, last]
    }

    #[inline(always)]
    fn add_unsigned(self, sums: [int32x4_t; 2], a: uint8x16_t, b: uint8x16_t) -> [int32x4_t; 2] {
        let [mut first, mut last] = sums;
        // SAFETY: as above.
        unsafe {
            asm!(
                "umull {low:v}.8h, {a:v}.8b, {b:v}.8b",
                "umull2 {high:v}.8h, {a:v}.16b, {b:v}.16b",
                "uadalp {first:v}.4s, {low:v}.8h",
                "uadalp {last:v}.4s, {high:v}.8h",
                first = inout(vreg) first, last = inout(vreg) last, a = in(vreg) a, b = in(vreg) b,
                low = out(vreg) _, high = out(vreg) _,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        [first, last]
    }

    #[inline(always)]
    fn total([first, last]: [int32x4_t; 2]) -> int32x4_t {
        // SAFETY: the target has Neon, which is all that this needs.
        unsafe { vpaddq_s32(first, last) }
    }
}
