//! A board for tests.

use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

use crate::board::{Board, Memory, Serial};

/// A board with no stack to paint, a counter that counts its readings, and two queues for a wire.
#[derive(Default)]
pub(crate) struct Paper {
    readings: u32,
    pub(crate) text: String,
    pub(crate) incoming: VecDeque<u8>,
    pub(crate) outgoing: Vec<u8>,
}

// SAFETY: from the stack's limit to its pointer there is nothing.
unsafe impl Board for Paper {
    const NAME: &str = "paper";
    const UNIT: &str = "readings";

    fn cycles(&mut self) -> u32 {
        self.readings += 1;
        self.readings
    }
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }
    fn memory(&self) -> Memory {
        Memory { flash: 1_000_000, variables: 3 }
    }
    fn stack_limit() -> usize {
        0
    }
    fn stack_pointer() -> usize {
        0
    }
}

impl Serial for Paper {
    fn read(&mut self) -> Option<u8> {
        self.incoming.pop_front()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }
}
