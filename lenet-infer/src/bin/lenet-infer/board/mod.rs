//! `lenet-infer board`: what a board says, beside what the host says.

mod args;
mod bulk;
mod eval;
mod port;
mod qemu;
mod show;

use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use lenet_infer::ModelFile;
use lenet_infer::host::client::{Client, Retry};

pub(crate) use self::args::BoardArgs;
use self::args::{BoardCommand, Wire};
use self::port::{AnyPort, SerialLine, TcpLine};
use self::qemu::Emulator;

/// How often a request is sent before the board is given up.
const ATTEMPTS: u32 = 4;

/// A board that answers.
struct Board {
    client: Client<AnyPort>,
    about: About,
}

/// What the board says of itself.
struct About {
    board: String,
    unit: String,
    model_crc: u32,
    classes: u8,
    engine_ram: u32,
    variables: u32,
    flash: u32,
}

pub(crate) fn run(
    args: &BoardArgs,
    name: &str,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    if let (BoardCommand::Bulk(bulk), Some(core)) = (&args.command, args.wire.qemu) {
        return bulk::run(core, args.firmware.as_deref(), bulk, &file.model, json, out);
    }
    let mut emulator =
        args.wire.qemu.map(|core| Emulator::start(core, args.firmware.as_deref())).transpose()?;
    let line = match (&args.wire, &mut emulator) {
        (_, Some(emulator)) => AnyPort::Tcp(emulator.connect()?),
        (Wire { port: Some(name), .. }, _) => AnyPort::Serial(SerialLine::open(name, args.baud)?),
        (Wire { tcp, .. }, _) => AnyPort::Tcp(TcpLine::connect(tcp.as_deref().unwrap_or_default())?),
    };
    let done = talk(args, line, name, file, json, out);
    match emulator {
        Some(emulator) => emulator.explain(done),
        None => done,
    }
}

fn talk(
    args: &BoardArgs,
    line: AnyPort,
    name: &str,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let mut board = Board::meet(line, Retry { timeout: args.timeout, attempts: ATTEMPTS })?;
    if let Some(core) = args.wire.qemu {
        let (expected, found) = (core.board(), &board.about.board);
        ensure!(
            expected == found,
            "expected the firmware for {expected}, found that for {found}: build it with: {}",
            core.build_command()
        );
    }
    match &args.command {
        BoardCommand::Info => show::info(&board.about, json, out),
        BoardCommand::Bench(args) => show::bench(&mut board, args.images, json, out),
        BoardCommand::Eval(args) => {
            board.check_model(name, file)?;
            eval::run(&mut board, args, &file.model, json, out)
        }
        BoardCommand::Bulk(_) => unreachable!("`check` refused it without --qemu"),
    }
}

impl Board {
    /// Asks the board what it is.
    fn meet(line: AnyPort, retry: Retry) -> Result<Self> {
        // No two runs number their requests alike.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut client = Client::new(line, retry, now.subsec_micros() as u16);
        let about = client.info(|info| About {
            board: info.board.to_owned(),
            unit: info.unit.to_owned(),
            model_crc: info.model_crc,
            classes: info.classes,
            engine_ram: info.engine_ram,
            variables: info.variables,
            flash: info.flash,
        })?;
        Ok(Self { client, about })
    }

    /// Refuses to compare two models.
    fn check_model(&self, name: &str, file: &ModelFile<'_>) -> Result<()> {
        let host = file.crc();
        let board = self.about.model_crc;
        ensure!(
            host == board,
            "expected the board to run {name} (CRC-32 {host:08x}), found it running another (CRC-32 {board:08x}): \
             flash the firmware again, or name the board's model with --model"
        );
        Ok(())
    }
}
