//! Kernels for Cortex-M3, and for Armv8-M Mainline without the DSP extension: one product per instruction, so the aim
//! is to execute few instructions other than products.
//!
//! # What a step costs
//!
//! A tile of a convolution is the four positions of a pooling window times a pair of output channels: eight sums. A
//! tap loads its two weights, and the activations of the two positions that are new on the right, and adds eight
//! products:
//!
//! | | instructions | cycles on a Cortex-M3 |
//! |---|---|---|
//! | 2 `ldrsb`, side by side | 2 | 3 |
//! | 2 `ldrb`, side by side | 2 | 3 |
//! | 8 `mla` | 8 | 16 |
//!
//! That is one and a half instructions per product. Two things make this possible:
//!
//! - The loop takes the taps along a kernel row, so the right positions of one tap are the left positions of the next,
//!   and their activations stay in registers.
//! - Eight sums, two weights, two activations and two pointers take fourteen registers, which is all of them. So the
//!   ends of the loops are on the stack. The patch is copied to the stack too, because one pointer then reaches both
//!   of its rows with constant offsets. A copy takes about 50 or 140 instructions and serves all channels.
//!
//! The fully-connected layers compute four outputs at a time: an activation and four weights, then four products, nine
//! instructions for four products.
//!
//! # What was left aside
//!
//! - Two activations in one word, multiplied at once: `mul` and two `add` for two products take one cycle less than
//!   two `mla`, so a tap would take 19 cycles instead of 22, but with 16 instructions instead of 12.
//! - `smull` and similar instructions, because the number of cycles they take depends on the numbers.

#![allow(unsafe_code)]

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
mod requant;
mod window;
