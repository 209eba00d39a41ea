//! The UART of the board at hand: build.rs says which driver, and where its registers are.
//!
//! A driver has `Uart::new`, which enables it, `read`, which does not wait, and `write`, which does. QEMU needs no pins,
//! clocks or baud rates set, so nor do these.

#[cfg(uart = "cmsdk")]
mod cmsdk;
#[cfg(uart = "nrf51")]
mod nrf51;
#[cfg(uart = "ns16550")]
mod ns16550;
#[cfg(uart = "pl011")]
mod pl011;

#[cfg(uart = "cmsdk")]
pub(crate) use cmsdk::Uart;
#[cfg(uart = "nrf51")]
pub(crate) use nrf51::Uart;
#[cfg(uart = "ns16550")]
pub(crate) use ns16550::Uart;
#[cfg(uart = "pl011")]
pub(crate) use pl011::Uart;

use core::marker::PhantomData;
use core::ptr;

const ADDRESS: usize = match usize::from_str_radix(env!("UART"), 10) {
    Ok(address) => address,
    Err(_) => panic!("UART is not an address"),
};

/// One of the UART's registers, by its offset in bytes.
struct Register<T = u32> {
    offset: usize,
    value: PhantomData<T>,
}

impl<T> Register<T> {
    const fn at(offset: usize) -> Self {
        Self { offset, value: PhantomData }
    }

    fn read(&self) -> T {
        // SAFETY: build.rs says that the board has a UART's registers there, and the drivers name them by offset and width.
        unsafe { ptr::with_exposed_provenance::<T>(ADDRESS + self.offset).read_volatile() }
    }

    fn write(&self, value: T) {
        // SAFETY: as above; no register of these UARTs starts DMA.
        unsafe { ptr::with_exposed_provenance_mut::<T>(ADDRESS + self.offset).write_volatile(value) };
    }
}
