//! Kernels for Cortex-M0, M0+ and M23: no multiply-accumulate, no product wider than 32 bits, and only eight registers
//! that all instructions can use.
//!
//! # Where the time goes
//!
//! The plain loop loads an activation, multiplies it by a weight and adds the product. That takes 3 instructions per
//! product, and 0.5 for the weight: 0.84 million for the convolutions. A product has 32 bits, but a sum of products
//! needs only 24, so one multiply can do the work of several. The usual way packs two activations in the halves of a
//! word. But a sum of more than one or two such products does not fit in 16 bits. To separate the halves then costs a
//! shift and an addition each time, 2.5 instructions per product in all, and the words of a window take 720 bytes of
//! stack.
//!
//! Here the weights of several output channels share words instead. No bit is lost, because the channels that do not
//! fit are divided among the words of the others. A sum of 25 products fits in 21 bits with its sign, so two words are
//! enough for three channels a, b and c:
//!
//! ```text
//! a + b * 2^21        holds all of a and, above it, the low 11 bits of b
//! c + b * 2^11        minus those 11 bits, holds all of c and, above it, the rest of b
//! ```
//!
//! A sum of 150 products fits in 24 bits, so three words are enough for four channels: `a + d * 2^24`, `b + d * 2^16`
//! and `c + d * 2^8`. Each word gives 8 bits of d. All arithmetic is modulo 2^32 and is exact for any weights and
//! activations. The weights are packed in this way. The kernels multiply and add whole words, and unpack a sum once it
//! is complete:
//!
//! - `conv1` computes three channels in two words, at two neighboring positions at the same time. A pixel in the middle of
//!   a kernel row is loaded once and multiplied by two taps, one for each position, whose four words one `LDM` loads: 54
//!   instructions for the thirty products of a kernel row. The words are in the table twice, because a `MULS` overwrites
//!   them. It is packed once per row of windows, in 400 bytes. The maximum of a window is taken as soon as a row of it is
//!   unpacked, so only three maxima wait in memory.
//! - `conv2` computes four channels in three words, with five words in one `LDM`: 38 instructions for the twenty products
//!   of five taps. The packed weights of all taps would take 1,800 bytes. So the thirty taps of a kernel row are packed at
//!   a time and multiplied at all sixteen positions of a row of windows before the next thirty: 360 bytes, and 192 for the
//!   sums. Fifteen taps at a time would take 180 bytes less and some 20,000 instructions more, those that load and store
//!   the sums.
//! - A fully-connected layer uses a weight once, so packing does not pay. Four outputs share an activation, and `MULS`
//!   overwrites the weight, not the activation: 29 instructions for eight products, 45 with int4 weights.
//! - Ternary weights are small enough to share words as they are: a digit of two outputs takes one multiply, 34 instructions
//!   for eight products ([`ternary`]).
//! - The bias and the requant of a channel are read once per row of windows, into words that serve each window.
//!
//! Of the arithmetic instructions, only `ADD` can use the high registers, and sums need no other. int4 weights are
//! brought to the scale of int8 when they are packed, so a convolution with int4 weights costs little more. The
//! kernels read a model byte by byte, so it may lie at any address. Maximum, ReLU and clamp use masks instead of
//! branches, so a layer executes the same instructions for every image.
//!
//! # Small builds
//!
//! With `--cfg lenet_backend="small"` the kernel rows of conv1, the five taps of a kernel row of conv2, the taps that are
//! packed and the inputs of a fully-connected layer are each taken one at a time, in loops: some 60,000 instructions more.
//! conv1 has its packed weights once and copies them before it multiplies, and conv2 packs ten taps at a time, for two of the
//! four windows: for another 126,000. They then take 284 and 268 bytes of stack.
//!
//! # What was left aside
//!
//! - Activations packed in the same way: their words would serve one window, and those of the weights serve a row of
//!   windows.
//! - Karatsuba's trick (three products for four), as on RV32IMC: a fifth fewer multiplies. But sums and packed weights
//!   of three kinds, and the differences of rows, would take about 670 bytes more of stack in conv2, and save about 5 % of
//!   the instructions of a classification (counted on paper). Winograd's (nine for sixteen) add more than they save.
//! - Two positions at the same time in conv2: without a second copy of the packed weights, 360 bytes, it saves less than it
//!   costs, because the two taps of an activation are six taps apart.
//!
//! # Where the stack goes
//!
//! `conv2` is the deepest: 552 bytes of weights and sums, and 48 of registers and addresses. `conv1` takes 484 bytes.
//! `requantize` needs no stack, because its callers have saved the registers that it changes. The fully-connected
//! layers share one copy of their code per width of weights, whatever their shape.

#![allow(unsafe_code)]

/// Pushes the callee-saved high registers, `r8` to `r11`: 16 bytes. Changes `r4` to `r7`, which must be saved already.
macro_rules! save {
    () => {
        "mov r4, r8\nmov r5, r9\nmov r6, r10\nmov r7, r11\npush {{r4-r7}}\n"
    };
}

/// Undoes [`save`]. Changes `r4` to `r7`.
macro_rules! restore {
    () => {
        "pop {{r4-r7}}\nmov r8, r4\nmov r9, r5\nmov r10, r6\nmov r11, r7\n"
    };
}

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
mod kernel_row;
mod matrix;
mod pixels;
mod requant;
mod ternary;
