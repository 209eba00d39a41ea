//! The UART of Nordic's nRF51, as on the first micro:bit.

use super::Register;

const START_RECEIVING: Register = Register::at(0x000);
const START_SENDING: Register = Register::at(0x008);
const RECEIVED: Register = Register::at(0x108);
const SENT: Register = Register::at(0x11C);
const ENABLE: Register = Register::at(0x500);
const RECEIVED_BYTE: Register = Register::at(0x518);
const BYTE_TO_SEND: Register = Register::at(0x51C);

/// What turns the UART on.
const ENABLED: u32 = 4;

/// The UART, enabled.
pub(crate) struct Uart;

impl Uart {
    pub(crate) fn new() -> Self {
        ENABLE.write(ENABLED);
        START_SENDING.write(1);
        START_RECEIVING.write(1);
        Self
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        if RECEIVED.read() == 0 {
            return None;
        }
        // Before the byte is taken: taking it says so again when another waits.
        RECEIVED.write(0);
        Some(RECEIVED_BYTE.read() as u8)
    }

    pub(crate) fn write(&mut self, byte: u8) {
        BYTE_TO_SEND.write(byte.into());
        while SENT.read() == 0 {}
        SENT.write(0);
    }
}
