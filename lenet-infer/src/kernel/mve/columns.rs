//! The input of conv2 by columns, so that a column of the kernel meets 30 activations side by side.

use crate::kernel::{PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use lenet_core::shape::CONV1_CHANNELS;

/// The six pooled rows of conv1 less 128, `[column][row][channel]`, and four bytes that a vector reads beyond them and
/// multiplies by 0.
pub(super) type Columns = [u8; 12 * 36 + 4];

/// The places of sixteen bytes of a row in the columns, if the first is that of channel 0, 4 or 2.
pub(super) static PLACES: [[u8; 16]; 3] = [places(0), places(4), places(2)];

const fn places(channel: usize) -> [u8; 16] {
    let mut places = [0; 16];
    let mut index = 0;
    while index < places.len() {
        let at = channel + index;
        places[index] = (at / CONV1_CHANNELS * PATCH_SIDE * CONV1_CHANNELS + at % CONV1_CHANNELS) as u8;
        index += 1;
    }
    places
}

/// Moves sixteen activations, from `r12 + $from` on, to the places in `$places`, and `r1` on by `$on` bytes.
#[rustfmt::skip]
macro_rules! sixteen {
    ($from:literal, $places:literal, $on:literal) => {
        concat!(
            "vldrb.u8 q3, [r12, #", $from, "]\n",
            "veor q3, q3, q4\n",
            "vstrb.8 q3, [r1, ", $places, "]\n",
            "add r1, #", $on, "\n",
        )
    };
}

/// Writes the columns of six pooled rows of conv1.
///
/// - `rows` (`r0`): six rows, at any address.
/// - `columns` (`r1`): where the columns go.
/// - `places` (`r2`): the table.
///
/// Changes `r0` to `r2`, `r12`, `lr` and `q0` to `q3`. Takes 24 bytes of stack.
///
/// # Safety
///
/// `rows` must be valid for reads of six references, and `columns` for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn transpose(
    _rows: *const &PooledRow,
    _columns: *mut Columns,
    _places: *const [[u8; 16]; 3],
) {
    naked_asm!(
        mve!(),
        "push {{r4, lr}}",
        "vpush {{d8, d9}}",
        "vldrb.u8 q0, [r2]",
        "vldrb.u8 q1, [r2, #16]",
        "vldrb.u8 q2, [r2, #32]",
        "vmov.i8 q4, #0x80",
        "mov r2, #6",
        "dls lr, r2",
        ".p2align 2",
        "2:",
        "ldr r12, [r0], #4",
        sixteen!("0", "q0", "72"),
        sixteen!("16", "q1", "108"),
        sixteen!("32", "q2", "108"),
        sixteen!("48", "q0", "36"),
        sixteen!("56", "q2", "6-324"),
        "le lr, 2b",
        "vpop {{d8, d9}}",
        "pop {{r4, pc}}",
    )
}
