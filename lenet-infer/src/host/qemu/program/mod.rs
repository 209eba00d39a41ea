//! Whether an ELF file is a program for a core on its board, as far as the file tells.
//!
//! QEMU loads a program for another core without a word, and the board then never answers. So the file is looked at
//! before QEMU starts: its kind, the instruction set, the memory that it fills, and where the core starts.

mod arm;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::borrow::ToOwned;
use std::format;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;

use object::LittleEndian as LE;
use object::elf::{EM_ARM, EM_RISCV, ET_EXEC, FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

pub(super) use self::arm::Architecture;

/// What a core and its board need of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    /// The Arm architecture of the core, or `None` for RISC-V.
    pub(super) arm: Option<Architecture>,
    /// The address at which the core starts: its vector table, or its first instruction on RISC-V.
    pub(super) start: u32,
    /// The addresses at which the board may have memory. The ends do not belong to it.
    pub(super) memory: &'static [Range<u32>],
}

impl Needs {
    /// The name of the instruction set.
    pub(super) const fn instruction_set(self) -> &'static str {
        match self.arm {
            Some(architecture) => architecture.name(),
            None => "RISC-V, 32 bits",
        }
    }

    /// Checks that `file` is such a program. The error is what it is instead.
    pub(super) fn check(self, file: &[u8]) -> Result<(), String> {
        let header = header(file)?;
        let expected = if self.arm.is_some() { EM_ARM } else { EM_RISCV };
        match header.e_machine(LE) {
            machine if machine == expected => {}
            EM_ARM => return Err("one for Arm".to_owned()),
            EM_RISCV => return Err("one for RISC-V".to_owned()),
            machine => return Err(format!("one for another machine (number {} of ELF)", machine.0)),
        }
        if header.e_type(LE) != ET_EXEC {
            return Err("an ELF file that is no linked program".to_owned());
        }
        if let Some(needed) = self.arm {
            arm::check(needed, header, file)?;
        }
        let segments = segments(header, file)?;
        self.check_memory(&segments)?;
        self.check_start(&segments)
    }

    /// Checks that the board has memory for all that the program fills.
    fn check_memory(self, segments: &[Segment<'_>]) -> Result<(), String> {
        for segment in segments {
            for (address, length) in segment.fills {
                let within = |memory: &Range<u32>| {
                    address >= memory.start && u64::from(address) + u64::from(length) <= u64::from(memory.end)
                };
                if length > 0 && !self.memory.iter().any(within) {
                    return Err(format!(
                        "one that fills {length} bytes from {address:#010x} on, where the board has not so much memory"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks that the program is where the core starts.
    fn check_start(self, segments: &[Segment<'_>]) -> Result<(), String> {
        let start = self.start;
        let Some(first) = word(segments, start) else {
            return Err(format!("one that has nothing at {start:#010x}, where the core starts"));
        };
        if self.arm.is_none() {
            return Ok(());
        }
        // The first two words of the vector table: the stack pointer, and the address of the reset handler plus 1.
        if !self.memory.iter().any(|memory| memory.start < first && first <= memory.end) {
            return Err(format!("one with its stack below {first:#010x}, where the board has no memory"));
        }
        let reset = word(segments, start.wrapping_add(4)).unwrap_or(0);
        if reset.is_multiple_of(2) || word(segments, reset - 1).is_none() {
            return Err(format!(
                "one whose reset vector, {reset:#010x}, is not the address of Thumb code in it"
            ));
        }
        Ok(())
    }
}

/// A part of a program that is loaded.
struct Segment<'a> {
    /// The address at which the bytes are loaded.
    address: u32,
    bytes: &'a [u8],
    /// The start and the length of what is filled: by loading, and by the program when it starts.
    fills: [(u32, u32); 2],
}

/// Returns the header of an ELF file with 32 bits, little-endian.
fn header(file: &[u8]) -> Result<&FileHeader32<LE>, String> {
    let kind = match file {
        [0x7F, b'E', b'L', b'F', 1, 1, ..] => {
            return FileHeader32::parse(file).map_err(|error| format!("a damaged ELF file ({error})"));
        }
        [0x7F, b'E', b'L', b'F', 1, ..] => "a big-endian ELF file",
        [0x7F, b'E', b'L', b'F', ..] => "an ELF file that is not of 32 bits",
        [] => "an empty file",
        _ => "a file that is not ELF",
    };
    Err(kind.to_owned())
}

fn segments<'a>(header: &FileHeader32<LE>, file: &'a [u8]) -> Result<Vec<Segment<'a>>, String> {
    let damaged = || "a damaged ELF file (its program headers)".to_owned();
    let headers = header.program_headers(LE, file).map_err(|_| damaged())?;
    let loaded = headers.iter().filter(|segment| segment.p_type(LE) == PT_LOAD);
    loaded
        .map(|segment| {
            let bytes = segment.data(LE, file).map_err(|()| damaged())?;
            let address = segment.p_paddr(LE);
            let fills = [(address, segment.p_filesz(LE)), (segment.p_vaddr(LE), segment.p_memsz(LE))];
            Ok(Segment { address, bytes, fills })
        })
        .collect()
}

/// Returns the word that is loaded at `address`.
fn word(segments: &[Segment<'_>], address: u32) -> Option<u32> {
    segments.iter().find_map(|segment| {
        let offset = usize::try_from(address.checked_sub(segment.address)?).ok()?;
        segment.bytes.get(offset..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
    })
}
