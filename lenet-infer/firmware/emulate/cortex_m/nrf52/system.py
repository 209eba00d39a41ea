"""The chips, and their peripherals put together."""

from dataclasses import dataclass

from ..chip import Area, Chip
from ..registers import RuleBroken
from .clocks import Clock, Nvmc
from .gpio import Port
from .uarte import Uarte

CLOCK = 64_000_000


@dataclass(frozen=True)
class Limits:
    """What differs between the family's chips: the pins of each port."""

    pins: tuple


class Pins:
    """The pins that a board uses, named as P0.06."""

    def __init__(self, ports, board):
        self.ports, self.board = ports, board

    def split(self, pin):
        return self.ports[int(pin[1])], int(pin[3:])

    def check_uart(self, uart):
        """Raises `RuleBroken` unless the UART's pins are the board's and safe to be taken over."""
        for name, pin in (("TXD", self.board.sends), ("RXD", self.board.receives)):
            register = f"PSEL_{name}"
            found = f"P{uart.get(register, 'PORT')}.{uart.get(register, 'PIN'):02}"
            if uart.get(register, "DISCONNECTED"):
                found = "no pin"
            if found != pin:
                raise RuleBroken(f"UARTE0.PSEL.{name} selects {found}: expected {pin}")
        port, number = self.split(self.board.sends)
        if not (port.is_output(number) and port.is_high(number)):
            raise RuleBroken(f"{self.board.sends} sends: expected an output that is high before UARTE0 is enabled")
        port, number = self.split(self.board.receives)
        if not port.is_connected_input(number):
            raise RuleBroken(f"{self.board.receives} receives: expected an input whose buffer is connected")


class System:
    """An nRF52: its peripherals, and what a run reports of them."""

    def __init__(self, machine, board):
        self.board = board
        self.clock_control, self.flash = Clock(machine), Nvmc(machine)
        self.ports = [Port(machine, number, pins) for number, pins in enumerate(board.chip.limits.pins)]
        self.pins = Pins(self.ports, board)
        self.uart = Uarte(machine, self.clock_control, self.pins)
        self.peripherals = [self.clock_control, self.flash, self.uart, *self.ports]
        machine.set_clock(CLOCK)

    def clock(self):
        """The core's clock, in Hz, which is always the same."""
        return CLOCK

    def led_is_high(self, led):
        """Whether a LED's pin, which must be an output, is high."""
        port, number = self.pins.split(led.pin)
        if not port.is_output(number):
            raise RuleBroken(f"{led.pin} is an input: expected an output")
        return port.is_high(number)

    def waker(self):
        """The peripheral whose interrupt ends the sleep."""
        return self.uart

    def summary(self):
        """What the program set, for the report's line."""
        return [
            f"64 MHz, HFCLK from the {'crystal' if self.clock_control.crystal_runs else 'chip'}",
            f"flash cache {'on' if self.flash.get('ICACHECNF', 'CACHEEN') else 'off'}",
            f"{self.board.sends} and {self.board.receives} are UARTE0's",
        ]


UNMODELED = (
    (0x10000000, 0x10001000, "FICR"), (0x10001000, 0x10002000, "UICR"), (0x40001000, 0x40002000, "RADIO"),
    (0x40003000, 0x40005000, "SPI or TWI"), (0x40006000, 0x40007000, "GPIOTE"), (0x40007000, 0x40008000, "SAADC"),
    (0x40008000, 0x4000B000, "TIMER"), (0x4000B000, 0x4000C000, "RTC0"), (0x40010000, 0x40011000, "WDT"),
    (0x4001F000, 0x40020000, "PPI"), (0x40027000, 0x40028000, "USBD"), (0x40028000, 0x40029000, "UARTE1"),
    (0xE0000000, 0xE0001000, "ITM"), (0xE000EF30, 0xE000EF50, "FPU"),
)

NRF52840 = Chip(name="nRF52840", flash=Area(0, 1 << 20), ram=Area(0x20000000, 256 << 10), system=System,
                limits=Limits(pins=(32, 16)), unmodeled=UNMODELED)

NRF52833 = Chip(name="nRF52833", flash=Area(0, 512 << 10), ram=Area(0x20000000, 128 << 10), system=System,
                limits=Limits(pins=(32, 10)), unmodeled=UNMODELED)
