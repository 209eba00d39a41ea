//! The program that answers a host: the board's end of [`lenet_infer::link`].
//!
//! Between bytes, all that the board knows about a picture is in the variables of the function that waits for the next
//! request: [`answer`] before the first picture, and those of `picture` from then on. These functions are asynchronous:
//! where other tasks share the core, an executor polls them, and elsewhere `finish`.

mod picture;
#[cfg(test)]
mod pushed;
#[cfg(test)]
mod tests;

use core::future::poll_fn;
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::link::{
    self, Bench, Classification, Info, Kind, MAX_NAME, MAX_ROW_PIXELS, Receiver, Refusal, Reply, Request,
    UNNUMBERED,
};
use lenet_infer::picture::Preparer;
use lenet_infer::{Engine, RAM_BYTES, SHIPPED};

use crate::board::{Board, Serial};
use crate::golden;
use crate::measure::{Measured, count, measure};

/// Answers the requests of a host, forever. It prepares pictures on a work grid of `SIDE`x`SIDE` cells.
pub fn serve<const SIDE: usize, B: Board + Serial>(board: &mut B) -> ! {
    finish(pin!(serve_async::<SIDE, _>(board)))
}

/// Does what [`serve`] does, as a task of an executor. Other tasks run between the bytes of the host.
pub async fn serve_async<const SIDE: usize, B: Board + Serial>(board: &mut B) -> ! {
    // Made by the compiler, so that it is never on the stack twice.
    let mut preparer = const { Preparer::<SIDE>::new() };
    let mut engine = Engine::new(&SHIPPED.model);
    loop {
        answer_async(board, &mut engine, &mut preparer).await;
        board.wait();
    }
}

/// Answers the requests of a host until the wire is closed.
pub fn answer<const SIDE: usize, B: Board + Serial>(
    board: &mut B,
    engine: &mut Engine<'_>,
    preparer: &mut Preparer<SIDE>,
) {
    finish(pin!(answer_async(board, engine, preparer)));
}

/// Does what [`answer`] does, as a task of an executor.
async fn answer_async<const SIDE: usize, B: Board + Serial>(
    board: &mut B,
    engine: &mut Engine<'_>,
    preparer: &mut Preparer<SIDE>,
) {
    let receiver = Receiver::new(Kind::Request);
    let mut server = Server { answerer: Answerer { board, engine, side: SIDE }, receiver };
    let mut begun = server.requests(|_, request| picture::begin(&request)).await;
    while let Some(picture) = begun {
        begun = picture::take(&mut server, preparer, picture).await;
    }
}

/// Finishes the work of a board without an executor. Its `Serial::poll_read` waits, so one poll is enough.
///
/// The work is pinned where it was made: passed by value, it would be on the stack twice.
fn finish<F: Future>(mut work: Pin<&mut F>) -> F::Output {
    loop {
        if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// A request under its number.
struct Numbered<'f> {
    sequence: u16,
    request: Request<'f>,
}

/// What is the same before, in and after a picture.
struct Server<'s, 'm, B> {
    answerer: Answerer<'s, 'm, B>,
    receiver: Receiver,
}

impl<'s, 'm, B: Board + Serial> Server<'s, 'm, B> {
    /// Answers requests until `on` breaks or the wire is closed. `on` gets each request first, and says whether it has
    /// answered it.
    async fn requests<R>(
        &mut self,
        mut on: impl FnMut(&mut Answerer<'s, 'm, B>, Numbered<'_>) -> ControlFlow<R, Answered>,
    ) -> Option<R> {
        let Self { answerer, receiver } = self;
        while let Some(byte) = poll_fn(|context| answerer.board.poll_read(context)).await {
            let frame = match receiver.push(byte) {
                Some(Ok(frame)) => frame,
                Some(Err(refusal)) => {
                    answerer.send(UNNUMBERED, &Reply::Refused(refusal));
                    continue;
                }
                None => continue,
            };
            let sequence = frame.sequence;
            match frame.message() {
                Ok(request) => match on(answerer, Numbered { sequence, request }) {
                    Break(result) => return Some(result),
                    Continue(Answered::Yes) => {}
                    Continue(Answered::No) => answerer.answer(sequence, &request),
                },
                Err(refusal) => answerer.send(sequence, &Reply::Refused(refusal)),
            }
        }
        None
    }
}

/// Whether a request has been answered.
enum Answered {
    Yes,
    No,
}

/// What answers a request.
struct Answerer<'s, 'm, B> {
    board: &'s mut B,
    engine: &'s mut Engine<'m>,
    /// The side of the work grid.
    side: usize,
}

impl<B: Board + Serial> Answerer<'_, '_, B> {
    /// Answers a request that needs no picture; refuses one that does.
    fn answer(&mut self, sequence: u16, request: &Request<'_>) {
        let reply = match request {
            Request::Info => Reply::Info(info(self.board, self.engine, self.side)),
            Request::Classify { image } => {
                self.classify(image).map_or(Reply::Refused(Refusal::Body), Reply::Classification)
            }
            Request::Bench { images } => Reply::Bench(bench(self.board, self.engine, *images)),
            Request::Picture { .. } | Request::Rows { .. } | Request::Digit { .. } | Request::Image => {
                Reply::Refused(Refusal::Picture)
            }
        };
        self.send(sequence, &reply);
    }

    /// Classifies an image. No model has more classes than a reply has room for, so there is always an answer.
    fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Option<Classification> {
        let Measured { prediction, cycles, stack } = measure(self.board, self.engine, image);
        let (class, confidence) = (prediction.class, prediction.confidence);
        Classification::new(class, confidence, prediction.logits, cycles, bytes(stack))
    }

    fn send(&mut self, sequence: u16, reply: &Reply<'_>) {
        const { assert!(B::NAME.len() <= MAX_NAME && B::UNIT.len() <= MAX_NAME) };
        // With names of that length every reply fits in a frame.
        let _ = link::send(sequence, reply, |bytes| Serial::write(self.board, bytes));
    }
}

/// The longest side of a picture for a work grid: one whose cells are not much larger than a stroke is wide.
fn frame_side(side: usize) -> u16 {
    (4 * side).min(MAX_ROW_PIXELS) as u16
}

fn info<B: Board>(board: &B, engine: &Engine<'_>, side: usize) -> Info<'static> {
    let memory = board.memory();
    Info {
        board: B::NAME,
        unit: B::UNIT,
        model_crc: SHIPPED.crc(),
        classes: engine.model().classes() as u8,
        engine_ram: bytes(RAM_BYTES),
        variables: bytes(memory.variables),
        flash: bytes(memory.flash),
        grid_side: side as u8,
        frame_side: frame_side(side),
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
