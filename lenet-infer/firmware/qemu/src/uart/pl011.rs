//! Arm's PrimeCell UART, PL011, as on the Stellaris boards.

use super::Register;

const DATA: Register = Register::at(0x00);
const FLAGS: Register = Register::at(0x18);
const LINE_CONTROL: Register = Register::at(0x2C);
const CONTROL: Register = Register::at(0x30);

/// In the flags: no byte has come.
const EMPTY: u32 = 1 << 4;
/// In the flags: no room for a byte to send.
const FULL: u32 = 1 << 5;
/// In the line control: FIFOs, words of 8 bits.
const EIGHT_BITS: u32 = 0b111 << 4;
/// In the control: the UART, sending and receiving.
const ENABLE: u32 = 0b11 << 8 | 1;

/// The UART, enabled.
pub(crate) struct Uart;

impl Uart {
    pub(crate) fn new() -> Self {
        LINE_CONTROL.write(EIGHT_BITS);
        CONTROL.write(ENABLE);
        Self
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        (FLAGS.read() & EMPTY == 0).then(|| DATA.read() as u8)
    }

    pub(crate) fn write(&mut self, byte: u8) {
        while FLAGS.read() & FULL != 0 {}
        DATA.write(byte.into());
    }
}
