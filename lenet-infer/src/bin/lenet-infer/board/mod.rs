//! `lenet-infer board`: a board's answers, compared with the host's.

mod args;
mod bulk;
mod causes;
mod eval;
mod interrupt;
mod port;
mod read;
mod show;

use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use lenet_infer::ModelFile;
use lenet_infer::host::client::{Client, Retry};
use lenet_infer::host::qemu::{Core, Emulator};
use lenet_infer::link::Wanted;

pub(crate) use self::args::BoardArgs;
use self::args::{BoardCommand, Wire};
use self::causes::{CarriedBy, Emulated};
pub(crate) use self::interrupt::{EXIT_CODE as INTERRUPTED, interrupted};
use self::port::{AnyPort, SerialLine, TcpLine};

/// How often a request is sent before the board is given up.
const ATTEMPTS: u32 = 4;

/// A board that answers.
struct Board {
    client: Client<AnyPort>,
    about: About,
}

/// A board's description of itself.
struct About {
    board: String,
    unit: String,
    model_crc: u32,
    classes: u8,
    engine_ram: u32,
    variables: u32,
    flash: u32,
    grid_side: u8,
    frame_side: u16,
}

pub(crate) fn run(
    args: &BoardArgs,
    name: &str,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    match (&args.wire, &args.command) {
        (Wire { qemu: Some(core), .. }, BoardCommand::Bulk(bulk)) => {
            interrupt::catch()?;
            bulk::run(*core, args, bulk, name, file, json, out)
        }
        (Wire { qemu: Some(core), .. }, _) => {
            interrupt::catch()?;
            let elf = core.firmware("link", args.firmware.as_deref())?;
            let (emulator, uart) = Emulator::with_uart(*core, &elf)?;
            interrupt::watch(emulator.killer());
            let line = TcpLine::new(uart.connect(&emulator)?).context("cannot talk to QEMU")?;
            let wire = CarriedBy::Qemu(Emulated { core: *core, elf: &elf, emulator: &emulator });
            talk(args, AnyPort::Tcp(line), name, file, json, out).map_err(|error| wire.explain(error))
        }
        (Wire { port: Some(port), .. }, _) => {
            let line = SerialLine::open(port, args.baud)?;
            let wire = CarriedBy::Serial { port, baud: args.baud };
            talk(args, AnyPort::Serial(line), name, file, json, out).map_err(|error| wire.explain(error))
        }
        (Wire { tcp, .. }, _) => {
            let address = tcp.as_deref().unwrap_or_default();
            let line = TcpLine::connect(address)?;
            let wire = CarriedBy::Tcp { address };
            talk(args, AnyPort::Tcp(line), name, file, json, out).map_err(|error| wire.explain(error))
        }
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
        check_board(core, &board.about.board)?;
    }
    match &args.command {
        BoardCommand::Info => show::info(&board.about, json, out),
        BoardCommand::Bench(args) => show::bench(&mut board, args.images, json, out),
        BoardCommand::Eval(args) => {
            check_model(name, file, board.about.model_crc)?;
            eval::run(&mut board, args, &file.model, json, out)
        }
        BoardCommand::Classify(args) => {
            check_model(name, file, board.about.model_crc)?;
            read::run(&mut board, &args.picture, Wanted::One, file, json, out)
        }
        BoardCommand::Read(args) => {
            check_model(name, file, board.about.model_crc)?;
            read::run(&mut board, &args.picture, Wanted::All, file, json, out)
        }
        BoardCommand::Bulk(_) => unreachable!("`check` refused it without --qemu"),
    }
}

/// Refuses a firmware that was built for another board than the one that QEMU emulates.
fn check_board(core: Core, found: &str) -> Result<()> {
    let expected = core.board();
    ensure!(
        expected == found,
        "expected the firmware for {expected}, found that for {found}: build it with: {}",
        core.build_command()
    );
    Ok(())
}

/// Refuses a board that runs another model than the host. `board` is the checksum of the board's model.
fn check_model(name: &str, file: &ModelFile<'_>, board: u32) -> Result<()> {
    let host = file.crc();
    ensure!(
        host == board,
        "expected the board to run {name} (CRC-32 {host:08x}), found it running another (CRC-32 {board:08x}): \
         flash the firmware again, or name the board's model with --model"
    );
    Ok(())
}

impl Board {
    /// Asks the board to describe itself.
    fn meet(line: AnyPort, retry: Retry) -> Result<Self> {
        // Two runs should not use the same sequence numbers.
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
            grid_side: info.grid_side,
            frame_side: info.frame_side,
        })?;
        Ok(Self { client, about })
    }
}
