//! What a panic said, kept over the restart that follows it.
//!
//! A board without a debugger has no place to print a panic: its USB port needs a program that runs. The panic handler
//! therefore records the message in memory that start-up does not clear and restarts the board, and [`start`] prints it
//! before anything else.
//!
//! [`start`]: crate::start

use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use crate::board::{Board, Console};

/// The longest message that is kept, in bytes.
const LONGEST: usize = 240;
/// Says that a record holds a message. After power-up, memory holds anything.
const RECORDED: u64 = 0x6C65_6E65_7470_616E;

/// A message in memory that is not cleared.
struct Record {
    /// [`RECORDED`], or no message.
    mark: u64,
    length: usize,
    text: [u8; LONGEST],
}

impl Record {
    const EMPTY: Self = Self { mark: 0, length: 0, text: [0; LONGEST] };

    /// Keeps the beginning of a message.
    fn keep(&mut self, message: impl fmt::Display) {
        self.length = 0;
        // Only its end is lost if the message is too long.
        let _ = write!(self, "{message}");
        self.mark = RECORDED;
    }

    /// Returns the message and forgets it.
    fn take(&mut self) -> Option<&str> {
        let recorded = self.mark == RECORDED;
        self.mark = 0;
        if !recorded {
            return None;
        }
        let text = self.text.get(..self.length)?;
        // A message is cut after any byte, perhaps within a character.
        Some(match str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default(),
        })
    }
}

impl Write for Record {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.text.get_mut(self.length..).ok_or(fmt::Error)?;
        let kept = room.len().min(text.len());
        room[..kept].copy_from_slice(&text.as_bytes()[..kept]);
        self.length += kept;
        if kept == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// The only record of a program.
struct Kept(UnsafeCell<Record>);

// SAFETY: a board has one core, and neither the program nor the handler that panicked continues. If an interrupt handler
// panics during `tell` or `record`, what it interrupted does not continue either, so the record has one user at a time.
unsafe impl Sync for Kept {}

/// The record, which cortex-m-rt, riscv-rt and esp-hal leave as it was before a restart.
#[cfg_attr(target_os = "none", unsafe(link_section = ".uninit.lenet_crash"))]
static KEPT: Kept = Kept(UnsafeCell::new(Record::EMPTY));

/// Records a panic. Call it from the panic handler of a board that then restarts.
pub fn record(info: &PanicInfo<'_>) {
    // SAFETY: no other reference to the record is in use, as `Kept` says, and every bit pattern is a valid `Record`.
    unsafe { &mut *KEPT.0.get() }.keep(info);
}

/// Records the panic and restarts the core with all its peripherals.
#[cfg(all(feature = "restart", not(feature = "defmt"), target_arch = "arm", target_os = "none"))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    record(info);
    cortex_m::peripheral::SCB::sys_reset()
}

/// Records the panic, shows it in the debugger's terminal, and restarts the core with all its peripherals.
#[cfg(all(feature = "restart", feature = "defmt", target_arch = "arm", target_os = "none"))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    use core::sync::atomic::{AtomicBool, Ordering};

    static PANICKED: AtomicBool = AtomicBool::new(false);
    // A panic within a message panics again when it is shown: the first is the one to tell.
    if !PANICKED.load(Ordering::Relaxed) {
        PANICKED.store(true, Ordering::Relaxed);
        record(info);
        crate::terminal::error(info);
    }
    cortex_m::peripheral::SCB::sys_reset()
}

/// Prints what a panic said before the board restarted, if one did, and forgets it. Returns whether one did.
pub fn tell<B: Board>(board: &mut B) -> bool {
    // SAFETY: as in `record`.
    let message = unsafe { &mut *KEPT.0.get() }.take();
    if let Some(message) = message {
        // A board's `write` reports no failure, so printing does not fail either.
        let _ = writeln!(Console(board), "restarted: {message}");
    }
    message.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    #[test]
    fn a_message_is_told_once() {
        let mut record = Record::EMPTY;
        record.keep("index out of range");
        assert_eq!(record.take(), Some("index out of range"));
        assert_eq!(record.take(), None);
    }

    #[test]
    fn a_long_message_is_cut_before_the_character_that_does_not_fit() {
        let mut record = Record::EMPTY;
        record.keep("ä".repeat(LONGEST).replacen('ä', "x", 1));
        let told = record.take().map(ToString::to_string);
        assert_eq!(told, Some(String::from("x") + &"ä".repeat((LONGEST - 1) / 2)));
    }

    #[test]
    fn memory_after_power_up_holds_no_message() {
        for mark in [0, u64::MAX, RECORDED ^ 1] {
            let mut record = Record { mark, length: usize::MAX, text: [0xFF; LONGEST] };
            assert_eq!(record.take(), None);
        }
        let mut record = Record { mark: RECORDED, length: usize::MAX, text: [0xFF; LONGEST] };
        assert_eq!(record.take(), None, "a length beyond the record");
    }
}
