//! Standard output: what the user is to read.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Standard output could not be written to, for example on a full disk.
#[derive(Debug, Error)]
#[error("standard output cannot be written to; the run's files are whole")]
pub struct OutputError(#[from] io::Error);

/// Lines on standard output. A failure does not stop a run; it is told at the end.
#[derive(Debug, Default)]
pub struct Console {
    quiet: bool,
    failure: Mutex<Option<io::Error>>,
}

impl Console {
    /// A console that prints nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, failure: Mutex::new(None) }
    }

    /// Whether nothing is printed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints `text` and ends the line.
    pub fn print(&self, text: &str) {
        if !self.quiet {
            self.note(writeln!(io::stdout(), "{text}"));
        }
    }

    /// Keeps the first failure. A reader that has gone away, as `head` does, is none.
    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written.and_then(|()| io::stdout().flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// The first failure, if there was one.
    ///
    /// # Errors
    ///
    /// [`OutputError`].
    pub fn finish(&self) -> Result<(), OutputError> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_kept_and_a_reader_that_has_gone_is_none() {
        let console = Console::new(false);
        console.note(Err(io::ErrorKind::BrokenPipe.into()));
        assert!(console.finish().is_ok());
        console.note(Err(io::ErrorKind::StorageFull.into()));
        console.note(Err(io::ErrorKind::Other.into()));
        assert_eq!(console.finish().unwrap_err().0.kind(), io::ErrorKind::StorageFull);
    }
}
