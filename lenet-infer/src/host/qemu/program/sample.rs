//! Small ELF files for tests, here and of the command.

use std::vec;
use std::vec::Vec;

/// ELF's number of Arm, and that of RISC-V.
pub(crate) const ARM: u16 = 40;
pub(crate) const RISCV: u16 = 243;

/// A linked program of 32 bits, little-endian: for a machine, with bytes at addresses, and with Arm build attributes that
/// name an architecture and a profile.
pub(crate) fn elf(machine: u16, segments: &[(u32, &[u8])], attributes: Option<(u8, u8)>) -> Vec<u8> {
    let attributes = attributes.map_or(vec![], |(architecture, profile)| {
        // Tag_conformance "2.09", Tag_CPU_arch, Tag_CPU_arch_profile.
        let tags = [67, b'2', b'.', b'0', b'9', 0, 6, architecture, 7, profile];
        let whole = [&[1][..], &(5 + tags.len() as u32).to_le_bytes(), &tags].concat();
        let vendor = [&(10 + whole.len() as u32).to_le_bytes(), b"aeabi\0".as_slice(), &whole].concat();
        [b"A".as_slice(), &vendor].concat()
    });
    let headers = 52 + 32 * segments.len() as u32;
    let mut bytes = Vec::new();
    let mut program_headers = Vec::new();
    for (address, contents) in segments {
        let (offset, length) = (headers + bytes.len() as u32, contents.len() as u32);
        program_headers.extend([1, offset, *address, *address, length, length, 5, 4]);
        bytes.extend_from_slice(contents);
    }
    let attributes_at = headers + bytes.len() as u32;
    bytes.extend_from_slice(&attributes);
    let sections_at = headers + bytes.len() as u32;
    // The section that no file lacks, and that of the attributes.
    let mut sections = [0_u32; 20];
    sections[11] = 0x7000_0003;
    sections[14] = attributes_at;
    sections[15] = attributes.len() as u32;

    let mut file = vec![0x7F, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0];
    file.extend(machine.to_le_bytes());
    file.extend([1, 0, 52, sections_at, 0].map(u32::to_le_bytes).concat());
    file.extend([52, 32, segments.len() as u16, 40, 2, 0].map(u16::to_le_bytes).concat());
    file.extend(program_headers.into_iter().flat_map(u32::to_le_bytes));
    file.extend(bytes);
    file.extend(sections.into_iter().flat_map(u32::to_le_bytes));
    file
}

/// The vector table of a program that starts right after it, at `start`, with its stack below `stack`.
pub(crate) fn vectors(start: u32, stack: u32) -> Vec<u8> {
    [stack, start + 8 + 1, 0xE7FE_E7FE].map(u32::to_le_bytes).concat()
}
