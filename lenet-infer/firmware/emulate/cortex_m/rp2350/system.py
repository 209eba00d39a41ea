"""The chip, and its peripherals put together."""

from dataclasses import dataclass, replace

from unicorn import arm_const

from ..chip import Area, Chip
from ..registers import Register, RuleBroken, bit, bits, fixed, mhz
from .block import Block, Resets
from .clocks import ROSC, Clocks, Ticks
from .definition import ARM_PROGRAM, RISC_V_PROGRAM, TYPES, check
from .flash import Qmi
from .hazard3 import Hazard3
from .pins import Pins
from .sources import Pll, Xosc
from .usb import Dpram, Usb


@dataclass(frozen=True)
class Limits:
    """What is beside the chip's registers: the fastest clock of its flash, in Hz, of a Pico 2's W25Q32RV, and its core."""

    flash: int
    #: The type of an image's definition.
    program: int


class Watchdog(Block):
    """WATCHDOG. Programs here only restart the chip with it, after a panic."""

    registers = (Register("CTRL", 0x0, fixed("TIME", 23, 0), bits("PAUSE", 26, 24), fixed("ENABLE", 30), bit("TRIGGER", 31),
                          reset=0x07000000),)
    unmodeled = {0x4: "LOAD", 0x8: "REASON", **{0xC + 4 * n: f"SCRATCH{n}" for n in range(8)}}

    def __init__(self, machine):
        super().__init__(machine, "WATCHDOG", 0x400D8000)

    def write_CTRL(self, _old, new):
        if new >> 31:
            raise RuleBroken("the program restarts the chip, as it does after a panic")


class PowerOn(Block):
    """PSM: what the watchdog resets."""

    registers = (Register("WDSEL", 0x8, bits("BLOCKS", 24, 0)),)
    unmodeled = {0x0: "FRCE_ON", 0x4: "FRCE_OFF", 0xC: "DONE"}

    def __init__(self, machine):
        super().__init__(machine, "PSM", 0x40018000)


class System:
    """An RP2350: its peripherals, and what a run reports of them."""

    def __init__(self, machine, board):
        self.board, self.program = board, board.chip.limits.program
        machine.set_clock(ROSC)
        self.resets, self.xosc = Resets(machine), Xosc(machine, board.crystal)
        self.plls = {name: Pll(machine, name, base, self.resets, self.xosc)
                     for name, base in (("PLL_SYS", 0x40050000), ("PLL_USB", 0x40058000))}
        self.clocks = Clocks(machine, self.xosc, self.plls)
        self.ticks, self.flash = Ticks(machine, self.clocks), Qmi(machine, self.clocks, board.chip.limits.flash)
        self.pins = Pins(machine, self.resets)
        self.usb = Usb(machine, self.resets, self.clocks)
        resettable = [*self.plls.values(), self.pins.bank, self.pins.pads, self.usb]
        self.resets.blocks = {block.name: block for block in resettable}
        self.peripherals = [self.resets, self.xosc, self.clocks, self.ticks, self.flash, *resettable, self.pins.sio,
                            Dpram(machine, self.usb), Watchdog(machine), PowerOn(machine)]

    def clock(self):
        """The core's clock, in Hz."""
        return self.clocks.hertz("SYS")

    def led_is_high(self, led):
        """Whether a LED's pin, which must be an output, is high."""
        return self.pins.is_high(led.pin)

    def waker(self):
        """The peripheral whose interrupt ends the sleep, which must be ready for a host."""
        self.usb.check()
        self.usb.check_interrupts()
        return self.usb

    def summary(self):
        """What the program set, for the report's line."""
        self.ticks.check()
        described = [
            f"{pll.name} (in {mhz(pll.reference)}, VCO {mhz(pll.vco)})" for pll in self.plls.values()
        ]
        return [
            f"defined as {TYPES[self.program]}",
            f"{mhz(self.clock())} from the crystal by {described[0]}",
            f"clk_usb {mhz(self.clocks.hertz('USB'))} by {described[1]}",
            f"flash {mhz(self.flash.hertz)} by divider {self.flash.divider}, as the boot ROM leaves it",
        ]


UNMODELED = (
    (0x40000000, 0x40008000, "SYSINFO"), (0x40008000, 0x40010000, "SYSCFG"), (0x40030000, 0x40038000, "IO_QSPI"),
    (0x40040000, 0x40048000, "PADS_QSPI"), (0x40060000, 0x40068000, "ACCESSCTRL"), (0x40068000, 0x40070000, "BUSCTRL"),
    (0x40070000, 0x40080000, "a UART"), (0x40080000, 0x40090000, "SPI"), (0x40090000, 0x400A0000, "I2C"),
    (0x400A0000, 0x400A8000, "ADC"), (0x400A8000, 0x400B0000, "PWM"), (0x400B0000, 0x400C0000, "a timer"),
    (0x400C0000, 0x400C8000, "HSTX_CTRL"), (0x400C8000, 0x400D0000, "XIP_CTRL"), (0x400E0000, 0x400E8000, "BOOTRAM"),
    (0x400E8000, 0x400F0000, "ROSC"), (0x400F0000, 0x400F8000, "TRNG"), (0x400F8000, 0x40100000, "SHA256"),
    (0x40100000, 0x40108000, "POWMAN"), (0x40120000, 0x40150000, "OTP"), (0x50000000, 0x50100000, "DMA"),
    (0x50200000, 0x50500000, "PIO"), (0xD0020000, 0xD0040000, "SIO_NS"), (0xE0000000, 0xE0001000, "ITM"),
    (0xE000ED90, 0xE000EDD8, "MPU or SAU"), (0xE000EF30, 0xE000EF50, "FPU"), (0xE0080000, 0xE0100000, "EPPB"),
)

RP2350 = Chip(name="RP2350", flash=Area(0x10000000, 4 << 20), ram=Area(0x20000000, 520 << 10), system=System,
              limits=Limits(flash=133_000_000, program=ARM_PROGRAM),
              cpu_model=arm_const.UC_CPU_ARM_CORTEX_M33, cpuid=0x411FD210, coprocessors=(0, 4, 7), rom=check,
              unmodeled=UNMODELED)

RP2350_HAZARD3 = replace(RP2350, name="RP2350, its Hazard3", machine=Hazard3,
                         limits=replace(RP2350.limits, program=RISC_V_PROGRAM))
