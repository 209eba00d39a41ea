//! All that the firmware does on any board: classify, measure, judge every logit, and answer a host.
//!
//! The map of the crate:
//!
//! - [`Board`]: what a board must offer; all else is the same everywhere.
//! - [`run`]: the program.
//! - [`bench`](fn@bench), [`bench_included`]: the programs whose instructions and stack are counted.
//! - `corpus`, with the feature of that name: the program that compares the core's kernels with the portable ones.
//! - [`serve`]: the program on a board with a [`Serial`] wire to a host, whose requests it answers.
//! - `bulk`, with feature `semihosting`: the program on a board that reads and writes files of a host.
//! - `measure`: what a classification takes, in cycles and stack.
//! - `golden`: the digits, and the logits that every core must give for them.
//! - `picture`: a digit as text.
//! - `stack`: how much stack a call takes, by painting.
#![no_std]

#[cfg(test)]
extern crate std;

mod bench;
mod board;
#[cfg(feature = "semihosting")]
mod bulk;
#[cfg(feature = "corpus")]
mod corpus;
mod golden;
mod measure;
#[cfg(test)]
mod paper;
mod picture;
mod run;
mod serve;
mod stack;

pub use bench::{bench, bench_included};
pub use board::{Board, Memory, Serial};
#[cfg(feature = "semihosting")]
pub use bulk::{bulk, bulk_by_rows};
#[cfg(feature = "corpus")]
pub use corpus::corpus;
pub use run::run;
pub use serve::{Server, serve};
