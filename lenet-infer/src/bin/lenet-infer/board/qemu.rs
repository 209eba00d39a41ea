//! The boards that QEMU emulates.

use std::env;
use std::io::{self, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use super::port::TcpLine;

/// The folder of the firmware, in the repository.
const FIRMWARE: &str = "lenet-infer/firmware";
/// How long QEMU may take to start.
const START: Duration = Duration::from_secs(20);
/// Between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(10);

/// A core, on the board that QEMU has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Core {
    /// Cortex-M0, the first micro:bit
    #[value(name = "M0")]
    M0,
    /// Cortex-M3
    #[value(name = "M3")]
    M3,
    /// Cortex-M4
    #[value(name = "M4")]
    M4,
    /// Cortex-M7
    #[value(name = "M7")]
    M7,
    /// Cortex-M33
    #[value(name = "M33")]
    M33,
    /// RISC-V, 32 bits
    #[value(name = "RV32IMC")]
    Rv32imc,
}

impl Core {
    /// The board's name, as QEMU and the firmware write it.
    pub(super) const fn board(self) -> &'static str {
        match self {
            Self::M0 => "microbit",
            Self::M3 => "lm3s6965evb",
            Self::M4 => "mps2-an386",
            Self::M7 => "mps2-an500",
            Self::M33 => "mps2-an505",
            Self::Rv32imc => "virt",
        }
    }

    /// Rust's name of what the firmware is compiled for.
    const fn target(self) -> &'static str {
        match self {
            Self::M0 => "thumbv6m-none-eabi",
            Self::M3 => "thumbv7m-none-eabi",
            Self::M4 | Self::M7 => "thumbv7em-none-eabihf",
            Self::M33 => "thumbv8m.main-none-eabihf",
            Self::Rv32imc => "riscv32imc-unknown-none-elf",
        }
    }

    /// The program that emulates it, the Debian package of that, and the flags beside those that all have.
    const fn emulator(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Rv32imc => ("qemu-system-riscv32", "qemu-system-misc", &["-bios", "none"]),
            _ => ("qemu-system-arm", "qemu-system-arm", &[]),
        }
    }

    /// What an instruction lasts: 2^this ns. The firmware counts with it.
    const fn instruction(self) -> &'static str {
        match self {
            Self::Rv32imc => "shift=0",
            _ => "shift=6",
        }
    }

    /// What makes its firmware, from the root of the repository.
    pub(super) fn build_command(self) -> String {
        let (board, target) = (self.board(), self.target());
        match self {
            Self::Rv32imc => format!("(cd {FIRMWARE}/qemu-riscv && cargo build --release --target {target})"),
            _ => format!("(cd {FIRMWARE}/qemu-arm && BOARD={board} cargo build --release --target {target})"),
        }
    }

    /// The firmware's ELF file for `program`: the one given, or that of the repository that this runs in.
    fn firmware(self, program: &str, given: Option<&Path>) -> Result<PathBuf> {
        let relative = [FIRMWARE, "target", self.target(), "release", program].iter().collect::<PathBuf>();
        let here = env::current_dir().unwrap_or_default();
        let found = match given {
            Some(path) => path.is_file().then(|| path.to_owned()),
            None => here.ancestors().map(|folder| folder.join(&relative)).find(|path| path.is_file()),
        };
        let Some(elf) = found else {
            let missing = given.unwrap_or(&relative);
            let build = self.build_command();
            bail!("{}: expected the firmware, found no such file: build it with: {build}", missing.display());
        };
        elf.canonicalize().with_context(|| elf.display().to_string())
    }

    /// The command that runs `program`, without what its UART is connected to.
    pub(super) fn command(self, program: &str, given: Option<&Path>) -> Result<Command> {
        let elf = self.firmware(program, given)?;
        let (emulator, _, flags) = self.emulator();
        let mut command = Command::new(emulator);
        command.args(["-M", self.board(), "-display", "none", "-monitor", "none"]).args(flags);
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(elf);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Starts `command`, which [`Self::command`] made.
    pub(super) fn spawn(self, command: &mut Command) -> Result<Child> {
        command.spawn().with_context(|| {
            let (emulator, package, _) = self.emulator();
            format!("expected to run {emulator}: is QEMU installed? (Debian: apt-get install {package})")
        })
    }
}

/// A running QEMU whose board's UART is on a socket; killed when dropped.
pub(super) struct Emulator {
    qemu: Child,
    listener: TcpListener,
}

impl Emulator {
    pub(super) fn start(core: Core, firmware: Option<&Path>) -> Result<Self> {
        let mut command = core.command("link", firmware)?;
        // QEMU connects to us, so that no two runs want the same port.
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen for QEMU")?;
        listener.set_nonblocking(true).context("cannot listen for QEMU")?;
        let port = listener.local_addr().context("cannot listen for QEMU")?.port();
        command.args(["-icount", core.instruction(), "-serial", "chardev:link", "-chardev"]);
        command.arg(format!("socket,id=link,host=127.0.0.1,port={port}"));
        Ok(Self { qemu: core.spawn(&mut command)?, listener })
    }

    /// Waits until QEMU has connected the UART.
    pub(super) fn connect(&mut self) -> Result<TcpLine> {
        let deadline = Instant::now() + START;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).context("cannot talk to QEMU")?;
                    return TcpLine::new(stream).context("cannot talk to QEMU");
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("cannot talk to QEMU"),
            }
            if let Some(status) = self.qemu.try_wait().context("cannot watch QEMU")? {
                bail!("QEMU ended before it began ({status}): {}", self.said());
            }
            ensure!(Instant::now() < deadline, "QEMU did not start within {} s", START.as_secs());
            sleep(PAUSE);
        }
    }

    /// Ends QEMU, and adds what it said to an error.
    pub(super) fn explain<T>(mut self, done: Result<T>) -> Result<T> {
        let Err(error) = done else { return done };
        // Gone already, perhaps, which may be the very cause.
        let _ = self.qemu.kill();
        let said = self.said();
        Err(if said.is_empty() { error } else { error.context(format!("QEMU said: {said}")) })
    }

    /// What QEMU, which has ended, said on its standard error, on one line.
    fn said(&mut self) -> String {
        said(&mut self.qemu)
    }
}

/// What a process that has ended said on its standard error, on one line.
pub(super) fn said(process: &mut Child) -> String {
    let mut text = Vec::new();
    if let Some(mut stderr) = process.stderr.take() {
        // What can be read is what can be told.
        let _ = stderr.read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).lines().collect::<Vec<_>>().join("; ")
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
