//! The architecture that an Arm program was compiled for, as its build attributes say.
//!
//! Source of the numbers: "Addenda to, and Errata in, the ABI for the Arm Architecture", section "Build attributes".

use std::format;
use std::string::String;

use object::LittleEndian as LE;
use object::elf::{FileHeader32, SHT_ARM_ATTRIBUTES, Tag_File};
use object::read::elf::{AttributeReader, FileHeader, SectionHeader};

/// The architectures of Cortex-M cores. A core executes programs for its own and for those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Architecture {
    V6M,
    V7M,
    V7EM,
    V8M,
    V81M,
}

impl Architecture {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V6M => "Armv6-M",
            Self::V7M => "Armv7-M",
            Self::V7EM => "Armv7E-M",
            Self::V8M => "Armv8-M",
            Self::V81M => "Armv8.1-M",
        }
    }

    /// The architecture with a value of `Tag_CPU_arch` and one of `Tag_CPU_arch_profile`, if a Cortex-M has it.
    const fn of(architecture: u64, profile: u64) -> Option<Self> {
        match architecture {
            11 | 12 => Some(Self::V6M),
            10 if profile == b'M' as u64 => Some(Self::V7M),
            13 => Some(Self::V7EM),
            16 | 17 => Some(Self::V8M),
            21 => Some(Self::V81M),
            _ => None,
        }
    }
}

/// Checks that a core of the architecture `needed` executes the program. The error is what the program is instead. A
/// program without attributes may be for any core.
pub(super) fn check(needed: Architecture, header: &FileHeader32<LE>, file: &[u8]) -> Result<(), String> {
    let Some((architecture, profile)) = attributes(header, file) else { return Ok(()) };
    match Architecture::of(architecture, profile) {
        Some(found) if found <= needed => Ok(()),
        Some(found) => Err(format!("one for {}", found.name())),
        None => Err(format!(
            "one for an Arm core that is no Cortex-M (architecture {architecture} of the build attributes)"
        )),
    }
}

/// Returns `Tag_CPU_arch` and `Tag_CPU_arch_profile` of the whole file, if it has readable attributes.
fn attributes(header: &FileHeader32<LE>, file: &[u8]) -> Option<(u64, u64)> {
    let sections = header.section_headers(LE, file).ok()?;
    let section = sections.iter().find(|section| section.sh_type(LE) == SHT_ARM_ATTRIBUTES)?;
    let vendors = section.attributes(LE, file).ok()?.subsections().ok()?;
    let aeabi = vendors.flatten().find(|vendor| vendor.vendor() == b"aeabi")?;
    let whole = aeabi.subsubsections().flatten().find(|part| part.tag() == Tag_File)?;
    architecture(whole.attributes())
}

fn architecture(mut attributes: AttributeReader<'_>) -> Option<(u64, u64)> {
    let (mut architecture, mut profile) = (None, 0);
    while let Some(tag) = attributes.read_tag().ok()? {
        match tag {
            6 => architecture = Some(attributes.read_integer().ok()?),
            7 => profile = attributes.read_integer().ok()?,
            // The two names of the core, and what else has text.
            4 | 5 => _ = attributes.read_string().ok()?,
            // Compatibility: a number and a text.
            32 => _ = (attributes.read_integer().ok()?, attributes.read_string().ok()?),
            33.. if tag % 2 == 1 => _ = attributes.read_string().ok()?,
            _ => _ = attributes.read_integer().ok()?,
        }
    }
    Some((architecture?, profile))
}
