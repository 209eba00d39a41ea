//! The UART of Arm's Cortex-M System Design Kit, as on the MPS2 boards.

use super::Register;

const DATA: Register = Register::at(0x00);
const STATE: Register = Register::at(0x04);
const CONTROL: Register = Register::at(0x08);
const BAUD_DIVIDER: Register = Register::at(0x10);

/// In the state: no room for a byte to send.
const FULL: u32 = 1 << 0;
/// In the state: a byte has come.
const RECEIVED: u32 = 1 << 1;
/// In the control: send and receive.
const ENABLE: u32 = 0b11;
/// The least that the baud divider may be.
const FASTEST: u32 = 16;

/// The UART, enabled.
pub(crate) struct Uart;

impl Uart {
    pub(crate) fn new() -> Self {
        BAUD_DIVIDER.write(FASTEST);
        CONTROL.write(ENABLE);
        Self
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        (STATE.read() & RECEIVED != 0).then(|| DATA.read() as u8)
    }

    pub(crate) fn write(&mut self, byte: u8) {
        while STATE.read() & FULL != 0 {}
        DATA.write(byte.into());
    }
}
