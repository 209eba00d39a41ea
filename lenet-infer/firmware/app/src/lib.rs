//! The firmware that is the same on every board: it classifies, measures, compares every logit, and answers a host.
//!
//! The map of the crate:
//!
//! - [`Board`]: what a board must provide.
//! - [`run`]: the program that classifies the golden digits.
//! - [`bench`](fn@bench), [`bench_included`]: the programs whose instructions and stack are counted.
//! - `corpus`, with the feature of that name: the program that compares the kernels of the core with the portable
//!   ones.
//! - [`serve`]: the program that answers the requests of a host over a [`Serial`] connection.
//! - `bulk`, with feature `semihosting`: the program that reads and writes files of a host.
//! - `measure`: the cycles and the stack that a classification takes.
//! - `golden`: the digits, and the logits that every core must compute for them.
//! - `picture`: a digit as text.
//! - `stack`: the stack that a call takes, measured by painting.
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
pub use serve::{answer, serve};
