//! The weights of several channels in two words.

use crate::kernel::KERNEL_SIDE;
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{ConvWeights, unpack};

/// Words of a position that are computed at a time.
pub(super) const WORDS: usize = 2;
/// Taps of one input channel.
const TAPS: usize = KERNEL_SIDE * KERNEL_SIDE;

/// Where the addresses of a kernel row's inputs begin, in bytes.
pub(super) const ADDRESSES: usize = 4 * WORDS * KERNEL_SIDE;
/// Bytes of a kernel row, with the two addresses.
pub(super) const RECORD: usize = ADDRESSES + 8;
/// Where the kernel rows with odd numbers begin, in bytes.
pub(super) const ODD_ROWS: usize = 3 * RECORD;

// The assembly has these sizes as constants.
const _: () = assert!(KERNEL_SIDE == 5 && WORDS == 2 && RECORD == 48);

/// The packed weights of one input channel: the kernel rows 0, 2, 4, 1 and 3, each `[tap][word]`, and after each two addresses,
/// which are [`accumulate`](super::window::accumulate)'s.
pub(super) type Packed = MaybeUninit<[[u32; RECORD / 4]; KERNEL_SIDE]>;

/// A word of weights, `low + high * 2^shift`. `low` and `high` are channels, counted from the even one of a pair.
#[derive(Clone, Copy)]
pub(super) struct Word {
    pub(super) low: usize,
    pub(super) high: usize,
    pub(super) shift: u32,
}

/// Packs the weights of input channel `input` to two words of the output channels of two neighboring pairs.
///
/// # Safety
///
/// `pair + 1` must be below `PAIRS`, `input` below `IN`, and the channels in `words` below 4.
#[inline(never)]
pub(super) unsafe fn pack_channel<const IN: usize, const ALL_TAPS: usize, const PAIRS: usize>(
    weights: ConvWeights<'_, ALL_TAPS, PAIRS>,
    pair: usize,
    input: usize,
    words: &[Word; WORDS],
    packed: &mut Packed,
) {
    const { assert!(ALL_TAPS == TAPS * IN) };
    // SAFETY: the caller guarantees it: there are 25 taps, `IN` taps apart, of each pair.
    unsafe {
        let first = weights.as_bytes().as_ptr();
        // Wrapping, because the compiler does not see that there is such a tap.
        let tap = ALL_TAPS.wrapping_mul(pair).wrapping_add(input);
        if weights.is_int4() {
            pack_int4(first.add(tap), IN, ALL_TAPS, words, packed);
        } else {
            pack_int8::<IN>(first.cast::<[u8; 2]>().add(tap), ALL_TAPS, words, packed);
        }
    }
}

/// Packs int8 weights from `first` on, `IN` taps apart. The next pair is `all_taps` taps further.
///
/// # Safety
///
/// `first` must be valid for reads of 25 taps of two pairs. The channels in `words` must be below 4.
#[inline(always)]
unsafe fn pack_int8<const IN: usize>(
    first: *const [u8; 2],
    all_taps: usize,
    [word0, word1]: &[Word; WORDS],
    packed: &mut Packed,
) {
    let next = first.wrapping_add(all_taps);
    let channel = |channel: usize| {
        let pair = if channel < 2 { first } else { next };
        pair.cast::<u8>().wrapping_add(channel % 2)
    };
    let (low0, high0) = (channel(word0.low), channel(word0.high));
    let (low1, high1) = (channel(word1.low), channel(word1.high));
    // SAFETY: the caller guarantees it.
    unsafe { pack::<IN>(low0, high0, low1, high1, word0.shift, word1.shift, packed) };
}

/// Packs int4 weights from `first` on, `step` taps apart, otherwise like [`pack_int8`].
///
/// Not inlined, so that only int4 weights take stack to be unpacked.
///
/// # Safety
///
/// As for [`pack_int8`].
#[inline(never)]
unsafe fn pack_int4(
    first: *const u8,
    step: usize,
    all_taps: usize,
    words: &[Word; WORDS],
    packed: &mut Packed,
) {
    let mut unpacked = MaybeUninit::<[[[u8; 2]; TAPS]; 2]>::uninit();
    let mut next = unpacked.as_mut_ptr().cast::<[u8; 2]>();
    // SAFETY: the caller guarantees it for what is read, and all of `unpacked` is written.
    unsafe {
        for mut byte in [first, first.wrapping_add(all_taps)] {
            // `black_box` hides the number, so that the compiler unrolls only the inner loop.
            for _ in 0..black_box(KERNEL_SIDE) {
                for _ in 0..KERNEL_SIDE {
                    next.write(unpack(*byte).map(|weight| weight as u8));
                    (next, byte) = (next.add(1), byte.wrapping_add(step));
                }
            }
        }
        pack_int8::<1>(unpacked.as_ptr().cast(), TAPS, words, packed);
    }
}

/// Packs the 25 taps of one input channel to words `low + high * 2^shift`.
///
/// - `low0` (`a0`), `high0` (`a1`), `low1` (`a2`), `high1` (`a3`): the weights of the first word and of the second one,
///   `2 * IN` bytes apart, at any address.
/// - `shift0` (`a4`), `shift1` (`a5`): how far the high weights are shifted.
/// - `packed` (`a6`): where the words go.
///
/// Changes `a0` to `a3`, `a6` and `t0` to `t4`. Needs no stack. 250 instructions for 25 taps, and some.
///
/// # Safety
///
/// The four addresses must be valid for reads of 25 bytes that are `2 * IN` bytes apart, and `packed` for writes.
#[unsafe(naked)]
unsafe extern "C" fn pack<const IN: usize>(
    low0: *const u8,
    high0: *const u8,
    low1: *const u8,
    high1: *const u8,
    shift0: u32,
    shift1: u32,
    packed: &mut Packed,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        ".macro tap from, to",
        "lb t1, (\\from) * {tap}(a1)",
        "lb t2, (\\from) * {tap}(a3)",
        "lb t3, (\\from) * {tap}(a0)",
        "lb t4, (\\from) * {tap}(a2)",
        "sll t1, t1, a4",
        "sll t2, t2, a5",
        "add t3, t3, t1",
        "add t4, t4, t2",
        "sw t3, \\to(a6)",
        "sw t4, 4 + \\to(a6)",
        ".endm",
        // One turn per pair of kernel rows.
        "addi t0, a6, 96",
        "2:",
        ".irp x, 0, 1, 2, 3, 4",
        "tap \\x, 8*\\x",
        "tap 5+\\x, 144+8*\\x",
        ".endr",
        ".irp i, 0, 1, 2, 3",
        "addi a\\i, a\\i, 10 * {tap}",
        ".endr",
        "addi a6, a6, 48",
        "bne a6, t0, 2b",
        // The last kernel row.
        ".irp x, 0, 1, 2, 3, 4",
        "tap \\x, 8*\\x",
        ".endr",
        ".purgem tap",
        "ret",
        ".option pop",
        tap = const 2 * IN,
    )
}
