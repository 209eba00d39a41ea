"""What a chip and a board are, for the tables of both."""

from dataclasses import dataclass, field

from unicorn import arm_const

from .machine import Machine


@dataclass(frozen=True)
class Area:
    """A piece of memory."""

    start: int
    size: int

    @property
    def end(self):
        return self.start + self.size

    def holds(self, address):
        """Whether an address is in it."""
        return self.start <= address < self.end


@dataclass(frozen=True)
class Chip:
    """A chip: its memory, its core, and its peripherals."""

    name: str
    flash: Area
    ram: Area
    #: Makes the peripherals: called with the machine and the board; returns a `Family`'s system.
    system: type
    #: What the family's models take from the data sheet of this chip.
    limits: object
    #: Its kind of core.
    machine: type = Machine
    cpu_model: int = arm_const.UC_CPU_ARM_CORTEX_M4
    cpuid: int = 0x410FC241
    #: Whether the core has an alias of single bits of its peripherals.
    bit_band: bool = False
    #: The coprocessors of the chip itself that a program may switch on.
    coprocessors: tuple = ()
    #: Called with the machine before it runs: raises `RuleBroken` if the chip's ROM would not start the image.
    rom: object = None
    #: Names of peripherals without a model: start, end, name.
    unmodeled: tuple = ()


@dataclass(frozen=True)
class Led:
    """A pin, and what it must be when all digits are right."""

    pin: str
    high: bool


@dataclass(frozen=True)
class Board:
    """A chip on a board: its crystal, and its pins."""

    name: str
    chip: Chip
    #: In Hz.
    crystal: int
    #: The core's clock that the board's README promises, in Hz.
    clock: int
    #: The pins of its UART. A board without one reports over USB, where no host is.
    sends: str | None = None
    receives: str | None = None
    leds: tuple = field(default=())
    baud_rate: int = 115_200
