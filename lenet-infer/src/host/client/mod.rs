//! The host's end of the link to a board.
//!
//! A [`Client`] sends a request, waits for the reply, and sends again when no reply arrives within the time-out. A
//! refusal without a number ([`UNNUMBERED`]) does not end the wait. It says only that some frame was damaged, perhaps
//! stray bytes before the request, and a slow board may still be working on the request. No wait that is shorter than
//! the time-out can tell the two cases apart: a request that really was damaged costs one time-out, and in return
//! neither stray bytes nor refusals that were queued earlier cause a request to be repeated or to fail.

mod error;
mod picture;
#[cfg(test)]
mod tests;

use std::io;
use std::time::{Duration, Instant};
use std::vec::Vec;

use lenet_core::shape::IMAGE_PIXELS;

pub use error::LinkError;
pub use picture::{Gray, Seen};

use crate::link::{
    Bench, Classification, Info, Kind, PROTOCOL_VERSION, Receiver, Refusal, Reply, Request, UNNUMBERED, send,
};

/// The longest wait for a reply. It keeps a deadline within the range of the clock, and of the 32 bits in which some
/// operating systems count milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A wire to a board.
pub trait Port {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    ///
    /// Returns the errors of the wire.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits at most `wait` for bytes and returns how many it put into `buffer`; 0 if the other end is gone.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::TimedOut`] or [`io::ErrorKind::WouldBlock`] if no byte arrived, or an error of the wire.
    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;
}

/// How long a [`Client`] waits for a reply and how often it sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The time to wait for a reply; a week at most, longer ones count as a week. It must be longer than the board takes
    /// for a reply.
    pub timeout: Duration,
    /// The number of times that a request is sent before the client gives up; 1 or more.
    pub attempts: u32,
}

/// The host's end of the link: sends requests to a board, one at a time, over an unreliable wire.
#[derive(Debug)]
pub struct Client<P> {
    port: P,
    retry: Retry,
    receiver: Receiver,
    sequence: u16,
    resent: u64,
    /// The bytes that arrived since the request was sent first.
    received: u64,
}

/// The outcome of one sending of a request.
enum Outcome<T> {
    /// The reply arrived.
    Reply(T),
    /// No reply arrived. `damaged` says whether the board refused a frame meanwhile, perhaps the request.
    TimeOut { damaged: bool },
}

/// A frame that matters to the request sent last.
enum Answer<T> {
    Reply(T),
    /// The board received a damaged frame: the request, or stray bytes before it.
    Damaged,
}

impl<P: Port> Client<P> {
    /// Creates a client that numbers its requests from the number after `sequence` on.
    ///
    /// Choose another `sequence` for each client of a board. A late reply to an earlier client is then ignored, as its
    /// number is not expected.
    pub const fn new(port: P, retry: Retry, sequence: u16) -> Self {
        Self { port, retry, receiver: Receiver::new(Kind::Reply), sequence, resent: 0, received: 0 }
    }

    /// The number of requests that were sent again so far, counting each repetition.
    pub const fn resent(&self) -> u64 {
        self.resent
    }

    /// Asks the board to describe itself and returns what `read` makes of the description.
    ///
    /// # Errors
    ///
    /// Returns a [`LinkError`] if the board gives no answer that can be read.
    pub fn info<T>(&mut self, read: impl Fn(&Info<'_>) -> T) -> Result<T, LinkError> {
        self.ask(&Request::Info, self.retry.timeout, |reply| match reply {
            Reply::Info(info) => Some(read(&info)),
            _ => None,
        })
    }

    /// Asks the board to classify an image.
    ///
    /// # Errors
    ///
    /// Returns a [`LinkError`] if the board gives no answer that can be read.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Result<Classification, LinkError> {
        self.ask(&Request::Classify { image }, self.retry.timeout, |reply| match reply {
            Reply::Classification(classification) => Some(classification),
            _ => None,
        })
    }

    /// Asks the board to classify `images` golden digits. The time-out is that of `images + 1` requests.
    ///
    /// # Errors
    ///
    /// Returns a [`LinkError`] if the board gives no answer that can be read, or one about another number of digits.
    pub fn bench(&mut self, images: u16) -> Result<Bench, LinkError> {
        let timeout = self.retry.timeout.saturating_mul(1 + u32::from(images));
        let bench = self.ask(&Request::Bench { images }, timeout, |reply| match reply {
            Reply::Bench(bench) => Some(bench),
            _ => None,
        })?;
        if bench.images != images || bench.equal > bench.images {
            let Bench { images: classified, equal, .. } = bench;
            return Err(LinkError::Bench { asked: images, classified, equal });
        }
        Ok(bench)
    }

    /// Sends `request` until the board answers it, at most as often as [`Retry`] allows. `read` takes the reply to it and
    /// returns `None` if that is of another kind.
    fn ask<T>(
        &mut self,
        request: &Request<'_>,
        timeout: Duration,
        read: impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        let timeout = timeout.min(LONGEST_WAIT);
        self.sequence = self.sequence.checked_add(1).unwrap_or(UNNUMBERED + 1);
        let mut frame = Vec::new();
        send(self.sequence, request, |bytes| frame.extend_from_slice(bytes))
            .map_err(|_| LinkError::Answer)?;
        let attempts = self.retry.attempts;
        let mut refused = false;
        self.received = 0;
        for attempt in 0..attempts {
            self.resent += u64::from(attempt > 0);
            self.port.send(&frame).map_err(|source| LinkError::Port { source })?;
            match self.listen(Instant::now() + timeout, &read)? {
                Outcome::Reply(reply) => return Ok(reply),
                Outcome::TimeOut { damaged } => refused = damaged,
            }
        }
        Err(if refused {
            LinkError::Noise { attempts, timeout }
        } else {
            LinkError::NoAnswer { attempts, timeout, received: self.received }
        })
    }

    /// Waits for the reply to the request sent last.
    fn listen<T>(
        &mut self,
        deadline: Instant,
        read: &impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<Outcome<T>, LinkError> {
        let mut buffer = [0; 256];
        let mut damaged = false;
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(Outcome::TimeOut { damaged });
            }
            let received = match self.port.receive(&mut buffer, wait) {
                Ok(0) => return Err(LinkError::Closed),
                Ok(received) => received,
                Err(error) => match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                        return Ok(Outcome::TimeOut { damaged });
                    }
                    io::ErrorKind::Interrupted => continue,
                    _ => return Err(LinkError::Port { source: error }),
                },
            };
            self.received += received as u64;
            // Bytes after the reply are dropped: they cannot answer a request that is not sent yet.
            for &byte in &buffer[..received] {
                match self.take(byte, read)? {
                    Some(Answer::Reply(reply)) => return Ok(Outcome::Reply(reply)),
                    Some(Answer::Damaged) => damaged = true,
                    None => {}
                }
            }
        }
    }

    /// Takes a byte from the wire. Returns the frame that it completes if that concerns the request sent last.
    fn take<T>(
        &mut self,
        byte: u8,
        read: &impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<Option<Answer<T>>, LinkError> {
        // Text between frames looks like a damaged frame. If it was a reply, the time-out leads to a repetition.
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
