//! How the program runs, whatever it does.

use crate::run::console::Console;
use crate::run::interrupt::Interrupt;

/// What a command needs beside its task; none of it changes a result.
#[derive(Debug, Default)]
pub struct Session {
    /// Worker threads; `None` takes one per core.
    pub threads: Option<usize>,
    /// Whether to write the figures of each epoch as CSV too.
    pub csv: bool,
    /// Standard output.
    pub console: Console,
    /// Whether the user asked to stop.
    pub interrupt: Interrupt,
}

impl Session {
    /// A session that prints nothing, for programs that use this crate.
    pub fn quiet() -> Self {
        Self { console: Console::new(true), ..Self::default() }
    }
}
