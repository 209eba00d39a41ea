//! The NUCLEO-N657X0-Q: the UART that the debugger on the board forwards, cycles from the DWT, two LEDs.

use core::fmt;
use core::pin::pin;
use core::ptr::addr_of;
use core::task::{Context, Poll};

use app::{Board, Serial};
use cortex_m::peripheral::DWT;
use cortex_m::singleton;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::pac::rcc::vals::{Cpusw, Cpusws, Syssw, Syssws};
use embassy_stm32::peripherals::USART1;
use embassy_stm32::rcc::{
    CpuClk, IcConfig, Icint, Icsel, Pll, Plldivm, Pllpdiv, Pllsel, SupplyConfig, SysClk,
};
use embassy_stm32::usart::{self, BufferedInterruptHandler, BufferedUart};
use embassy_stm32::{Config, bind_interrupts, pac};
use embedded_io::Write;
use embedded_io_async::Read;

// A symbol of the linker script; only its address means anything.
unsafe extern "C" {
    static __vector_table: u32;
}

/// Bytes that the UART holds in each direction: more than a request or a reply has.
const HELD: usize = 2_048;

bind_interrupts!(struct Interrupts {
    USART1 => BufferedInterruptHandler<USART1>;
});

/// The board, running at 600 MHz.
pub(crate) struct Nucleo {
    wire: BufferedUart<'static>,
    green: Output<'static>,
    red: Output<'static>,
}

impl Nucleo {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
        let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        // SAFETY: it is the table that cortex-m-rt made. What started this program may have left another one.
        unsafe { core.SCB.vtor.write(addr_of!(__vector_table).addr() as u32) };
        leave_pll();
        let chip = embassy_stm32::init(clocks());
        core.SCB.enable_icache();
        core.SCB.enable_dcache(&mut core.CPUID);
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();

        // 115,200 baud, which is the default.
        let wire = BufferedUart::new(
            chip.USART1,
            chip.PE6,
            chip.PE5,
            singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
            singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
            Interrupts,
            usart::Config::default(),
        )
        .expect("the clock divides down to the baud rate");
        let green = Output::new(chip.PG0, Level::High, Speed::Low);
        let red = Output::new(chip.PG10, Level::High, Speed::Low);
        Self { wire, green, red }
    }
}

/// 600 MHz, the fastest without a raised voltage: 64 MHz / 4 * 75 / 2. The UART has 200 MHz.
fn clocks() -> Config {
    let mut config = Config::default();
    // The board has a regulator of its own; with the chip's, its start-up would wait forever.
    config.rcc.supply_config = SupplyConfig::External;
    config.rcc.pll1 = Some(Pll::Oscillator {
        source: Pllsel::HSI,
        divm: Plldivm::DIV4,
        fractional: 0,
        divn: 75,
        divp1: Pllpdiv::DIV1,
        divp2: Pllpdiv::DIV1,
    });
    let divided = |divider| Some(IcConfig { source: Icsel::PLL1, divider });
    config.rcc.ic1 = divided(Icint::DIV2);
    config.rcc.ic2 = divided(Icint::DIV3);
    config.rcc.ic6 = divided(Icint::DIV4);
    config.rcc.ic11 = divided(Icint::DIV3);
    config.rcc.cpu = CpuClk::Ic1;
    config.rcc.sys = SysClk::Ic2;
    config
}

/// Gives the core and the buses the oscillator's clock and stops the PLL, which the ROM may have started: `init` does not
/// change a PLL in use.
fn leave_pll() {
    pac::RCC.cfgr().modify(|w| {
        w.set_cpusw(Cpusw::HSI);
        w.set_syssw(Syssw::HSI);
    });
    while pac::RCC.cfgr().read().cpusws() != Cpusws::HSI || pac::RCC.cfgr().read().syssws() != Syssws::HSI {}
    pac::RCC.ccr().write(|w| w.set_pllonc(0, true));
    while pac::RCC.sr().read().pllrdy(0) {}
}

/// The UART after a panic, without interrupts.
pub(crate) struct LastWords;

impl fmt::Write for LastWords {
    /// Does nothing if the UART has not been set up.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !pac::RCC.apb2enr().read().usart1en() || !pac::USART1.cr1().read().ue() {
            return Err(fmt::Error);
        }
        for &byte in text.as_bytes() {
            while !pac::USART1.isr().read().txe() {}
            pac::USART1.tdr().write(|w| w.set_dr(byte.into()));
        }
        while !pac::USART1.isr().read().tc() {}
        Ok(())
    }
}

impl Serial for Nucleo {
    fn read(&mut self) -> Option<u8> {
        app::read_by_polling(self)
    }

    /// Waits only for room: the UART sends what it holds later.
    fn write(&mut self, bytes: &[u8]) {
        // Sending on a UART cannot fail, only wait.
        let _ = self.wire.write_all(bytes);
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<u8>> {
        let mut byte = [0];
        let polled = pin!(Read::read(&mut self.wire, &mut byte)).poll(context);
        // Receiving does not fail: a damaged byte comes too, and the frame's checksum tells.
        polled.map(|_| Some(byte[0]))
    }
}

// SAFETY: there is one core and no DMA. Interrupt handlers return before anything else runs. cortex-m-rt gives the memory
// from the limit up to the stack.
unsafe impl Board for Nucleo {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    /// Includes those of interrupt handlers.
    fn cycles(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the green LED if all are equal, else the red one.
    fn show_result(&mut self, passed: bool) {
        self.green.set_level((!passed).into());
        self.red.set_level(passed.into());
    }
}
