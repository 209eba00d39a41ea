//! Requests to stop the program: Ctrl-C (SIGINT) and SIGTERM.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set when the user asks the program to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// The exit status after Ctrl-C: 128 plus the number of the signal, as in shells.
    pub const EXIT_STATUS: u8 = 130;

    /// Installs signal handlers for SIGINT and SIGTERM. The first signal sets the flag, the second ends the program at
    /// once.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system if a handler cannot be installed.
    pub fn listen(&self) -> io::Result<()> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        for signal in [SIGINT, SIGTERM] {
            let status = i32::from(Self::EXIT_STATUS);
            signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&self.0))?;
            signal_hook::flag::register(signal, Arc::clone(&self.0))?;
        }
        Ok(())
    }

    /// Makes writing beyond the shell's limit on the size of a file (`ulimit -f`) an error of the file system. Otherwise it
    /// ends the program without a message.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    pub fn survive_file_limits() -> io::Result<()> {
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
        Ok(())
    }

    /// Whether the flag is set.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
