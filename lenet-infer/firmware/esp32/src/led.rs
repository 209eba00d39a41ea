//! The LED at GPIO8: an addressable one on Espressif's boards, a plain one that is lit when low on most small boards.
//!
//! One signal serves both: a color for the former, which takes it and then ignores the level that stays, for the latter.

use esp_hal::Blocking;
use esp_hal::gpio::Level;
use esp_hal::peripherals::{GPIO8, RMT};
use esp_hal::rmt::{Channel, PulseCode, Rmt, Tx, TxChannelConfig, TxChannelCreator};
use esp_hal::time::{Duration, Instant, Rate};

/// Green, red and blue, the order in which an addressable LED takes them. A quarter of full brightness is bright.
const GREEN: [u8; 3] = [0x40, 0, 0];
const RED: [u8; 3] = [0, 0x40, 0];

/// What the pulses are counted in.
const TICKS: Rate = Rate::from_mhz(80);
/// A bit of a color is a high and a low pulse.
const ZERO: PulseCode = PulseCode::new(Level::High, ticks(300), Level::Low, ticks(900));
const ONE: PulseCode = PulseCode::new(Level::High, ticks(900), Level::Low, ticks(300));
/// Low for so long that what follows is a new color, and what came before is shown.
const LATCH: PulseCode = PulseCode::new(Level::Low, ticks(150_000), Level::Low, ticks(150_000));
/// How long the signal may take: twice what it does.
const PATIENCE: Duration = Duration::from_millis(2);

/// Returns the ticks in a time in nanoseconds.
const fn ticks(time: u32) -> u16 {
    (time * 80 / 1000) as u16
}

/// The LED.
pub(crate) struct Led(Channel<'static, Blocking, Tx>);

impl Led {
    /// Returns the LED, dark if it is a plain one.
    pub(crate) fn new(remote_control: RMT<'static>, pin: GPIO8<'static>) -> Self {
        let controller = Rmt::new(remote_control, TICKS).expect("the peripheral's clock has this rate");
        let channel =
            controller.channel0.configure_tx(&staying(Level::High)).expect("no other channel is in use");
        Self(channel.with_pin(pin))
    }

    /// Lights it, in green or in red; lights a plain one only if all is well.
    pub(crate) fn show(&mut self, well: bool) {
        let (color, level) = if well { (GREEN, Level::Low) } else { (RED, Level::High) };
        // The memory of the channel is its own already.
        let _ = self.0.apply_config(&staying(level));
        let start = Instant::now();
        // A failure leaves the LED as it is, and stops nothing else.
        if let Ok(mut sending) = self.0.reborrow().transmit(&signal(color)) {
            while !sending.poll() && start.elapsed() < PATIENCE {}
        }
    }
}

/// The settings with which the pin stays at a level when nothing is sent.
fn staying(level: Level) -> TxChannelConfig {
    TxChannelConfig::default().with_clk_divider(1).with_idle_output(true).with_idle_output_level(level)
}

/// Returns the pulses for a color.
fn signal(color: [u8; 3]) -> [PulseCode; 27] {
    let [green, red, blue] = color;
    let bits = u32::from_be_bytes([green, red, blue, 0]);
    let mut pulses = [LATCH; 27];
    for (i, pulse) in pulses[1..25].iter_mut().enumerate() {
        *pulse = if bits << i >> 31 == 1 { ONE } else { ZERO };
    }
    pulses[26] = PulseCode::end_marker();
    pulses
}
