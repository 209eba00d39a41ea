//! The wires to a board: a serial port or a TCP connection.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use lenet_infer::host::client::Port;
use serialport::{ClearBuffer, SerialPort};

/// The time that a host has to accept a connection, and a wire to take the bytes of a request.
const CONNECT: Duration = Duration::from_secs(5);

/// A wire of either kind.
pub(super) enum AnyPort {
    Serial(SerialLine),
    Tcp(TcpLine),
}

impl Port for AnyPort {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Serial(line) => line.0.write_all(bytes),
            Self::Tcp(line) => line.0.write_all(bytes),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        match self {
            Self::Serial(line) => {
                line.0.set_timeout(wait)?;
                line.0.read(buffer)
            }
            Self::Tcp(line) => {
                line.0.set_read_timeout(Some(wait))?;
                line.0.read(buffer)
            }
        }
    }
}

/// A serial port of this machine.
pub(super) struct SerialLine(Box<dyn SerialPort>);

impl SerialLine {
    pub(super) fn open(name: &str, baud: u32) -> Result<Self> {
        let port = serialport::new(name, baud).timeout(CONNECT).open().with_context(|| {
            let found = ports();
            format!("{name}: expected a serial port to open at {baud} baud (ports found: {found})")
        })?;
        // What the board sent before is not an answer.
        port.clear(ClearBuffer::Input).with_context(|| name.to_owned())?;
        Ok(Self(port))
    }
}

/// The names of the serial ports of this machine, in words.
pub(super) fn ports() -> String {
    let ports = serialport::available_ports().unwrap_or_default();
    let names: Vec<_> = ports.into_iter().map(|port| port.port_name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A TCP connection that carries a board's serial bytes.
pub(super) struct TcpLine(TcpStream);

impl TcpLine {
    pub(super) fn connect(address: &str) -> Result<Self> {
        let expected = || {
            format!(
                "{address}: expected HOST:PORT of something that listens and carries a board's serial bytes; is it running?"
            )
        };
        let mut refused = anyhow!("no address has that name");
        for candidate in address.to_socket_addrs().with_context(expected)? {
            match TcpStream::connect_timeout(&candidate, CONNECT) {
                Ok(stream) => return Self::new(stream).with_context(expected),
                Err(error) => refused = error.into(),
            }
        }
        Err(refused).with_context(expected)
    }

    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(CONNECT))?;
        Ok(Self(stream))
    }
}
