//! The firmware for the ESP32-C3 and the ESP32-C6: the report over USB, then its host's requests.
#![no_std]
#![no_main]

mod board;
mod led;

use core::panic::PanicInfo;

use board::Esp;
use esp_hal::main;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

esp_bootloader_esp_idf::esp_app_desc!();

/// Runs the program.
#[main]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Esp::new())
}

/// Restarts the chip, which then tells what the panic said.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    app::crash::record(info);
    esp_hal::system::software_reset()
}
