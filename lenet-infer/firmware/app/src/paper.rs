//! A board for tests.

use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

use crate::board::{Board, Memory, Serial};

/// A board without a stack to paint, whose counter counts its readings, and whose connection is two queues.
#[derive(Default)]
pub(crate) struct Paper {
    pub(crate) readings: u32,
    pub(crate) text: String,
    pub(crate) incoming: VecDeque<u8>,
    pub(crate) outgoing: Vec<u8>,
    /// The result that it was told to show, and how much text it had then.
    pub(crate) shown: Option<bool>,
    pub(crate) text_when_shown: usize,
    /// How often it must wait until its connection is open.
    pub(crate) waits_until_open: u32,
    /// Whether its connection stays open without bytes to come.
    pub(crate) stays_open: bool,
}

// SAFETY: on a host, the range from the limit of the stack to its pointer is empty.
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
    fn show_result(&mut self, passed: bool) {
        self.shown = Some(passed);
        self.text_when_shown = self.text.len();
    }
    fn memory(&self) -> Memory {
        Memory { flash: 1_000_000, variables: 3 }
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
        self.waits_until_open == 0 && (self.stays_open || !self.incoming.is_empty())
    }
    fn wait(&mut self) {
        self.waits_until_open = self.waits_until_open.saturating_sub(1);
    }
}
