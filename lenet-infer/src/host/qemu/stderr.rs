//! The standard error of a process, read while the process runs.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::string::String;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use std::vec::Vec;

/// The bytes that are kept: the last ones.
const KEPT: usize = 4096;
/// How long to wait for the rest after the process has ended. A grandchild may keep the pipe open for longer.
const REST: Duration = Duration::from_millis(500);

/// The end of what a process wrote to its standard error.
///
/// A thread reads the pipe all the time: a process whose pipe is full does not go on.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    /// Disconnected when the pipe is closed. The mutex makes it [`Sync`].
    closed: Mutex<Receiver<()>>,
}

impl Tail {
    /// Starts to read `pipe`.
    pub(super) fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(VecDeque::new()));
        let (open, closed) = channel();
        let kept = Arc::clone(&bytes);
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => {
                        keep(&mut kept.lock().unwrap_or_else(PoisonError::into_inner), &buffer[..count])
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            drop(open);
        });
        Self { bytes, closed: Mutex::new(closed) }
    }

    /// The end of what a process that has ended wrote, on one line.
    pub(super) fn text(&self) -> String {
        // Either the pipe is closed now, or what has arrived must do.
        let _ = self.closed.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(REST);
        let bytes: Vec<u8> =
            self.bytes.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        String::from_utf8_lossy(&bytes).lines().collect::<Vec<_>>().join("; ")
    }
}

/// Appends `new` and drops all but the last [`KEPT`] bytes.
fn keep(bytes: &mut VecDeque<u8>, new: &[u8]) {
    bytes.extend(new);
    bytes.drain(..bytes.len().saturating_sub(KEPT));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_last_lines_are_kept_on_one_line() {
        let text = [&[b'x'; 3 * KEPT], b"no such board\nsorry\n".as_slice()].concat();
        let said = Tail::of(Cursor::new(text)).text();
        assert!(said.len() <= KEPT && said.ends_with("xno such board; sorry"), "{said}");
    }
}
