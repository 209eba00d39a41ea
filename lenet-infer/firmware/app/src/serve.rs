//! The program that answers a host.

use crate::board::{Board, Serial};

/// Answers the requests of a host, for ever.
pub fn serve<B: Board + Serial>(board: &mut B) -> ! {
    loop {
        // Every byte is taken, so that the wire never stalls.
        while Serial::read(board).is_some() {}
    }
}
