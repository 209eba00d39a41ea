"""Registers, the fields in them, and the peripherals that they belong to.

A peripheral is a table of registers, and a register a table of fields. A program that touches a register, a bit or a
value that the table does not have is stopped, with the names: nothing reads as a silent zero.
"""

from dataclasses import dataclass


class RuleBroken(Exception):
    """The program did something that the chip's documents do not allow, or that no model knows."""


@dataclass(frozen=True)
class Field:
    """Some bits of a register."""

    name: str
    high: int
    low: int
    #: Whether a write changes it.
    writable: bool = True
    #: The values that a program may write; None means all.
    allowed: tuple | None = None

    @property
    def mask(self):
        return ((1 << (self.high - self.low + 1)) - 1) << self.low

    def of(self, value):
        """Returns the field's value in that of the register."""
        return (value & self.mask) >> self.low


def mhz(hertz):
    """Writes a clock in MHz."""
    return f"{hertz / 1e6:g} MHz"


def bits(name, high, low, allowed=None):
    """A field that a program writes and reads."""
    return Field(name, high, low, allowed=allowed)


def bit(name, position):
    """A bit that a program writes and reads."""
    return Field(name, position, position)


def status(name, high, low=None):
    """A field that the chip sets. A write does not change it."""
    return Field(name, high, high if low is None else low, writable=False)


def fixed(name, high, low=None, value=0):
    """A field that the model knows with one value only. Another one stops the program."""
    return Field(name, high, high if low is None else low, allowed=(value,))


class Register:
    """A register's name, its place, its fields and its value after a reset."""

    def __init__(self, name, offset, *fields, reset=0, sizes=None):
        self.name, self.offset, self.reset, self.sizes = name, offset, reset, sizes
        self.fields = {field.name: field for field in fields}
        self.known = sum(field.mask for field in fields)
        self.writable = sum(field.mask for field in fields if field.writable)

    def check(self, owner, value):
        """Raises `RuleBroken` unless the model knows all of a value to be written."""
        unknown = (value ^ self.reset) & ~self.known & 0xFFFFFFFF
        if unknown:
            positions = ", ".join(str(position) for position in range(32) if unknown >> position & 1)
            raise RuleBroken(
                f"{owner}.{self.name} written as {value:#010x}: the model has no field for bit {positions}"
            )
        for field in self.fields.values():
            if field.allowed is not None and field.of(value) not in field.allowed:
                allowed = ", ".join(map(str, field.allowed))
                raise RuleBroken(
                    f"{owner}.{self.name}.{field.name} written as {field.of(value)}: the model knows {allowed} only"
                )


def word(name, offset, reset=0):
    """A register that is one number."""
    return Register(name, offset, bits("VALUE", 31, 0), reset=reset)


class Peripheral:
    """Registers from an address on.

    A subclass gives `registers`, and for those with effects the methods `read_NAME()`, which returns the value, and
    `write_NAME(old, new)`, which is called once the new value is stored.
    """

    registers = ()
    #: The sizes of access that the chip takes, in bytes, where a register does not have its own.
    sizes = (4,)
    #: Registers that exist and have no model, by offset, so that a program that uses one is told its name.
    unmodeled = {}

    def __init__(self, machine, name, base, start=0, size=0x400):
        self.machine, self.name, self.base = machine, name, base
        self.first, self.last = base + start, base + start + size - 1
        self.by_offset = {register.offset: register for register in self.registers}
        self.by_name = {register.name: register for register in self.registers}
        self.values = {register.name: register.reset for register in self.registers}

    def why_dead(self):
        """Says why the peripheral does not answer, if it does not."""
        return None

    def get(self, register, field=None):
        """Returns the stored value of a register or of a field."""
        value = self.values[register]
        return value if field is None else self.by_name[register].fields[field].of(value)

    def put(self, register, field, value):
        """Sets a field, as the chip does."""
        place = self.by_name[register].fields[field]
        self.values[register] = self.values[register] & ~place.mask | value << place.low

    def find(self, address, size, verb):
        """Returns the register at an address, or raises `RuleBroken`."""
        offset = (address & ~3) - self.base
        register = self.by_offset.get(offset)
        if register is None:
            name = f"{self.name}.{self.unmodeled[offset]}" if offset in self.unmodeled else f"{self.name}+{offset:#05x}"
            raise RuleBroken(f"{name} ({address:#010x}) {verb}: there is no model of this register")
        sizes = register.sizes or self.sizes
        if size not in sizes or address % size:
            raise RuleBroken(f"{self.name}.{register.name} {verb} as {size} byte(s) at {address:#010x}: "
                             f"the chip takes {' or '.join(map(str, sizes))}")
        if why := self.why_dead():
            raise RuleBroken(f"{self.name}.{register.name} {verb} while {why}")
        return register

    def read(self, address, size):
        """Reads as the core does."""
        register = self.find(address, size, "read")
        reader = getattr(self, f"read_{register.name}", None)
        value = reader() if reader else self.values[register.name]
        return value >> (address & 3) * 8 & (1 << size * 8) - 1

    def write(self, address, size, value):
        """Writes as the core does."""
        register = self.find(address, size, "written")
        old = self.values[register.name]
        shift, mask = (address & 3) * 8, (1 << size * 8) - 1
        new = old & ~(mask << shift) | (value & mask) << shift
        register.check(self.name, new)
        new = old & ~register.writable | new & register.writable
        self.values[register.name] = new
        writer = getattr(self, f"write_{register.name}", None)
        if writer:
            writer(old, new)
