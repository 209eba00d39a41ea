//! The 16550, as on QEMU's RISC-V board.

use super::Register;

const DATA: Register<u8> = Register::at(0);
const LINE_STATUS: Register<u8> = Register::at(5);

/// In the line status: a byte has come.
const RECEIVED: u8 = 1 << 0;
/// In the line status: there is room for a byte to send.
const ROOM: u8 = 1 << 5;

/// The UART, enabled.
pub(crate) struct Uart;

impl Uart {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        (LINE_STATUS.read() & RECEIVED != 0).then(|| DATA.read())
    }

    pub(crate) fn write(&mut self, byte: u8) {
        while LINE_STATUS.read() & ROOM == 0 {}
        DATA.write(byte);
    }
}
