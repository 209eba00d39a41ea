//! The host's end of the link.

use std::io;
use std::time::{Duration, Instant};
use std::vec::Vec;

use lenet_core::shape::IMAGE_PIXELS;
use thiserror::Error;

use crate::link::{
    Bench, Classification, Info, Kind, PROTOCOL_VERSION, Receiver, Refusal, Reply, Request, UNNUMBERED, send,
};

/// A wire to a board.
pub trait Port {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    ///
    /// Those of the wire.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits for bytes, for at most `wait`, and says how many came; 0 when the other end is gone.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] or [`io::ErrorKind::WouldBlock`] when none came, or those of the wire.
    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;
}

/// How long to wait for an answer, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The wait for a reply.
    pub timeout: Duration,
    /// How often a request is sent before it is given up, 1 or more.
    pub attempts: u32,
}

/// Why a board gave no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The wire does not work.
    #[error("the link is broken: is the board still plugged in?")]
    Port {
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The other end is gone.
    #[error("the other end closed the link: is the board, or its emulator, still running?")]
    Closed,
    /// No reply came.
    #[error(
        "no answer from the board: sent the request {attempts} times and waited {} ms each time; is it running a \
         firmware that serves the link, and is the baud rate right?",
        timeout.as_millis()
    )]
    NoAnswer {
        /// How often the request was sent.
        attempts: u32,
        /// The wait after each.
        timeout: Duration,
    },
    /// The board could not read the request, each time.
    #[error("the board refused the request {attempts} times, at last as damaged: is the wire too noisy?")]
    Noise {
        /// How often the request was sent.
        attempts: u32,
    },
    /// The board speaks another version of the protocol.
    #[error(
        "the board speaks version {board} of the link, this program version {PROTOCOL_VERSION}: flash the firmware of this release"
    )]
    Version {
        /// The board's version.
        board: u8,
    },
    /// The board's answer has no meaning, or is to another question.
    #[error("the board's answer cannot be read: flash the firmware of this release")]
    Answer,
}

/// Asks a board, one request after the other, over an unreliable wire.
#[derive(Debug)]
pub struct Client<P> {
    port: P,
    retry: Retry,
    receiver: Receiver,
    sequence: u16,
    resent: u64,
}

/// What came in answer to one sending of a request.
enum Answer<T> {
    Reply(T),
    /// The board met a damaged frame, probably the request.
    Damaged,
    Silence,
}

impl<P: Port> Client<P> {
    /// A client that numbers its requests from `sequence` on. Choose another one each time, so that a reply to an
    /// earlier client that is still under way is not taken for one to this.
    pub const fn new(port: P, retry: Retry, sequence: u16) -> Self {
        Self { port, retry, receiver: Receiver::new(Kind::Reply), sequence, resent: 0 }
    }

    /// How many requests had to be sent again so far.
    pub const fn resent(&self) -> u64 {
        self.resent
    }

    /// Asks the board what it is, and gives the answer to `read`.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn info<T>(&mut self, read: impl Fn(&Info<'_>) -> T) -> Result<T, LinkError> {
        self.ask(&Request::Info, self.retry.timeout, |reply| match reply {
            Reply::Info(info) => Some(read(&info)),
            _ => None,
        })
    }

    /// Has the board classify an image.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Result<Classification, LinkError> {
        self.ask(&Request::Classify { image }, self.retry.timeout, |reply| match reply {
            Reply::Classification(classification) => Some(classification),
            _ => None,
        })
    }

    /// Has the board classify `images` golden digits, and waits a time-out for each.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn bench(&mut self, images: u16) -> Result<Bench, LinkError> {
        let timeout = self.retry.timeout.saturating_mul(1 + u32::from(images));
        self.ask(&Request::Bench { images }, timeout, |reply| match reply {
            Reply::Bench(bench) => Some(bench),
            _ => None,
        })
    }

    /// Sends `request` until it is answered, or often enough. `read` takes the reply that belongs to it.
    fn ask<T>(
        &mut self,
        request: &Request<'_>,
        timeout: Duration,
        read: impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        self.sequence = self.sequence.checked_add(1).unwrap_or(UNNUMBERED + 1);
        let mut frame = Vec::new();
        send(self.sequence, request, |bytes| frame.extend_from_slice(bytes))
            .map_err(|_| LinkError::Answer)?;
        let attempts = self.retry.attempts;
        let mut damaged = false;
        for attempt in 0..attempts {
            self.resent += u64::from(attempt > 0);
            self.port.send(&frame).map_err(|source| LinkError::Port { source })?;
            match self.listen(Instant::now() + timeout, &read)? {
                Answer::Reply(reply) => return Ok(reply),
                Answer::Damaged => damaged = true,
                Answer::Silence => damaged = false,
            }
        }
        Err(if damaged { LinkError::Noise { attempts } } else { LinkError::NoAnswer { attempts, timeout } })
    }

    /// Waits for the reply to the request sent last.
    fn listen<T>(
        &mut self,
        deadline: Instant,
        read: &impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<Answer<T>, LinkError> {
        let mut buffer = [0; 256];
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(Answer::Silence);
            }
            let received = match self.port.receive(&mut buffer, wait) {
                Ok(0) => return Err(LinkError::Closed),
                Ok(received) => received,
                Err(error) => match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => return Ok(Answer::Silence),
                    io::ErrorKind::Interrupted => continue,
                    _ => return Err(LinkError::Port { source: error }),
                },
            };
            // Bytes after a reply are of no use: they cannot belong to a request that is not sent yet.
            for &byte in &buffer[..received] {
                if let Some(answer) = self.take(byte, read)? {
                    return Ok(answer);
                }
            }
        }
    }

    /// Takes a byte from the wire; the answer that it ends, if it ends the one that is waited for.
    fn take<T>(
        &mut self,
        byte: u8,
        read: &impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<Option<Answer<T>>, LinkError> {
        // Text between frames looks like a damaged one, and the time-out catches those that were frames.
        let Some(Ok(frame)) = self.receiver.push(byte) else { return Ok(None) };
        if frame.version != PROTOCOL_VERSION {
            return Err(LinkError::Version { board: frame.version });
        }
        let numbered = frame.sequence == self.sequence;
        match frame.message() {
            Ok(Reply::Refused(Refusal::Damaged)) if numbered || frame.sequence == UNNUMBERED => {
                Ok(Some(Answer::Damaged))
            }
            Ok(reply) if numbered => {
                read(reply).map(|reply| Some(Answer::Reply(reply))).ok_or(LinkError::Answer)
            }
            Err(_) if numbered => Err(LinkError::Answer),
            _ => Ok(None),
        }
    }
}
