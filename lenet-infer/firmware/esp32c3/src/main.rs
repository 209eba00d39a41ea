//! The firmware for the ESP32-C3: the report over USB, then its host's requests.
#![no_std]
#![no_main]

mod board;

use board::Esp;
use esp_hal::main;
use panic_halt as _;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

esp_bootloader_esp_idf::esp_app_desc!();

/// Runs the program.
#[main]
fn main() -> ! {
    let mut board = Esp::new();
    let passed = app::run(&mut board);
    board.show_result(passed);
    app::serve::<SIDE, _>(&mut board)
}
