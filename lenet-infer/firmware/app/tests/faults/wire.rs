//! A board on a wire where things go wrong.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use lenet_firmware::{Board, Memory, Serial, answer};
use lenet_infer::host::client::Port;
use lenet_infer::link::{Refusal, Reply, UNNUMBERED, send};
use lenet_infer::picture::Preparer;
use lenet_infer::{Engine, SHIPPED};

/// The side of the board's work grid.
pub(crate) const SIDE: usize = 48;

/// A reproducible source of random numbers: SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// What goes wrong between frames. The frames themselves arrive whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stray {
    Nothing,
    /// One byte before each request.
    Byte,
    /// Up to 63 random bytes, zeros among them, before each request and before each reply.
    Garbage,
    /// This many refusals before each reply, as after frames that were damaged earlier.
    Refusals(usize),
}

/// What goes wrong, and how often.
pub(crate) struct Faults {
    pub(crate) random: Random,
    pub(crate) stray: Stray,
    /// One byte in this many is hit, on average; none for 0. Then whole frames are repeated or held back too.
    pub(crate) one_in: u64,
    /// How long the board takes for a reply. Refusals of damaged frames come at once.
    pub(crate) delay: Duration,
    pub(crate) injected: u64,
}

impl Faults {
    pub(crate) const fn new(seed: u64, stray: Stray, one_in: u64, delay: Duration) -> Self {
        Self { random: Random(seed), stray, one_in, delay, injected: 0 }
    }

    fn strikes(&mut self) -> bool {
        let strikes = self.one_in > 0 && self.random.next().is_multiple_of(self.one_in);
        self.injected += u64::from(strikes);
        strikes
    }

    /// Puts on `wire` what becomes of `bytes`.
    fn carry(&mut self, bytes: &[u8], wire: &mut VecDeque<u8>) {
        for &byte in bytes {
            if !self.strikes() {
                wire.push_back(byte);
                continue;
            }
            match self.random.next() % 5 {
                0 => {}
                1 => wire.extend([byte, byte]),
                2 => wire.push_back(0),
                3 => wire.extend(b"text of the firmware"),
                _ => wire.push_back(byte ^ (1 << (self.random.next() % 8))),
            }
        }
    }

    /// The bytes that come before a request.
    fn before_request(&mut self) -> Vec<u8> {
        self.injected += u64::from(self.stray != Stray::Nothing);
        match self.stray {
            Stray::Byte => vec![self.random.next() as u8 | 1],
            Stray::Garbage => self.garbage(),
            Stray::Nothing | Stray::Refusals(_) => Vec::new(),
        }
    }

    /// The bytes that come before a reply.
    fn before_reply(&mut self) -> Vec<u8> {
        match self.stray {
            Stray::Garbage => self.garbage(),
            Stray::Refusals(count) => {
                let mut wire = Vec::new();
                for _ in 0..count {
                    let refused = Reply::Refused(Refusal::Damaged);
                    send(UNNUMBERED, &refused, |bytes| wire.extend_from_slice(bytes)).unwrap();
                }
                wire
            }
            Stray::Nothing | Stray::Byte => Vec::new(),
        }
    }

    fn garbage(&mut self) -> Vec<u8> {
        (0..self.random.next() % 64).map(|_| self.random.next() as u8).collect()
    }
}

/// A board in a thread. It gets bytes in batches, and answers each batch, once it has read it, with all that it sent.
struct FakeBoard {
    batches: Receiver<Vec<u8>>,
    answers: Sender<Vec<u8>>,
    batch: std::vec::IntoIter<u8>,
    outgoing: Vec<u8>,
}

impl FakeBoard {
    /// Starts a board, and returns where its batches go and where its answers come from. It ends when there can be no
    /// more batches.
    fn start() -> (Sender<Vec<u8>>, Receiver<Vec<u8>>) {
        let (to_board, batches) = channel::<Vec<u8>>();
        let (answers, from_board) = channel();
        thread::spawn(move || {
            let batch = batches.recv().unwrap_or_default().into_iter();
            let mut board = Self { batches, answers, batch, outgoing: Vec::new() };
            let mut preparer = Preparer::<SIDE>::new();
            answer(&mut board, &mut Engine::new(&SHIPPED.model), &mut preparer);
        });
        (to_board, from_board)
    }
}

// SAFETY: the stack's limit is its pointer, so there is no memory between them.
unsafe impl Board for FakeBoard {
    const NAME: &str = "fake";
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        0
    }
    fn write(&mut self, _: &str) {}
    fn memory(&self) -> Memory {
        Memory { flash: 1, variables: 2 }
    }
    fn stack_limit() -> usize {
        0
    }
    fn stack_pointer() -> usize {
        0
    }
}

impl Serial for FakeBoard {
    fn read(&mut self) -> Option<u8> {
        self.batch.next()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }
    fn is_open(&mut self) -> bool {
        while self.batch.as_slice().is_empty() {
            let Ok(()) = self.answers.send(std::mem::take(&mut self.outgoing)) else { return false };
            let Ok(batch) = self.batches.recv() else { return false };
            self.batch = batch.into_iter();
        }
        true
    }
}

/// The wire, the board at its other end, and what goes wrong.
pub(crate) struct Wire {
    pub(crate) faults: Faults,
    to_board: Sender<Vec<u8>>,
    from_board: Receiver<Vec<u8>>,
    to_host: VecDeque<u8>,
    /// What arrives only after [`Faults::delay`].
    delayed: VecDeque<u8>,
    /// The number of requests on the wire.
    pub(crate) sent: u64,
    /// The number of frames on the wire, both ways, with stray bytes before a request as one frame.
    pub(crate) frames: u64,
    held: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(faults: Faults) -> Self {
        let (to_board, from_board) = FakeBoard::start();
        Self {
            faults,
            to_board,
            from_board,
            to_host: VecDeque::new(),
            delayed: VecDeque::new(),
            sent: 0,
            frames: 0,
            held: Vec::new(),
        }
    }

    /// Lets the board read these bytes, and returns what it sent.
    fn work(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.to_board.send(bytes).expect("the board runs");
        let sent = self.from_board.recv().expect("the board runs");
        self.frames += sent.iter().filter(|byte| **byte == 0).count() as u64 / 2;
        sent
    }
}

impl Port for &mut Wire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent += 1;
        let mut bytes = [std::mem::take(&mut self.held).as_slice(), bytes].concat();
        if self.faults.one_in > 0 {
            match self.sent % 9 {
                3 => bytes = [bytes.as_slice(), &bytes].concat(),
                6 => self.held = std::mem::take(&mut bytes),
                _ => {}
            }
        }
        let stray = self.faults.before_request();
        self.frames += 1 + u64::from(!stray.is_empty());
        let mut incoming = VecDeque::from(stray);
        self.faults.carry(&bytes, &mut incoming);

        // The last byte ends the request; what the board sends before that are refusals.
        let last = incoming.pop_back();
        let refusals = [self.work(incoming.into()), self.faults.before_reply()].concat();
        self.faults.carry(&refusals, &mut self.to_host);
        let reply = self.work(last.into_iter().collect());
        self.faults.carry(&reply, &mut self.delayed);
        Ok(())
    }

    /// Returns all that arrives within `wait`. The clock is not real: nothing more arriving means that time is up.
    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if self.to_host.is_empty() && wait >= self.faults.delay {
            std::mem::swap(&mut self.to_host, &mut self.delayed);
        }
        if self.to_host.is_empty() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = buffer.len().min(self.to_host.len());
        buffer.iter_mut().zip(self.to_host.drain(..count)).for_each(|(slot, byte)| *slot = byte);
        Ok(count)
    }
}
