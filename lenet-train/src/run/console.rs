//! Standard output.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// The error when standard output could not be written, for example because the disk is full.
#[derive(Debug, Error)]
#[error("standard output: cannot be written; the files of the run are complete")]
pub struct OutputError(#[from] io::Error);

/// Prints lines on standard output. A failure does not stop the run; it is reported at the end.
#[derive(Debug, Default)]
pub struct Console {
    quiet: bool,
    failure: Mutex<Option<io::Error>>,
}

impl Console {
    /// Creates a console. If `quiet`, it prints nothing.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, failure: Mutex::new(None) }
    }

    /// Whether the console prints nothing.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints `text` and a newline.
    pub fn print(&self, text: &str) {
        if !self.quiet {
            self.keep_failure(writeln!(io::stdout(), "{text}"));
        }
    }

    /// Keeps the first failure. A closed pipe does not count, since readers such as `head` close it early.
    fn keep_failure(&self, written: io::Result<()>) {
        if let Err(error) = written.and_then(|()| io::stdout().flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// Reports the first failure, if there was one.
    ///
    /// # Errors
    ///
    /// Returns an [`OutputError`] if anything could not be printed.
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
    fn the_first_failure_is_kept_and_a_closed_pipe_does_not_count() {
        let console = Console::new(false);
        console.keep_failure(Err(io::ErrorKind::BrokenPipe.into()));
        assert!(console.finish().is_ok());
        console.keep_failure(Err(io::ErrorKind::StorageFull.into()));
        console.keep_failure(Err(io::ErrorKind::Other.into()));
        assert_eq!(console.finish().unwrap_err().0.kind(), io::ErrorKind::StorageFull);
    }
}
