//! The commands of the program, one module per command.

pub mod bench_accuracy;
pub mod cross_validate;
mod error;
pub mod eval;
pub mod export;
mod extra;
pub mod import;
mod prepare;
pub mod quantize;
pub mod report;
mod results;
pub mod resume;
pub mod score_card;
mod session;
pub mod train;

pub use error::CommandError;
pub use results::error::ResultsError;
pub use session::Session;
