//! A picture that comes row by row, and the requests about its digits.

use core::ops::ControlFlow::{self, Break, Continue};

use lenet_infer::link::{FoundDigit, MAX_DIGITS, Refusal, Reply, Request, Wanted};
use lenet_infer::picture::{Digit, Preparer, Rows};

use super::{Answered, Answerer, Numbered, Server, frame_side};
use crate::board::{Board, Serial};

/// A picture that the host has begun to send, with the number of the request.
pub(super) struct Begun {
    sequence: u16,
    width: u16,
    height: u16,
    wanted: Wanted,
}

/// The request that ends the wait for others.
enum Next {
    /// Another picture.
    Picture(Begun),
    /// The next digit, under this number.
    Digit(u16),
}

/// Breaks with the picture that a request begins.
pub(super) fn begin(request: &Numbered<'_>) -> ControlFlow<Begun, Answered> {
    match request.request {
        Request::Picture { width, height, wanted } => {
            Break(Begun { sequence: request.sequence, width, height, wanted })
        }
        _ => Continue(Answered::No),
    }
}

/// Takes a picture, and answers what the host asks about it, until the host begins another, which is returned, or the
/// wire is closed.
pub(super) async fn take<const SIDE: usize, B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    preparer: &mut Preparer<SIDE>,
    begun: Begun,
) -> Option<Begun> {
    let Begun { sequence, width, height, wanted } = begun;
    let limit = frame_side(SIDE);
    let rows = preparer.rows(width.into(), height.into()).ok().filter(|_| width <= limit && height <= limit);
    let Some(mut rows) = rows else {
        server.answerer.send(sequence, &Reply::Refused(Refusal::Picture));
        return server.requests(|_, request| begin(&request)).await;
    };
    server.answerer.send(sequence, &Reply::Taken { rows: 0 });
    let sequence = match take_rows(server, &mut rows, width, height).await? {
        Next::Picture(begun) => return Some(begun),
        Next::Digit(sequence) => sequence,
    };
    match wanted {
        Wanted::One => show_one(server, rows, sequence).await,
        Wanted::All => show_all(server, rows, sequence).await,
    }
}

/// Takes all rows of a picture, until the host asks for its first digit.
async fn take_rows<const SIDE: usize, B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    rows: &mut Rows<'_, SIDE>,
    width: u16,
    height: u16,
) -> Option<Next> {
    let mut taken = 0;
    server
        .requests(|answerer, numbered| match numbered.request {
            Request::Rows { first, pixels } => {
                let reply = push(rows, &mut taken, Size { width, height }, first, pixels);
                answerer.send(numbered.sequence, &reply);
                Continue(Answered::Yes)
            }
            Request::Digit { index: 0 } if rows.is_complete() => Break(Next::Digit(numbered.sequence)),
            _ => begin(&numbered).map_break(Next::Picture),
        })
        .await
}

/// The sides of a picture, in pixels.
#[derive(Clone, Copy)]
struct Size {
    width: u16,
    height: u16,
}

/// Takes those of the rows that are not `taken` yet.
fn push<const SIDE: usize>(
    rows: &mut Rows<'_, SIDE>,
    taken: &mut u16,
    size: Size,
    first: u16,
    pixels: &[u8],
) -> Reply<'static> {
    let width = usize::from(size.width).max(1);
    let count = pixels.len() / width;
    let fit = count > 0
        && pixels.len().is_multiple_of(width)
        && first <= *taken
        && count <= usize::from(size.height.saturating_sub(first));
    if !fit {
        return Reply::Refused(Refusal::Picture);
    }
    for row in pixels.chunks_exact(width).skip(usize::from(*taken - first)) {
        rows.push(row.iter().copied());
        *taken += 1;
    }
    Reply::Taken { rows: *taken }
}

/// Does work whose variables take much stack in a frame of its own, so that the stack is free again afterwards.
#[inline(never)]
fn apart<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Prepares the only digit of a picture for the request `sequence`, and answers those that follow.
async fn show_one<const SIDE: usize, B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    rows: Rows<'_, SIDE>,
    sequence: u16,
) -> Option<Begun> {
    let start = server.answerer.board.cycles();
    let digit = match apart(|| rows.finish()) {
        Ok(digit) => digit,
        Err(reason) => return show_end(server, 0, &Reply::NoDigit(reason), sequence).await,
    };
    let cycles = server.answerer.board.cycles().wrapping_sub(start);
    match show(server, 0, digit, cycles, sequence).await? {
        Next::Picture(begun) => Some(begun),
        Next::Digit(sequence) => show_end(server, 1, &Reply::NoMore, sequence).await,
    }
}

/// Prepares the digits of a picture one by one, the first for the request `sequence`, and answers those that follow.
async fn show_all<const SIDE: usize, B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    rows: Rows<'_, SIDE>,
    mut sequence: u16,
) -> Option<Begun> {
    let mut start = server.answerer.board.cycles();
    let mut digits = match apart(|| rows.find::<MAX_DIGITS>()) {
        Ok(digits) => digits,
        Err(reason) => return show_end(server, 0, &Reply::NoDigit(reason), sequence).await,
    };
    let mut index = 0;
    while let Some(digit) = apart(|| digits.next()) {
        let cycles = server.answerer.board.cycles().wrapping_sub(start);
        match show(server, index, digit, cycles, sequence).await? {
            Next::Picture(begun) => return Some(begun),
            Next::Digit(next) => sequence = next,
        }
        index += 1;
        start = server.answerer.board.cycles();
    }
    show_end(server, index, &Reply::NoMore, sequence).await
}

/// Tells about digit number `index` for the request `sequence`, and answers those that follow until one asks for the
/// next digit.
async fn show<B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    index: u8,
    digit: &Digit,
    cycles: u32,
    sequence: u16,
) -> Option<Next> {
    server.answerer.describe(sequence, digit, cycles);
    server
        .requests(|answerer, numbered| {
            let sequence = numbered.sequence;
            match numbered.request {
                Request::Digit { index: asked } if asked == index => {
                    answerer.describe(sequence, digit, cycles)
                }
                Request::Digit { index: asked } if asked == index + 1 => return Break(Next::Digit(sequence)),
                Request::Image => answerer.send(sequence, &Reply::Image(&digit.image)),
                _ => return begin(&numbered).map_break(Next::Picture),
            }
            Continue(Answered::Yes)
        })
        .await
}

/// Gives `reply`, that there is no digit number `index`, for the request `sequence`, and answers those that follow.
async fn show_end<B: Board + Serial>(
    server: &mut Server<'_, '_, B>,
    index: u8,
    reply: &Reply<'_>,
    sequence: u16,
) -> Option<Begun> {
    server.answerer.send(sequence, reply);
    server
        .requests(|answerer, numbered| match numbered.request {
            Request::Digit { index: asked } if asked == index => {
                answerer.send(numbered.sequence, reply);
                Continue(Answered::Yes)
            }
            _ => begin(&numbered),
        })
        .await
}

impl<B: Board + Serial> Answerer<'_, '_, B> {
    /// Classifies a digit, and tells about it for the request `sequence`. `cycles` is what it took to prepare it.
    fn describe(&mut self, sequence: u16, digit: &Digit, cycles: u32) {
        let Digit { rect, line, contrast, stroke_width, .. } = *digit;
        let classification = self.classify(&digit.image);
        let reply = classification.map_or(Reply::Refused(Refusal::Body), |classification| {
            Reply::Digit(FoundDigit { rect, line, contrast, stroke_width, cycles, classification })
        });
        self.send(sequence, &reply);
    }
}
