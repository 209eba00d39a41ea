//! The terminal of a debugger, which reads the board's messages from its RAM: defmt over RTT.
//!
//! A message is kept for the debugger, and nothing waits for one that is not connected. While `probe-rs` is connected, no
//! message is lost: the board waits when the memory for them is full.

use core::fmt::{self, Display, Write};

use defmt::Display2Format;
use defmt_rtt as _;

/// Prints a line, with or without its end.
pub(crate) fn print(line: fmt::Arguments<'_>) {
    defmt::println!("{}", Display2Format(&Line(line)));
}

/// Prints an error.
pub(crate) fn error(message: impl Display) {
    defmt::error!("{}", Display2Format(&message));
}

/// Text without the end of its last line, which the terminal adds.
struct Line<'a>(fmt::Arguments<'a>);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Held { out: f, ends: false }.write_fmt(self.0)
    }
}

/// Holds each end of a line back until more text follows.
struct Held<'f, 'a> {
    out: &'f mut fmt::Formatter<'a>,
    ends: bool,
}

impl Write for Held<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.is_empty() {
            return Ok(());
        }
        if self.ends {
            self.out.write_str("\n")?;
        }
        self.ends = text.ends_with('\n');
        self.out.write_str(text.strip_suffix('\n').unwrap_or(text))
    }
}
