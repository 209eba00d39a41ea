//! Kernels for RV32IMC: there is no multiply-accumulate, so a product costs two instructions, and the aim is to need
//! fewer products.
//!
//! # What a step costs
//!
//! Two outputs of a convolution at two taps need four products, or only three with the two-phase fast FIR algorithm,
//! which is Karatsuba's trick. For the inputs i0, i1, i2, one below the other, and the taps h0, h1:
//!
//! ```text
//! upper = h0 i0 + h1 i1 = h0 (i0 - i1) + (h0 + h1) i1
//! lower = h0 i1 + h1 i2 = h1 (i2 - i1) + (h0 + h1) i1
//! ```
//!
//! The three products are summed separately over all taps, so the additions on the right are made once per window. The
//! maximum of the two outputs of a column needs only the larger of the two outer sums, plus the shared sum. All of
//! this is exact: a difference has nine bits and a sign, a sum of two weights nine bits.
//!
//! So the five rows of a kernel are two pairs of rows, then the last row in the ordinary way. For the two columns of a
//! window and two output channels, a tap of a pair of rows costs:
//!
//! | | instructions |
//! |---|---|
//! | 4 `lb`, 2 `add`: weights and their sums | 6 |
//! | 3 `lbu`, 2 `sub`: the column that is new on the right | 5 |
//! | 12 `mul`, 12 `add` | 24 |
//!
//! That is 35 instructions for the equivalent of 16 ordinary products, or 2.2 per product. The ordinary way costs 2.5
//! with the same tile. It costs 2.4 with four output channels, but conv1 has six. There are also a fifth fewer
//! multiplies, which matters more where a multiply takes several cycles.
//!
//! Twelve sums, three inputs, six weights, a product, a pointer to the weights and one to each of three rows of input,
//! the offset of the window and the end of a loop take 28 registers: all but the stack pointer and the two that belong
//! to the system. Each row has its own pointer, so nothing is copied. The maxima of a whole row of windows are kept
//! for one pair of channels at a time, so a bias and a requant are read once per row.
//!
//! The fully-connected layers compute six outputs at a time: 19 instructions for six products.
//!
//! # What was left aside
//!
//! - Two activations in one word: `mul`, `add`, `srl`, `add` for two products is no fewer than two `mul` and two
//!   `add`.
//! - Three taps by two outputs with four products instead of six (Winograd): its sums of weights and inputs cost what
//!   it saves.
//! - The same in Rust: LLVM keeps some of the sums on the stack, which takes half as many instructions again.
//!
//! int4 weights of a convolution are unpacked, one pair of channels at a time. Those of a fully-connected layer are
//! not.

#![allow(unsafe_code)]

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
mod requant;
mod window;
