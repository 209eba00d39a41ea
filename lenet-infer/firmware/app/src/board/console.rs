//! The text that a board prints, line by line: over its own output, or with feature `defmt` in a debugger's terminal.

use core::fmt;

use super::Board;
#[cfg(all(feature = "defmt", target_os = "none"))]
use crate::terminal;

/// A board's text output as the target of `writeln!`. Each call prints one line.
pub(crate) struct Console<'b, B>(
    #[cfg_attr(
        all(feature = "defmt", target_os = "none"),
        expect(dead_code, reason = "the debugger prints")
    )]
    pub(crate) &'b mut B,
);

#[cfg(not(all(feature = "defmt", target_os = "none")))]
impl<B: Board> fmt::Write for Console<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text);
        Ok(())
    }
}

#[cfg(all(feature = "defmt", target_os = "none"))]
impl<B: Board> fmt::Write for Console<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_fmt(format_args!("{text}"))
    }

    fn write_fmt(&mut self, line: fmt::Arguments<'_>) -> fmt::Result {
        terminal::print(line);
        Ok(())
    }
}
