//! The UART of the board at hand: build.rs says which driver, and where its registers are.
//!
//! A driver has `Uart::new`, which enables it, `read`, which does not wait, and `write`, which does. QEMU needs no pins,
//! clocks or baud rates set, so nor do these.

#[cfg(uart = "cmsdk")]
mod cmsdk;
#[cfg(uart = "nrf51")]
mod nrf51;
#[cfg(uart = "pl011")]
mod pl011;

#[cfg(uart = "cmsdk")]
pub(crate) use cmsdk::Uart;
#[cfg(uart = "nrf51")]
pub(crate) use nrf51::Uart;
#[cfg(uart = "pl011")]
pub(crate) use pl011::Uart;

use core::ptr;

const ADDRESS: usize = match usize::from_str_radix(env!("UART"), 10) {
    Ok(address) => address,
    Err(_) => panic!("UART is not an address"),
};

/// One of the UART's 32-bit registers, by its offset.
struct Register(usize);

impl Register {
    fn read(&self) -> u32 {
        // SAFETY: build.rs says that the board has a UART's registers there, and the drivers name them by offset.
        unsafe { ptr::with_exposed_provenance::<u32>(ADDRESS + self.0).read_volatile() }
    }

    fn write(&self, value: u32) {
        // SAFETY: as above; no register of these UARTs starts DMA.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(ADDRESS + self.0).write_volatile(value) };
    }
}
