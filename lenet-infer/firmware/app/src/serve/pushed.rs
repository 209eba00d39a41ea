//! The answers of a board whose bytes are awaited, as a task of an executor does.

use core::cell::{Cell, RefCell};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::vec::Vec;

use super::tests::{request, texts};
use super::*;

/// A wire whose other end is here.
#[derive(Default)]
struct Wire {
    incoming: Cell<Option<u8>>,
    outgoing: RefCell<Vec<u8>>,
}

/// A board that never waits by itself.
struct Pushed<'w>(&'w Wire);

// SAFETY: on a host, the range from the limit of the stack to its pointer is empty.
unsafe impl Board for Pushed<'_> {
    const NAME: &'static str = "pushed";
    const UNIT: &'static str = "cycles";

    fn cycles(&mut self) -> u32 {
        0
    }
    fn write(&mut self, _: &str) {}
}

impl Serial for Pushed<'_> {
    fn read(&mut self) -> Option<u8> {
        self.0.incoming.take()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0.outgoing.borrow_mut().extend_from_slice(bytes);
    }
    fn wait(&mut self) {
        panic!("a task must not wait by itself");
    }
    fn poll_read(&mut self, _: &mut Context<'_>) -> Poll<Option<u8>> {
        self.read().map_or(Poll::Pending, |byte| Poll::Ready(Some(byte)))
    }
}

#[test]
fn a_task_is_pending_after_each_byte_and_answers_at_the_last_one_of_a_request() {
    let (image, logits) = golden::digits().next().unwrap();
    let wire = Wire::default();
    let mut board = Pushed(&wire);
    let mut engine = Engine::new(&SHIPPED.model);
    let mut preparer = Preparer::<48>::new();
    let mut task = pin!(answer_async(&mut board, &mut engine, &mut preparer));
    let mut context = Context::from_waker(Waker::noop());
    for number in [1, 2] {
        let bytes = request(number, &Request::Classify { image });
        let (last, before) = bytes.split_last().unwrap();
        for byte in before {
            wire.incoming.set(Some(*byte));
            assert!(task.as_mut().poll(&mut context).is_pending());
        }
        assert!(wire.outgoing.take().is_empty(), "an answer to an incomplete request");
        wire.incoming.set(Some(*last));
        assert!(task.as_mut().poll(&mut context).is_pending());
        let replies = texts(wire.outgoing.take());
        assert!(
            replies.len() == 1
                && replies[0].0 == number
                && replies[0].1.contains(&std::format!("{logits:?}")),
            "{replies:?}"
        );
    }
}
