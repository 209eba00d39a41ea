//! The firmware for the nRF54L15-DK, as tasks: one reports over a UART and answers its host's requests, one blinks.
//!
//! The executor runs a task whenever the others wait. While a digit is classified, none does.
#![no_std]
#![no_main]

mod board;

use board::Dk;
use embassy_executor::Spawner;
use embassy_nrf::gpio::Output;
use embassy_time::{Duration, Ticker};

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;
/// How long the heartbeat's LED stays as it is.
const HALF_BEAT: Duration = Duration::from_millis(500);

#[embassy_executor::main(entry = "cortex_m_rt::entry")]
async fn main(tasks: Spawner) {
    let (dk, led) = board::take();
    tasks.spawn(blink(led).expect("there is one such task"));
    tasks.spawn(serve(dk).expect("there is one such task"));
}

/// Does all that the firmware of a board does.
#[embassy_executor::task]
async fn serve(mut dk: Dk) -> ! {
    app::start_async::<SIDE, _>(&mut dk).await
}

/// Lets an LED blink once per second: it hesitates when the other task takes long.
#[embassy_executor::task]
async fn blink(mut led: Output<'static>) -> ! {
    let mut beat = Ticker::every(HALF_BEAT);
    loop {
        led.toggle();
        beat.next().await;
    }
}
