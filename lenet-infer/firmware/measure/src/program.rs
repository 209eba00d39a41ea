//! A linked program: its functions, its bytes and the sizes of its parts.

use crate::board::Board;
use anyhow::{Context, Result, bail};
use object::{Architecture, Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind, elf};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// The instruction sets that the tool understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// Armv6-M to Armv8-M.
    Thumb,
    /// RV32 with compressed instructions.
    RiscV,
}

/// A program read from an ELF file.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) isa: Isa,
    pub(crate) sizes: Sizes,
    /// Address and bytes of every section that is not writable.
    sections: Vec<(u32, Vec<u8>)>,
    /// Ranges of addresses that hold instructions, without the constants between them.
    pub(crate) code: Vec<Range<u32>>,
    functions: BTreeMap<u32, String>,
}

/// The sizes of the sections of a program, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Code, with the constants inside it.
    pub(crate) text: u64,
    /// Other constants.
    pub(crate) rodata: u64,
    /// Variables.
    pub(crate) variables: u64,
}

impl Program {
    /// Reads the ELF file of a program for `board`.
    pub(crate) fn read(path: &Path, board: &Board) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::of(&bytes, board)
            .with_context(|| format!("{}: not a program that can be measured", path.display()))
    }

    fn of(bytes: &[u8], board: &Board) -> Result<Self> {
        let program = Self::parse(bytes)?;
        let (expected, found) = (board.isa(), program.isa);
        if found != expected {
            bail!(
                "expected {expected:?} for {}, found {found:?}: remove it, so that it is built again",
                board.core
            );
        }
        Ok(program)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let file = object::File::parse(bytes)?;
        let isa = match file.architecture() {
            Architecture::Arm => Isa::Thumb,
            Architecture::Riscv32 => Isa::RiscV,
            other => bail!("it is for {other:?}, expected Arm or RISC-V with 32 bits"),
        };
        let (mut sizes, mut sections, mut executable) = (Sizes::default(), Vec::new(), Vec::new());
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            let has = |flag| sh_flags.contains(flag);
            if !has(elf::SHF_ALLOC) {
                continue;
            }
            let address = u32::try_from(section.address())?;
            let part = match (has(elf::SHF_EXECINSTR), has(elf::SHF_WRITE)) {
                (true, _) => &mut sizes.text,
                (_, true) => &mut sizes.variables,
                _ => &mut sizes.rodata,
            };
            *part += section.size();
            if has(elf::SHF_EXECINSTR) {
                executable.push(address..address + u32::try_from(section.size())?);
            }
            if !has(elf::SHF_WRITE) {
                sections.push((address, section.data()?.to_vec()));
            }
        }
        let symbols = || file.symbols().filter(|symbol| !symbol.is_undefined());
        let functions = symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let functions = functions
            .filter_map(|symbol| {
                let name = symbol.name().ok().filter(|name| !name.starts_with('$'))?;
                Some((instruction_address(symbol.address())?, name.to_owned()))
            })
            .collect();
        let marks: BTreeMap<u32, bool> = symbols()
            .filter_map(|symbol| {
                let is_code = match symbol.name().ok()?.get(..2)? {
                    "$t" | "$x" => true,
                    "$d" => false,
                    _ => return None,
                };
                Some((u32::try_from(symbol.address()).ok()?, is_code))
            })
            .collect();
        let code = executable.into_iter().flat_map(|section| code_ranges(section, &marks)).collect();
        Ok(Self { isa, sizes, sections, code, functions })
    }

    /// Returns the addresses from the first byte that is not writable to the last, which lie in flash.
    pub(crate) fn flash(&self) -> (u32, u32) {
        let filled = self.sections.iter().filter(|(_, bytes)| !bytes.is_empty());
        let ends = filled.map(|(address, bytes)| (*address, address + (bytes.len() as u32 - 1)));
        ends.fold((u32::MAX, 0), |(first, last), (start, end)| (first.min(start), last.max(end)))
    }

    /// Returns the address of the function with this symbol.
    pub(crate) fn function(&self, symbol: &str) -> Result<u32> {
        let mut found = self.functions.iter().filter(|(_, name)| *name == symbol);
        let (address, _) = found.next().with_context(|| format!("no function {symbol} in the program"))?;
        Ok(*address)
    }

    /// Returns whether a function starts at `address`.
    pub(crate) fn is_function(&self, address: u32) -> bool {
        self.functions.contains_key(&address)
    }

    /// Returns the demangled name of the function that contains `address`.
    pub(crate) fn name(&self, address: u32) -> String {
        match self.functions.range(..=address).next_back() {
            Some((_, name)) => format!("{:#}", rustc_demangle::demangle(name)),
            None => format!("{address:#x}"),
        }
    }

    /// Returns the addresses of the function that contains `address`, up to the next function.
    pub(crate) fn extent(&self, address: u32) -> Range<u32> {
        let start = self.functions.range(..=address).next_back().map_or(address, |(start, _)| *start);
        let end = self.functions.range(address + 1..).next().map_or(u32::MAX, |(end, _)| *end);
        start..end
    }

    /// Returns the bytes from `address` to the end of its section.
    pub(crate) fn bytes(&self, address: u32) -> Option<&[u8]> {
        self.sections.iter().find_map(|(start, bytes)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(offset..).filter(|rest| !rest.is_empty())
        })
    }

    /// Returns the word at `address`, unless its section is writable.
    pub(crate) fn constant(&self, address: u32) -> Option<u32> {
        self.bytes(address)?.first_chunk().map(|word| u32::from_le_bytes(*word))
    }
}

#[cfg(test)]
impl Program {
    /// The address of the first function in [`assembled`](Self::assembled).
    pub(crate) const ASSEMBLED: u32 = 0x1_0000;

    /// Returns a program of the functions `f0`, `f1` and so on, one after the other.
    pub(crate) fn assembled(isa: Isa, functions: &[&[u16]]) -> Self {
        let (mut bytes, mut symbols) = (Vec::new(), BTreeMap::new());
        for (number, code) in functions.iter().enumerate() {
            symbols.insert(Self::ASSEMBLED + bytes.len() as u32, format!("f{number}"));
            bytes.extend(code.iter().flat_map(|half| half.to_le_bytes()));
        }
        let all = Self::ASSEMBLED..Self::ASSEMBLED + bytes.len() as u32;
        let code = vec![all];
        let sections = vec![(Self::ASSEMBLED, bytes)];
        Self { isa, sizes: Sizes::default(), sections, code, functions: symbols }
    }
}

/// Clears the bit that marks the address of a Thumb function.
fn instruction_address(address: u64) -> Option<u32> {
    u32::try_from(address & !1).ok()
}

/// Returns the parts of an executable section that hold instructions, according to its mapping symbols, or the whole
/// section if it has none.
fn code_ranges(section: Range<u32>, marks: &BTreeMap<u32, bool>) -> Vec<Range<u32>> {
    let mut ranges = Vec::new();
    let mut start = Some(section.start);
    for (&address, &is_code) in marks.range(section.clone()) {
        match (start, is_code) {
            (Some(from), false) => {
                ranges.push(from..address);
                start = None;
            }
            (None, true) => start = Some(address),
            _ => {}
        }
    }
    ranges.extend(start.map(|from| from..section.end));
    ranges.retain(|range| !range.is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::BOARDS;

    /// An ELF file for a machine, with a header and nothing else.
    fn elf(class: u8, machine: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(&[0x7F, b'E', b'L', b'F', class, 1, 1]);
        bytes[16] = 2;
        bytes[18] = machine;
        bytes[20] = 1;
        bytes
    }

    #[test]
    fn a_program_for_another_core_is_refused() {
        let [arm, riscv, x86_64] = [elf(1, 40), elf(1, 243), elf(2, 62)];
        for board in &BOARDS {
            let (right, wrong) = if board.isa() == Isa::Thumb { (&arm, &riscv) } else { (&riscv, &arm) };
            assert!(Program::of(right, board).is_ok());
            let message = Program::of(wrong, board).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("expected {:?} for {}, found", board.isa(), board.core)),
                "{message}"
            );
            assert!(Program::of(&x86_64, board).is_err());
        }
    }

    #[test]
    fn constants_between_the_code_are_no_code() {
        let marks =
            BTreeMap::from([(0x100, true), (0x108, false), (0x110, true), (0x180, true), (0x1F8, false)]);
        assert_eq!(code_ranges(0x100..0x200, &marks), [0x100..0x108, 0x110..0x1F8]);
        let all = 0x100..0x200;
        assert_eq!(code_ranges(all.clone(), &BTreeMap::from([(0x104, true)])), [all]);
    }
}
