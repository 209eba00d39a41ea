//! What the firmware of a real board does from power-up on.

use lenet_infer::{Engine, SHIPPED};

use crate::board::{Board, Serial};
use crate::crash;
use crate::report::Report;
use crate::serve::{serve, serve_async};

/// Classifies the golden digits and shows the result, then reports to a host and answers its requests, forever.
///
/// The result needs no host. The report waits until one is connected, so that nothing is missed. If a panic restarted the
/// board, its message comes first. Pictures are prepared on a work grid of `SIDE`x`SIDE` cells.
pub fn start<const SIDE: usize, B: Board + Serial>(board: &mut B) -> ! {
    introduce(board);
    serve::<SIDE, _>(board)
}

/// Does what [`start`] does, as a task of an executor. Other tasks run once the report is written, and from then on between
/// the bytes of the host. On a board that knows whether a host is connected, the task keeps the core until one is.
pub async fn start_async<const SIDE: usize, B: Board + Serial>(board: &mut B) -> ! {
    introduce(board);
    serve_async::<SIDE, _>(board).await
}

/// Does all that comes before the requests. It is never inlined, so that its stack is free again afterwards.
#[inline(never)]
fn introduce<B: Board + Serial>(board: &mut B) {
    let mut engine = Engine::new(&SHIPPED.model);
    let report = Report::new(board, &mut engine);
    board.show_result(report.passed());
    while !board.is_open() {
        board.wait();
    }
    crash::tell(board);
    report.print(board);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    #[test]
    fn the_result_is_shown_before_a_host_is_there_and_the_report_when_it_is() {
        let mut board = Paper { waits_until_open: 3, stays_open: true, ..Paper::default() };
        introduce(&mut board);
        assert_eq!(board.shown, Some(true));
        assert_eq!(board.text_when_shown, 0);
        assert_eq!(board.waits_until_open, 0);
        assert!(board.text.starts_with("LeNet on paper\n"), "{}", board.text);
    }
}
