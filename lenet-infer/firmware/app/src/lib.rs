//! The firmware that is the same on every board: it classifies, measures, compares every logit, and answers a host.
//!
//! The map of the crate:
//!
//! - [`Board`]: what a board must provide. `systick`, `sleep` and [`show`] help to implement it.
//! - [`start`](fn@start), [`start_async`]: all that the firmware of a real board does.
//! - [`run`]: the program that classifies the golden digits.
//! - [`bench`](fn@bench), [`bench_included`], [`bench_compact`], and `bench_int4` and `bench_ternary` with the features
//!   `int4` and
//!   `ternary`: the programs whose instructions and stack are counted.
//! - `corpus`, with the feature of that name: the program that compares the kernels of the core with the portable
//!   ones.
//! - `pictures`, with the same feature: the program that prepares generated pictures, to compare what cores make of
//!   them.
//! - [`Camera`], [`look`](fn@look): the program that says which digits a camera sees.
//! - [`Sketchpad`]: a camera that sees what is drawn on a touch [`Panel`].
//! - [`serve`](fn@serve), [`serve_async`]: the program that answers the requests of a host over a [`Serial`] connection.
//! - `bulk`, with feature `semihosting`: the program that reads and writes files of a host.
//! - `measure`: the cycles and the stack that a classification takes.
//! - [`crash`]: what a panic said, kept over a restart; `fault`, `trap`: the hard fault of a Cortex-M and the exception of
//!   a RISC-V core as panics.
//! - `golden`: the digits, and the logits that every core must compute for them.
//! - `picture`: a digit as text.
//! - `stack`: the stack that a call takes, measured by painting.
//! - `terminal`, with feature `defmt`: text for a debugger instead of for the serial connection.
#![no_std]

#[cfg(test)]
extern crate std;

mod bench;
mod bench_picture;
mod board;
#[cfg(feature = "semihosting")]
mod bulk;
mod camera;
#[cfg(feature = "corpus")]
mod corpus;
pub mod crash;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod fault;
mod golden;
mod look;
mod measure;
mod panel;
#[cfg(test)]
mod paper;
mod picture;
#[cfg(feature = "corpus")]
mod pictures;
mod report;
mod serve;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod sleep;
mod stack;
mod start;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod systick;
#[cfg(all(feature = "defmt", target_os = "none"))]
mod terminal;
#[cfg(all(target_arch = "riscv32", target_os = "none"))]
pub mod trap;

#[cfg(feature = "int4")]
pub use bench::bench_int4;
#[cfg(all(feature = "int4", feature = "ternary"))]
pub use bench::bench_ternary;
pub use bench::{bench, bench_compact, bench_included};
pub use bench_picture::bench_picture;
pub use board::{Board, Memory, Serial, read_by_polling, show};
#[cfg(feature = "semihosting")]
pub use bulk::{bulk, bulk_by_rows};
#[cfg(feature = "corpus")]
pub use camera::Drawn;
pub use camera::{Camera, Reading};
#[cfg(feature = "corpus")]
pub use corpus::corpus;
pub use look::look;
pub use panel::{Calibration, Panel, Point, Sketchpad, Xpt2046};
#[cfg(feature = "corpus")]
pub use pictures::{Room, pictures};
pub use report::run;
pub use serve::{answer, serve, serve_async};
pub use start::{start, start_async};
