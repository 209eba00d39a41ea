//! The weights of several channels in two words.

use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{ConvWeights, unpack};
use lenet_core::shape::KERNEL_SIDE;

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

/// A word of weights, `low + high * 2^shift`, of channels of two neighboring pairs.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Word {
    /// The bytes from the first weight of the two pairs to that of the low channel, and of the high one, in int8.
    low: usize,
    high: usize,
    shift: u32,
}

impl Word {
    /// The word of the channels `low` and `high`, counted from the even one of the first pair, of a layer with `taps` taps.
    pub(super) const fn new(taps: usize, [low, high]: [usize; 2], shift: u32) -> Self {
        assert!(low < 4 && high < 4);
        let pair = 2 * taps;
        Self { low: pair * (low / 2) + low % 2, high: pair * (high / 2) + high % 2, shift }
    }

    /// The same word of weights whose second pair begins `to` bytes after the first, where it began `from` bytes after it.
    fn with_pair_at(self, from: usize, to: usize) -> Self {
        let place = |at: usize| if at < from { at } else { at.wrapping_sub(from).wrapping_add(to) };
        Self { low: place(self.low), high: place(self.high), ..self }
    }
}

/// The weights of a convolution, wherever they lie.
#[derive(Clone, Copy)]
pub(super) struct Taps<const IN: usize> {
    first: *const u8,
    int4: bool,
}

impl<const IN: usize> Taps<IN> {
    /// Taps of a pair of channels.
    const OF_A_PAIR: usize = TAPS * IN;

    #[inline(always)]
    pub(super) const fn new<const ALL_TAPS: usize, const PAIRS: usize>(
        weights: ConvWeights<'_, ALL_TAPS, PAIRS>,
    ) -> Self {
        const { assert!(ALL_TAPS == Self::OF_A_PAIR) };
        Self { first: weights.as_bytes().as_ptr(), int4: weights.is_int4() }
    }

    /// Packs the weights of input channel `input` to two words of the output channels of two neighboring pairs.
    ///
    /// # Safety
    ///
    /// The layer must have the pair of channels `pair` and the next one, and the input channel. The words must be those of a
    /// layer with as many taps.
    #[inline(always)]
    pub(super) unsafe fn pack(self, pair: usize, input: usize, words: &[Word; WORDS], packed: &mut Packed) {
        // Wrapping, because the compiler does not see that there is such a tap.
        let tap = Self::OF_A_PAIR.wrapping_mul(pair).wrapping_add(input);
        // SAFETY: the caller guarantees it: there are 25 taps, `IN` taps apart, of each pair.
        unsafe {
            if self.int4 {
                pack_int4(self.first.wrapping_add(tap), IN, Self::OF_A_PAIR, words, packed);
            } else {
                pack::<IN>(self.first.wrapping_add(tap.wrapping_mul(2)), words, packed);
            }
        }
    }
}

/// Packs int4 weights from `first` on, `step` taps apart. The next pair is `all_taps` taps further.
///
/// Not inlined, so that only int4 weights take stack to be unpacked.
///
/// # Safety
///
/// `first` must be valid for reads of 25 taps of two pairs, and the words must be those of a layer with `all_taps` taps.
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
        let words = words.map(|word| word.with_pair_at(all_taps.wrapping_mul(2), 2 * TAPS));
        pack::<1>(unpacked.as_ptr().cast(), &words, packed);
    }
}

/// Packs the 25 taps of one input channel to words `low + high * 2^shift`.
///
/// - `first` (`a0`): the weights, `2 * IN` bytes apart, at any address.
/// - `words` (`a1`): the words.
/// - `packed` (`a2`): where they go.
///
/// Changes `a2` to `a6` and `t0` to `t6`. Needs no stack. 250 instructions for 25 taps, and some.
///
/// # Safety
///
/// 25 bytes that are `2 * IN` bytes apart must be valid for reads from the place of each channel in `words` on, and `packed` for
/// writes.
#[unsafe(naked)]
unsafe extern "C" fn pack<const IN: usize>(first: *const u8, words: &[Word; WORDS], packed: &mut Packed) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        ".macro tap from, to",
        "lb t1, (\\from) * {tap}(a4)",
        "lb t2, (\\from) * {tap}(a6)",
        "lb t3, (\\from) * {tap}(a3)",
        "lb t4, (\\from) * {tap}(a5)",
        "sll t1, t1, t5",
        "sll t2, t2, t6",
        "add t3, t3, t1",
        "add t4, t4, t2",
        "sw t3, \\to(a2)",
        "sw t4, 4 + \\to(a2)",
        ".endm",
        "lw a3, 0(a1)",
        "lw a4, 4(a1)",
        "lw t5, 8(a1)",
        "lw a5, 12(a1)",
        "lw a6, 16(a1)",
        "lw t6, 20(a1)",
        ".irp i, 3, 4, 5, 6",
        "add a\\i, a\\i, a0",
        ".endr",
        // One turn per pair of kernel rows.
        "addi t0, a2, 96",
        "2:",
        ".irp x, 0, 1, 2, 3, 4",
        "tap \\x, 8*\\x",
        "tap 5+\\x, 144+8*\\x",
        ".endr",
        ".irp i, 3, 4, 5, 6",
        "addi a\\i, a\\i, 10 * {tap}",
        ".endr",
        "addi a2, a2, 48",
        "bne a2, t0, 2b",
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
