//! The cores that the firmware is built for, each on a board that QEMU emulates.

use std::env;
use std::format;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::string::String;

use super::QemuError;
use super::program::{Architecture, Needs};
use crate::host::files::read_at_most;

/// The folder of the firmware in the repository.
const FIRMWARE: &str = "lenet-infer/firmware";
/// The most bytes of an ELF file, debug information included.
const LARGEST_PROGRAM: u64 = 256 << 20;

/// The RAM of Arm's MPS2 boards with a Cortex-M4 or M7, some of it at two addresses.
const MPS2_RAM: [Range<u32>; 4] =
    [0..0x0080_0000, 0x2000_0000..0x2080_0000, 0x2100_0000..0x2200_0000, 0x6000_0000..0x6100_0000];
/// All that Armv8-M keeps for memory: the boards with such a core have many memories, each at a secure and at a
/// non-secure address.
const MEMORY: [Range<u32>; 2] = [0..0x4000_0000, 0x6000_0000..0xA000_0000];
/// The RAM of QEMU's RISC-V board, as large as it is without `-m`.
const VIRT_RAM: Range<u32> = 0x8000_0000..0x8800_0000;

/// A core, on the board that QEMU emulates around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Core {
    /// Cortex-M0, on the first micro:bit.
    M0,
    /// Cortex-M3.
    M3,
    /// Cortex-M4.
    M4,
    /// Cortex-M7.
    M7,
    /// Cortex-M33.
    M33,
    /// Cortex-M55.
    M55,
    /// RISC-V, 32 bits.
    Rv32imc,
}

impl Core {
    /// All cores.
    pub const ALL: [Self; 7] = [Self::M0, Self::M3, Self::M4, Self::M7, Self::M33, Self::M55, Self::Rv32imc];

    /// The short name of the core, such as `M0`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::M0 => "M0",
            Self::M3 => "M3",
            Self::M4 => "M4",
            Self::M7 => "M7",
            Self::M33 => "M33",
            Self::M55 => "M55",
            Self::Rv32imc => "RV32IMC",
        }
    }

    /// What the core is, in a few words.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::M0 => "Cortex-M0, the first micro:bit",
            Self::M3 => "Cortex-M3",
            Self::M4 => "Cortex-M4",
            Self::M7 => "Cortex-M7",
            Self::M33 => "Cortex-M33",
            Self::M55 => "Cortex-M55",
            Self::Rv32imc => "RISC-V, 32 bits",
        }
    }

    /// The core with a short name, in upper or lower case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|core| core.name().eq_ignore_ascii_case(name))
    }

    /// The name of the board, as QEMU and the firmware write it.
    #[must_use]
    pub const fn board(self) -> &'static str {
        match self {
            Self::M0 => "microbit",
            Self::M3 => "lm3s6965evb",
            Self::M4 => "mps2-an386",
            Self::M7 => "mps2-an500",
            Self::M33 => "mps2-an505",
            Self::M55 => "mps3-an547",
            Self::Rv32imc => "virt",
        }
    }

    /// The shell command that builds the firmware, from the root of the repository.
    #[must_use]
    pub fn build_command(self) -> String {
        let flags = if self == Self::M55 { "RUSTFLAGS=-Ctarget-cpu=cortex-m55 " } else { "" };
        let (board, target) = (self.board(), self.target());
        format!("(cd {FIRMWARE}/qemu && {flags}BOARD={board} cargo build --release --target {target})")
    }

    /// Finds the ELF file of the firmware's program `program`: the one given, else the one in the build folder of the
    /// repository that the current directory is in. Checks that it is a program for this core, as far as the file tells.
    ///
    /// # Errors
    ///
    /// Returns [`QemuError::NoFirmware`] if there is no such file, [`QemuError::WrongFirmware`] if it is not a program for
    /// this core, and [`QemuError::Path`] if it cannot be read or its path cannot be resolved.
    pub fn firmware(self, program: &str, given: Option<&Path>) -> Result<PathBuf, QemuError> {
        let relative = [FIRMWARE, "target", self.target(), "release", program].iter().collect::<PathBuf>();
        let here = env::current_dir().unwrap_or_default();
        let found = match given {
            Some(path) => path.is_file().then(|| path.into()),
            None => here.ancestors().map(|folder| folder.join(&relative)).find(|path| path.is_file()),
        };
        let Some(elf) = found else {
            let path = given.map_or(relative, PathBuf::from);
            return Err(QemuError::NoFirmware { path, build: self.build_command() });
        };
        let bytes = match read_at_most(&elf, LARGEST_PROGRAM) {
            Ok(bytes) => bytes,
            Err(source) => return Err(QemuError::Path { path: elf, source }),
        };
        let needs = self.needs();
        if let Err(found) = needs.check(&bytes) {
            let expected = format!("{} on {} ({})", self.name(), self.board(), needs.instruction_set());
            return Err(QemuError::WrongFirmware { path: elf, expected, found, build: self.build_command() });
        }
        // QEMU may run in another folder.
        elf.canonicalize().map_err(|source| QemuError::Path { path: elf, source })
    }

    /// What the core, and the board that QEMU emulates around it, need of a program.
    pub(super) const fn needs(self) -> Needs {
        let (arm, start, memory): (_, u32, &'static [Range<u32>]) = match self {
            Self::M0 => (Architecture::V6M, 0, &[0..0x0004_0000, 0x2000_0000..0x2000_4000]),
            Self::M3 => (Architecture::V7M, 0, &[0..0x0004_0000, 0x2000_0000..0x2001_0000]),
            Self::M4 | Self::M7 => (Architecture::V7EM, 0, &MPS2_RAM),
            Self::M33 => (Architecture::V8M, 0x1000_0000, &MEMORY),
            Self::M55 => (Architecture::V81M, 0, &MEMORY),
            Self::Rv32imc => {
                return Needs { arm: None, start: VIRT_RAM.start, memory: &[VIRT_RAM] };
            }
        };
        Needs { arm: Some(arm), start, memory }
    }

    /// The name that Rust has for the firmware's target.
    const fn target(self) -> &'static str {
        match self {
            Self::M0 => "thumbv6m-none-eabi",
            Self::M3 => "thumbv7m-none-eabi",
            Self::M4 | Self::M7 => "thumbv7em-none-eabihf",
            Self::M33 | Self::M55 => "thumbv8m.main-none-eabihf",
            Self::Rv32imc => "riscv32imc-unknown-none-elf",
        }
    }

    /// QEMU's program for the core, the Debian package of that program, and the flags that only this core needs.
    const fn emulator(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Rv32imc => ("qemu-system-riscv32", "qemu-system-misc", &["-bios", "none"]),
            _ => ("qemu-system-arm", "qemu-system-arm", &[]),
        }
    }

    /// The value of `-icount` that the firmware's counter relies on: an instruction lasts 2^shift ns.
    pub(super) const fn icount(self) -> &'static str {
        match self {
            Self::Rv32imc => "shift=0",
            _ => "shift=6",
        }
    }

    /// The command that runs a firmware, with its standard error in a pipe and its UART not connected.
    pub(super) fn command(self, elf: &Path) -> Command {
        let (program, _, flags) = self.emulator();
        let mut command = Command::new(program);
        command.args(["-M", self.board(), "-display", "none", "-monitor", "none"]).args(flags);
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(elf);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// The error of a command that cannot be started.
    pub(super) const fn not_installed(self, source: std::io::Error) -> QemuError {
        let (program, package, _) = self.emulator();
        QemuError::NotInstalled { program, package, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_is_found_by_its_name_in_either_case() {
        for core in Core::ALL {
            assert_eq!(Core::named(core.name()), Some(core));
            assert_eq!(Core::named(&core.name().to_lowercase()), Some(core));
        }
        assert_eq!(Core::named("M1"), None);
    }
}
