//! The parts of a command's environment that do not change its results: threads, output, and interruption.

use crate::run::console::Console;
use crate::run::interrupt::Interrupt;

/// The environment of a command. It does not change the results.
#[derive(Debug, Default)]
pub struct Session {
    /// The number of worker threads. `None` means one per core.
    pub threads: Option<usize>,
    /// Whether to write the metrics of each epoch as CSV too.
    pub csv: bool,
    /// Standard output.
    pub console: Console,
    /// The user's request to stop.
    pub interrupt: Interrupt,
}

impl Session {
    /// Creates a session that prints nothing, for programs that use this crate.
    pub fn quiet() -> Self {
        Self { console: Console::new(true), ..Self::default() }
    }
}
