//! The host's end and the board's end of the link, with a bad wire between them: nothing wrong is ever accepted, and
//! both go on when the wire is good again.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use lenet_core::shape::IMAGE_PIXELS;
use lenet_firmware::{Board, Memory, Serial, Server};
use lenet_infer::host::client::{Client, LinkError, Port, Retry};
use lenet_infer::{Engine, SHIPPED};

/// Often enough that no request is given up on the wires below.
const PATIENT: Retry = Retry { timeout: Duration::from_secs(60), attempts: 1_000 };

/// A source of faults that repeats itself: SplitMix64.
struct Faults {
    state: u64,
    /// The chance of a fault to a byte is one in this; none for 0.
    one_in: u64,
    injected: u64,
}

impl Faults {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn strikes(&mut self) -> bool {
        let strikes = self.one_in > 0 && self.next().is_multiple_of(self.one_in);
        self.injected += u64::from(strikes);
        strikes
    }

    /// Puts `bytes` on `wire`, or what becomes of them.
    fn carry(&mut self, bytes: &[u8], wire: &mut VecDeque<u8>) {
        for &byte in bytes {
            if !self.strikes() {
                wire.push_back(byte);
                continue;
            }
            match self.next() % 5 {
                0 => {}
                1 => wire.extend([byte, byte]),
                2 => wire.push_back(0),
                3 => wire.extend(b"text of the firmware"),
                _ => wire.push_back(byte ^ (1 << (self.next() % 8))),
            }
        }
    }
}

/// A board whose wire is two queues.
#[derive(Default)]
struct FakeBoard {
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
}

// SAFETY: from the stack's limit to its pointer there is nothing.
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
        self.incoming.pop_front()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }
}

/// The wire, the board at its other end, and what goes wrong.
struct Wire {
    faults: Faults,
    server: Server<'static>,
    board: FakeBoard,
    to_host: VecDeque<u8>,
    /// Frames sent, and every third of them is sent twice or held back until the next.
    sent: u64,
    held: Vec<u8>,
}

impl Wire {
    fn new(seed: u64, one_in: u64) -> Self {
        Self {
            faults: Faults { state: seed, one_in, injected: 0 },
            server: Server::new(Engine::new(&SHIPPED.model)),
            board: FakeBoard::default(),
            to_host: VecDeque::new(),
            sent: 0,
            held: Vec::new(),
        }
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
        let Wire { faults, server, board, to_host, .. } = &mut **self;
        faults.carry(&bytes, &mut board.incoming);
        while !board.incoming.is_empty() {
            server.step(board);
        }
        faults.carry(&std::mem::take(&mut board.outgoing), to_host);
        Ok(())
    }

    /// All that has come; none means that time is up, so that the test does not depend on a clock.
    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        if self.to_host.is_empty() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = buffer.len().min(self.to_host.len());
        buffer.iter_mut().zip(self.to_host.drain(..count)).for_each(|(slot, byte)| *slot = byte);
        Ok(count)
    }
}

/// An image that differs from one number to the next.
fn image(number: usize) -> [u8; IMAGE_PIXELS] {
    std::array::from_fn(|pixel| if pixel * (number + 3) % 11 < 3 { (pixel + number) as u8 } else { 0 })
}

/// Has the board classify images and asserts that each answer is that of the engine here.
fn assert_answers(client: &mut Client<&mut Wire>, images: usize) {
    let mut engine = Engine::new(&SHIPPED.model);
    for image in (0..images).map(image) {
        let said = client.classify(&image).unwrap();
        let expected = engine.classify(&image);
        assert_eq!(said.logits.as_slice(), expected.logits);
        assert_eq!((said.class, said.confidence), (expected.class, expected.confidence));
    }
}

#[test]
fn on_a_good_wire_nothing_is_sent_twice() {
    let mut wire = Wire::new(1, 0);
    let mut client = Client::new(&mut wire, PATIENT, u16::MAX - 3);
    assert_eq!(client.info(|info| info.board.to_owned()).unwrap(), "fake");
    assert_answers(&mut client, 8);
    let bench = client.bench(3).unwrap();
    assert_eq!((bench.images, bench.equal), (3, 3));
    assert_eq!(client.resent(), 0);
    assert_eq!(wire.sent, 10);
}

#[test]
fn on_a_bad_wire_no_wrong_answer_is_accepted_and_the_session_recovers() {
    for (seed, one_in) in [(1, 3_000), (2, 1_000), (3, 300)] {
        let mut wire = Wire::new(seed, one_in);
        let mut client = Client::new(&mut wire, PATIENT, 1);
        assert_answers(&mut client, 60);
        let resent = client.resent();
        assert!(resent > 10, "one in {one_in}: {resent} sent again");
        assert!(wire.faults.injected > 10, "one in {one_in}: {} faults", wire.faults.injected);

        // What is under way when the faults end may still fail, once.
        wire.faults.one_in = 0;
        let mut client = Client::new(&mut wire, Retry { attempts: 2, ..PATIENT }, 10_000);
        assert_answers(&mut client, 5);
        assert!(client.resent() <= 1);
    }
}

#[test]
fn a_board_that_understands_nothing_is_given_up() {
    let mut wire = Wire::new(1, 2);
    let mut client = Client::new(&mut wire, Retry { attempts: 5, ..PATIENT }, 1);
    let error = client.classify(&image(0)).unwrap_err();
    assert!(matches!(error, LinkError::NoAnswer { .. } | LinkError::Noise { .. }), "{error}");
    assert_eq!(wire.sent, 5);
}
