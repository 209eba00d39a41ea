//! The firmware for the Raspberry Pi Pico 2: the report over USB, then its host's requests.
#![no_std]
#![no_main]

mod board;
#[cfg_attr(target_arch = "arm", path = "processor/cortex_m33.rs")]
#[cfg_attr(target_arch = "riscv32", path = "processor/hazard3.rs")]
mod processor;

use core::panic::PanicInfo;

use board::Pico2;
use rp235x_hal::block::ImageDef;
use rp235x_hal::entry;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

/// The image's definition, which tells the chip's ROM that this is a program, and for which kind of core.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: ImageDef = ImageDef::secure_exe();

/// Runs the program.
#[entry]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Pico2::take())
}

/// Records the panic and restarts the chip. A reset of the core would leave its peripherals as they are.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    app::crash::record(info);
    rp235x_hal::reset()
}
