//! The firmware for the NUCLEO-N657X0-Q: the report over the debugger's serial port, then its host's requests.
#![no_std]
#![no_main]

mod board;

use core::fmt::Write;
use core::panic::PanicInfo;

use board::{LastWords, Nucleo};
use embassy_executor::Spawner;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

#[embassy_executor::main(entry = "cortex_m_rt::entry")]
async fn main(_tasks: Spawner) {
    app::start_async::<SIDE, _>(&mut Nucleo::take()).await
}

/// Tells the panic at once, because a reset erases the RAM that could keep it, then resets the chip.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    // If the UART has not been set up, there is no place to tell it.
    let _ = write!(LastWords, "\r\npanicked: {info}\r\n");
    cortex_m::peripheral::SCB::sys_reset()
}
