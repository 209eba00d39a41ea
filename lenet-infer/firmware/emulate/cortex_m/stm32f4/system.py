"""The chips: what their data sheets allow, and their peripherals put together."""

from dataclasses import dataclass

from ..chip import Area, Chip
from ..registers import RuleBroken, mhz
from .clocks import Flash, Pwr, Rcc
from .gpio import ALTERNATE, MODES, OUTPUT, Port
from .usart import Usart

MHZ = 1_000_000
#: The alternate function of USART1 to USART3.
USART = 7


@dataclass(frozen=True)
class Limits:
    """What differs between the family's chips. Clocks in Hz."""

    #: The highest clock of the core in each voltage scale.
    scales: dict
    #: The bits of PWR.CR.VOS, the scale that each of its values means, and its value after a reset.
    scale_bits: tuple
    scale_codes: dict
    scale_reset: int
    #: The scale that the regulator takes while the PLL is off, where it does.
    scale_without_pll: int | None
    #: The clocks above which the flash needs one more wait state, at 2.7 to 3.6 V.
    flash_steps: tuple
    apb1: int
    apb2: int
    vco_in: tuple = (1 * MHZ, 2 * MHZ)
    vco: tuple = (100 * MHZ, 432 * MHZ)


class Pins:
    """The pins that a board uses."""

    def __init__(self, ports, board):
        self.ports, self.board = ports, board

    def split(self, pin):
        return self.ports[pin[1]], int(pin[2:])

    def expect(self, pin, mode):
        """Raises `RuleBroken` unless a pin is in a mode."""
        port, number = self.split(pin)
        if port.mode(number) != mode:
            raise RuleBroken(f"{pin} is {MODES[port.mode(number)]}: expected {MODES[mode]}")
        return port, number

    def check_uart(self):
        for pin in (self.board.sends, self.board.receives):
            port, number = self.expect(pin, ALTERNATE)
            if port.function(number) != USART:
                raise RuleBroken(f"{pin} has alternate function {port.function(number)}: expected {USART}, the USART")
        port, number = self.split(self.board.sends)
        if port.is_open_drain(number):
            raise RuleBroken(f"{self.board.sends} is open-drain: expected push-pull, the line has no resistor")


class System:
    """An STM32F4: its peripherals, and what a run reports of them."""

    def __init__(self, machine, board):
        self.board = board
        self.rcc = Rcc(machine, board)
        self.power, self.flash = Pwr(machine, self.rcc), Flash(machine, self.rcc)
        self.rcc.power, self.rcc.flash = self.power, self.flash
        self.ports = {letter: Port(machine, self.rcc, letter) for letter in "ABCDE"}
        self.pins = Pins(self.ports, board)
        self.uart = Usart(machine, self.rcc, self.pins)
        self.peripherals = [self.rcc, self.power, self.flash, self.uart, *self.ports.values()]

    def reset_ports(self, bits):
        """Puts the ports whose bits are set back to their reset values."""
        for number, port in enumerate(self.ports.values()):
            if bits >> number & 1:
                port.values = {register.name: register.reset for register in port.registers}
                port.values.update(Port.RESETS.get(port.letter, {}))

    def reset_apb1(self, bits):
        """Does the same for USART2 and PWR."""
        for position, peripheral in ((17, self.uart), (28, self.power)):
            if bits >> position & 1:
                peripheral.values = {register.name: register.reset for register in peripheral.registers}

    def clock(self):
        """The core's clock, in Hz."""
        return self.rcc.hclk

    def led_is_high(self, led):
        """Whether a LED's pin, which must be an output, is high."""
        port, number = self.pins.expect(led.pin, OUTPUT)
        return port.is_high(number)

    def waker(self):
        """The peripheral whose interrupt ends the sleep."""
        return self.uart

    def summary(self):
        """What the program set, for the report's line."""
        rcc, limits = self.rcc, self.rcc.limits
        caches = "on" if self.flash.get("ACR") >> 8 & 7 == 7 else "not all on"
        source = "crystal" if rcc.get("PLLCFGR", "PLLSRC") else "HSI"
        return [
            f"{mhz(rcc.hclk)} from the {source} by the PLL (in {mhz(rcc.pll_in)}, VCO {mhz(rcc.vco)})",
            f"voltage scale {self.power.scale} (allows {mhz(limits.scales[self.power.scale])})",
            f"{self.flash.get('ACR', 'LATENCY')} wait states (needs {rcc.wait_states()}), flash caches {caches}",
            f"APB1 {mhz(rcc.pclk1)} (allows {mhz(limits.apb1)}), APB2 {mhz(rcc.pclk2)} (allows {mhz(limits.apb2)})",
            f"{self.board.sends} and {self.board.receives} are USART2's",
        ]


UNMODELED = (
    (0x40000000, 0x40001C00, "TIM2 to TIM7 and TIM12 to TIM14"), (0x40002800, 0x40002C00, "RTC"),
    (0x40002C00, 0x40003400, "a watchdog"), (0x40003400, 0x40004400, "I2S or SPI"),
    (0x40004800, 0x40005400, "USART3 to UART5"), (0x40005400, 0x40006000, "I2C"), (0x40010000, 0x40010800, "TIM1 or TIM8"),
    (0x40011000, 0x40011800, "USART1 or USART6"), (0x40012000, 0x40012400, "ADC"), (0x40013000, 0x40013800, "SPI"),
    (0x40013800, 0x40013C00, "SYSCFG"), (0x40013C00, 0x40014000, "EXTI"), (0x40021400, 0x40023000, "GPIOF to GPIOI"),
    (0x40023000, 0x40023400, "CRC"), (0x40026000, 0x40026800, "DMA"), (0x50000000, 0x50040000, "USB"),
    (0xE0000000, 0xE0001000, "ITM"), (0xE000EF30, 0xE000EF50, "FPU"), (0xE0042000, 0xE0043000, "DBGMCU"),
)

F411 = Chip(
    name="STM32F411",
    flash=Area(0x08000000, 512 << 10),
    ram=Area(0x20000000, 128 << 10),
    system=System,
    limits=Limits(
        scales={3: 64 * MHZ, 2: 84 * MHZ, 1: 100 * MHZ},
        scale_bits=(15, 14), scale_codes={1: 3, 2: 2, 3: 1}, scale_reset=2, scale_without_pll=3,
        flash_steps=(30 * MHZ, 64 * MHZ, 90 * MHZ),
        apb1=50 * MHZ, apb2=100 * MHZ,
    ),
    bit_band=True,
    unmodeled=UNMODELED,
)

F407 = Chip(
    name="STM32F407",
    flash=Area(0x08000000, 1 << 20),
    ram=Area(0x20000000, 128 << 10),
    system=System,
    limits=Limits(
        scales={2: 144 * MHZ, 1: 168 * MHZ},
        scale_bits=(14, 14), scale_codes={0: 2, 1: 1}, scale_reset=1, scale_without_pll=None,
        flash_steps=(30 * MHZ, 60 * MHZ, 90 * MHZ, 120 * MHZ, 150 * MHZ),
        apb1=42 * MHZ, apb2=84 * MHZ,
    ),
    bit_band=True,
    unmodeled=UNMODELED,
)
