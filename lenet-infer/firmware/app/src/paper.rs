//! A board for tests.

use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

use crate::board::{Board, Memory, Serial};

/// A board without a stack to paint, whose counter counts its readings, and whose connection is two queues.
#[derive(Default)]
pub(crate) struct Paper {
    readings: u32,
    pub(crate) text: String,
    pub(crate) incoming: VecDeque<u8>,
    pub(crate) outgoing: Vec<u8>,
}

// SAFETY: the range from the limit of the stack to its pointer is empty.
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
    fn is_open(&mut self) -> bool {
        !self.incoming.is_empty()
    }
}
