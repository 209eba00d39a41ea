//! Ctrl-C and other signals.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user asked the program to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Exit status of a program that Ctrl-C stopped: 128 and the number of the signal, as shells have it.
    pub const EXIT_STATUS: u8 = 130;

    /// Listens to Ctrl-C and to requests to end, for the rest of the program. The second of them ends it at once.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn listen() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            let status = i32::from(Self::EXIT_STATUS);
            signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&interrupt.0))?;
            signal_hook::flag::register(signal, Arc::clone(&interrupt.0))?;
        }
        // Without a handler, a file that outgrows the limit of the shell (`ulimit -f`) kills the program without a word.
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
        Ok(interrupt)
    }

    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
