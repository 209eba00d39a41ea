//! The firmware for the NUCLEO-H563ZI: the report over the debugger's serial port, then its host's requests.
#![no_std]
#![no_main]

mod board;

use board::Nucleo;
use embassy_executor::Spawner;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

#[embassy_executor::main(entry = "cortex_m_rt::entry")]
async fn main(_tasks: Spawner) {
    app::start_async::<SIDE, _>(&mut Nucleo::take()).await
}
