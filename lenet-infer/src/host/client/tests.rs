//! The client against a board that answers from a script.

use std::string::ToString;
use std::{format, vec};

use super::*;

/// A board that answers each request with all of `replies`, refusals among them without a number.
struct Script {
    replies: Vec<Reply<'static>>,
    receiver: Receiver,
    wire: Vec<u8>,
}

impl Port for Script {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for &byte in bytes {
            let Some(Ok(frame)) = self.receiver.push(byte) else { continue };
            for reply in &self.replies {
                let sequence = if matches!(reply, Reply::Refused(_)) { UNNUMBERED } else { frame.sequence };
                send(sequence, reply, |bytes| self.wire.extend_from_slice(bytes)).unwrap();
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        if self.wire.is_empty() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = buffer.len().min(self.wire.len());
        buffer.iter_mut().zip(self.wire.drain(..count)).for_each(|(slot, byte)| *slot = byte);
        Ok(count)
    }
}

fn client(timeout: Duration, replies: Vec<Reply<'static>>) -> Client<Script> {
    let port = Script { replies, receiver: Receiver::new(Kind::Request), wire: Vec::new() };
    Client::new(port, Retry { timeout, attempts: 2 }, 1)
}

fn bench(images: u16, equal: u16) -> Reply<'static> {
    Reply::Bench(Bench { images, equal, ..Bench::default() })
}

#[test]
fn the_longest_time_out_is_within_the_range_of_the_clock() {
    let mut client = client(Duration::MAX, vec![bench(9, 9)]);
    assert_eq!(client.bench(9).unwrap().images, 9);
}

#[test]
fn a_bench_of_other_digits_than_asked_is_refused() {
    for (images, equal) in [(0, 0), (u16::MAX, u16::MAX), (99, 99), (100, 101)] {
        let error = client(Duration::from_secs(60), vec![bench(images, equal)]).bench(100).unwrap_err();
        let message = format!(
            "expected the board to classify 100 digits, found an answer of {equal} equal among {images}: flash the \
             firmware of this release"
        );
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn refusals_before_the_reply_do_not_repeat_the_request() {
    let mut replies = vec![Reply::Refused(Refusal::Damaged); 9];
    replies.push(bench(3, 3));
    let mut client = client(Duration::from_secs(60), replies);
    assert_eq!(client.bench(3).unwrap().images, 3);
    assert_eq!(client.resent(), 0);
}

#[test]
fn a_request_that_is_only_refused_is_repeated_and_then_given_up() {
    let mut client = client(Duration::from_secs(60), vec![Reply::Refused(Refusal::Damaged)]);
    let error = client.bench(0).unwrap_err();
    assert!(matches!(error, LinkError::Noise { attempts: 2, .. }), "{error}");
    assert_eq!(client.resent(), 1);
}
