//! Kernels for RV32IMC: there is no multiply-accumulate, so a product costs two instructions, and the aim is to need
//! fewer products and to compute those of several channels at once.
//!
//! # Fewer products
//!
//! Two outputs of a convolution at two taps need four products, or only three with the two-phase fast FIR algorithm,
//! which is Karatsuba's trick. For the inputs i0, i1, i2, one below the other, and the taps h0, h1:
//!
//! ```text
//! upper = h0 i0 + h1 i1 = h0 (i0 - i1) + (h0 + h1) i1
//! lower = h0 i1 + h1 i2 = h1 (i2 - i1) + (h0 + h1) i1
//! ```
//!
//! So the five rows of a kernel are two pairs of rows and a last row, and their products are of three kinds: *shared*,
//! *upper* and *lower*. The three are summed separately over all taps, so the additions on the right are made once per
//! window. What a kernel row is multiplied by is a *line*: a row of the input, or the difference of two. There are eight, so
//! eight multiplies take the place of ten. For the rows i0 to i5 and the kernel rows h0 to h4:
//!
//! | kind | lines | kernel rows |
//! |---|---|---|
//! | shared | i1, i3 | h0 + h1, h2 + h3 |
//! | upper | i0 - i1, i2 - i3, i4 | h0, h2, h4 |
//! | lower | i2 - i1, i4 - i3, i5 | h1, h3, h4 |
//!
//! Differences and sums are made where they are multiplied, so that neither takes memory. conv1 stores its output with the
//! columns of a channel side by side ([`planar`]), so that both convolutions read their inputs in the same way.
//!
//! # Several channels at once
//!
//! A sum needs fewer than 32 bits: 21 in conv1 and 24 in conv2, with its sign. So the weights of several channels are added
//! up in words, as on the Cortex-M0, and so are their sums: three channels in two words in conv1, four
//! in three in conv2 ([`pack`]). All arithmetic is modulo 2^32, and nothing is separated before a sum is complete. That a
//! sum of one kind may leave its bits does not matter, because the sum of two kinds does not.
//!
//! A sum starts from a seed that makes it positive. Then a channel is read out by shifts and masks without a borrow, and
//! the largest of a window is found before the sum is moved into its place.
//!
//! # What a step costs
//!
//! [`window::accumulate`] multiplies five taps of a kernel row by twelve columns of a line, for two words and eight columns
//! of outputs. The sums take sixteen registers. The inputs of a tap are those of the one before, moved by one, so seven
//! registers hold them, and each is loaded once:
//!
//! | | a row | a difference of rows | a row, for the sum of two kernel rows |
//! |---|---|---|---|
//! | words of weights, their sums | 10 | 10 | 30 |
//! | 12 inputs, their differences | 12 | 41 | 12 |
//! | 80 `mul`, 80 `add` | 160 | 160 | 160 |
//! | the next line | 4 | 5 | 4 |
//!
//! Two of the eight lines are of the first sort, four of the second and two of the third. That is 206 instructions on average
//! for the equivalent of 150 ordinary products in conv1, or 1.4 per product, and of 133 in conv2, or 1.5. The ordinary way,
//! with two channels and four positions, costs 2.5. To load and store the sums adds 0.1, and the packing of weights
//! another 0.3 in conv2, where a row of windows has only eight columns.
//!
//! The fully-connected layers compute six outputs at a time: 19 instructions for six products, 17 with ternary weights
//! ([`ternary`]).
//!
//! # Where the stack goes
//!
//! The weights of all input channels of conv2 do not fit, so its sums are kept between input channels, two words at a time.
//! Of the six words of eight channels four are kept at most, because the first three are unpacked before the last two are
//! summed. That is 384 bytes of sums of three kinds and 240 of packed weights. conv1 takes 192 and 240, and 144 for maxima.
//!
//! # What was left aside
//!
//! - Two activations in one word, and two weights, which is four products in three lanes, as on the Cortex-M4: without a
//!   product of 64 bits that takes two words for each of the two, and twice as many loads. It costs 1.6 or more per
//!   product, because a kernel has an odd number of columns.
//! - Fast FIR in both directions: 64 multiplies for 100 products and not 80. But each line of inputs then meets one tap, so
//!   that three times as many are loaded, and the weights of a channel are 49 words and not 35.
//! - Lines in memory, made once per input channel for all six words: the sums of all words are then kept between input
//!   channels. That was 0.2 % fewer instructions, 0.5 % more cycles and 512 bytes of stack more.
//! - The three kinds at the same time, for two columns: 35 instructions for 21 products in conv2, because inputs and weights
//!   are loaded more often, though no sums are stored.
//! - The upper half of a product (`mulhu`): two multiplies and four additions for a sum of 64 bits, one for the carry and
//!   one to add it. Two words take two multiplies and two additions.
//!
//! int4 weights of a convolution are unpacked, 50 at a time. Those of a fully-connected layer are not, nor are ternary ones.

#![allow(unsafe_code)]

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
mod pack;
mod planar;
mod requant;
mod ternary;
mod window;

pub(crate) use planar::PlanarRow;
