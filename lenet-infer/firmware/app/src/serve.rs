//! The program that answers a host: the board's end of [`lenet_infer::link`].

use lenet_infer::link::{
    self, Bench, Classification, Frame, Info, Kind, MAX_NAME, Receiver, Refusal, Reply, Request, UNNUMBERED,
};
use lenet_infer::{Engine, RAM_BYTES, SHIPPED};

use crate::board::{Board, Serial};
use crate::golden;
use crate::measure::{Measured, count, measure};

/// Answers the requests of a host, forever.
pub fn serve<B: Board + Serial>(board: &mut B) -> ! {
    let mut server = Server::new(Engine::new(&SHIPPED.model));
    loop {
        server.step(board);
    }
}

/// The state of [`serve`] between two bytes.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    engine: Engine<'a>,
    receiver: Receiver,
}

impl<'a> Server<'a> {
    /// Returns a server that answers with the predictions of `engine`.
    pub const fn new(engine: Engine<'a>) -> Self {
        Self { engine, receiver: Receiver::new(Kind::Request) }
    }

    /// Takes a byte from the wire, if one has been received, and answers the frame that it completes, if any.
    ///
    /// Never waits for a byte.
    pub fn step<B: Board + Serial>(&mut self, board: &mut B) {
        let Some(byte) = Serial::read(board) else { return };
        match self.receiver.push(byte) {
            Some(Ok(frame)) => answer(board, &mut self.engine, &frame),
            Some(Err(refusal)) => send(board, UNNUMBERED, &Reply::Refused(refusal)),
            None => {}
        }
    }
}

fn answer<B: Board + Serial>(board: &mut B, engine: &mut Engine<'_>, frame: &Frame<'_>) {
    let reply = match frame.message() {
        Ok(Request::Info) => Reply::Info(info(board, engine)),
        Ok(Request::Classify { image }) => {
            let Measured { prediction, cycles, stack } = measure(board, engine, image);
            // No model has more classes than a reply has room for.
            Classification::new(
                prediction.class,
                prediction.confidence,
                prediction.logits,
                cycles,
                bytes(stack),
            )
            .map_or(Reply::Refused(Refusal::Body), Reply::Classification)
        }
        Ok(Request::Bench { images }) => Reply::Bench(bench(board, engine, images)),
        Err(refusal) => Reply::Refused(refusal),
    };
    send(board, frame.sequence, &reply);
}

fn send<B: Board + Serial>(board: &mut B, sequence: u16, reply: &Reply<'_>) {
    const { assert!(B::NAME.len() <= MAX_NAME && B::UNIT.len() <= MAX_NAME) };
    // With names of that length every reply fits in a frame.
    let _ = link::send(sequence, reply, |bytes| Serial::write(board, bytes));
}

fn info<B: Board>(board: &B, engine: &Engine<'_>) -> Info<'static> {
    let memory = board.memory();
    Info {
        board: B::NAME,
        unit: B::UNIT,
        model_crc: SHIPPED.crc(),
        classes: engine.model().classes() as u8,
        engine_ram: bytes(RAM_BYTES),
        variables: bytes(memory.variables),
        flash: bytes(memory.flash),
    }
}

fn bench<B: Board>(board: &mut B, engine: &mut Engine<'_>, images: u16) -> Bench {
    let mut bench = Bench { least: u32::MAX, ..Bench::default() };
    for (image, expected) in golden::digits().cycle().take(usize::from(images)) {
        let (prediction, cycles) = count(board, engine, image);
        bench.images += 1;
        bench.equal += u16::from(prediction.logits == expected);
        bench.least = bench.least.min(cycles);
        bench.most = bench.most.max(cycles);
        bench.total += u64::from(cycles);
    }
    bench.least = bench.least.min(bench.most);
    bench
}

/// Converts a size. On a microcontroller every size fits in 32 bits.
fn bytes(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;
    use std::vec::Vec;

    /// Returns the replies of a new server to the bytes: the number of each, and its contents as text.
    fn answers(bytes: &[u8]) -> Vec<(u16, std::string::String)> {
        let mut server = Server::new(Engine::new(&SHIPPED.model));
        let mut board = Paper::default();
        board.incoming.extend(bytes);
        while !board.incoming.is_empty() {
            server.step(&mut board);
        }
        let mut receiver = Receiver::new(Kind::Reply);
        let mut replies = Vec::new();
        for byte in board.outgoing {
            if let Some(frame) = receiver.push(byte) {
                let frame = frame.unwrap();
                replies.push((frame.sequence, std::format!("{:?}", frame.message::<Reply<'_>>().unwrap())));
            }
        }
        replies
    }

    fn request(sequence: u16, request: &Request<'_>) -> Vec<u8> {
        let mut wire = Vec::new();
        link::send(sequence, request, |bytes| wire.extend_from_slice(bytes)).unwrap();
        wire
    }

    #[test]
    fn a_repeated_request_is_answered_again() {
        let (image, logits) = golden::digits().next().unwrap();
        let once = request(9, &Request::Classify { image });
        let replies = answers(&[once.as_slice(), &once].concat());
        assert_eq!(replies.len(), 2);
        assert_eq!(replies[0], replies[1]);
        assert!(replies[0].0 == 9 && replies[0].1.contains(&std::format!("{logits:?}")), "{replies:?}");
    }

    #[test]
    fn a_bench_goes_around_the_golden_digits() {
        let expected = "Bench(Bench { images: 101, equal: 101, least: 0, most: 0, total: 0 })";
        assert_eq!(answers(&request(5, &Request::Bench { images: 101 })), [(5, expected.into())]);
        let none = "Bench(Bench { images: 0, equal: 0, least: 0, most: 0, total: 0 })";
        assert_eq!(answers(&request(5, &Request::Bench { images: 0 })), [(5, none.into())]);
    }

    #[test]
    fn a_damaged_frame_is_refused_and_the_next_request_is_answered() {
        let info = request(6, &Request::Info);
        let mut damaged = info.clone();
        damaged[4] ^= 1;
        let replies = answers(&[damaged, info].concat());
        assert_eq!(replies[0], (UNNUMBERED, "Refused(Damaged)".into()));
        assert!(replies[1].0 == 6 && replies[1].1.starts_with("Info(Info { board: \"paper\""), "{replies:?}");
    }
}
