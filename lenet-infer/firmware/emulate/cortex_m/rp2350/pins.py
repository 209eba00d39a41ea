"""The pins: IO_BANK0 chooses who drives each, PADS_BANK0 connects them, SIO is how the cores drive them."""

from ..registers import Peripheral, Register, RuleBroken, bit, bits, fixed, word
from .block import Block

#: The pins of the RP2350A.
PINS = 30
#: The function of a pin that the cores drive, and that of one without any.
SIO, NONE = 5, 0x1F
SPINLOCKS = 32


class Bank(Block):
    """IO_BANK0. The overrides of a pin's signals have no model."""

    registers = tuple(
        Register(f"GPIO{n}_CTRL", 8 * n + 4, bits("FUNCSEL", 4, 0), fixed("OUTOVER", 13, 12), fixed("OEOVER", 15, 14),
                 fixed("INOVER", 17, 16), fixed("IRQOVER", 29, 28), reset=NONE)
        for n in range(PINS)
    )
    unmodeled = {8 * n: f"GPIO{n}_STATUS" for n in range(PINS)}

    def __init__(self, machine, resets):
        super().__init__(machine, "IO_BANK0", 0x40028000, resets)


class Pads(Block):
    """PADS_BANK0. After a reset every pad is isolated: it keeps the level that it had."""

    registers = tuple(
        Register(f"GPIO{n}", 4 * n + 4, bit("SLEWFAST", 0), bit("SCHMITT", 1), bit("PDE", 2), bit("PUE", 3),
                 bits("DRIVE", 5, 4), bit("IE", 6), bit("OD", 7), bit("ISO", 8), reset=0x116)
        for n in range(PINS)
    )
    unmodeled = {0x00: "VOLTAGE_SELECT"}

    def __init__(self, machine, resets):
        super().__init__(machine, "PADS_BANK0", 0x40038000, resets)


class Sio(Peripheral):
    """SIO: what a core reaches in one cycle. It has no aliases."""

    registers = (
        word("CPUID", 0x000),
        word("OUT", 0x010), word("OUT_SET", 0x018), word("OUT_CLR", 0x020), word("OUT_XOR", 0x028),
        word("OE", 0x030), word("OE_SET", 0x038), word("OE_CLR", 0x040), word("OE_XOR", 0x048),
        # Of the pins of USB and flash, and those that the larger package has, a program may clear what is clear.
        word("HI_OUT_CLR", 0x024), word("HI_OE_CLR", 0x044),
        *(word(f"SPINLOCK{n}", 0x100 + 4 * n) for n in range(SPINLOCKS)),
    )
    unmodeled = {0x004: "GPIO_IN", 0x008: "GPIO_HI_IN", 0x014: "GPIO_HI_OUT", 0x034: "GPIO_HI_OE", 0x050: "FIFO_ST",
                 0x054: "FIFO_WR", 0x058: "FIFO_RD", 0x05C: "SPINLOCK_ST", 0x180: "DOORBELL_OUT_SET"}

    def __init__(self, machine):
        super().__init__(machine, "SIO", 0xD0000000, size=0x20000)
        for name in ("OUT", "OE"):
            for how, change in (("SET", lambda old, new: old | new), ("CLR", lambda old, new: old & ~new),
                                ("XOR", lambda old, new: old ^ new)):
                setattr(self, f"write_{name}_{how}", lambda _, new, name=name, change=change: self.change(name, change, new))
                setattr(self, f"read_{name}_{how}", lambda name=name, how=how: self.only_written(name, how))
            setattr(self, f"write_{name}", lambda _, new, name=name: self.change(name, lambda _, value: value, new))
            setattr(self, f"read_HI_{name}_CLR", lambda name=name: self.only_written(f"HI_{name}", "CLR"))
        for n in range(SPINLOCKS):
            setattr(self, f"read_SPINLOCK{n}", lambda n=n: self.claim(n))
            setattr(self, f"write_SPINLOCK{n}", lambda _, _new, n=n: self.values.update({f"SPINLOCK{n}": 0}))

    def change(self, name, how, new):
        if new >> PINS:
            raise RuleBroken(f"SIO.GPIO_{name} has {PINS} pins: no bit of {new:#010x} may be beyond them")
        self.values[name] = how(self.values[name], new)

    def only_written(self, name, how):
        raise RuleBroken(f"SIO.GPIO_{name}_{how} read: it can only be written")

    def claim(self, n):
        """A read takes a lock, and says so, if it was free."""
        free = not self.get(f"SPINLOCK{n}")
        self.values[f"SPINLOCK{n}"] = 1
        return free << n


class Pins:
    """The pins, as they are outside of the chip."""

    def __init__(self, machine, resets):
        self.bank, self.pads, self.sio = Bank(machine, resets), Pads(machine, resets), Sio(machine)
        self.peripherals = [self.bank, self.pads, self.sio]

    def is_high(self, pin):
        """Whether a pin such as GPIO25, which the cores must drive, is high."""
        number = int(pin.removeprefix("GPIO"))
        function = self.bank.get(f"{pin}_CTRL", "FUNCSEL")
        if function != SIO:
            raise RuleBroken(f"{pin} has function {function}: expected {SIO}, SIO")
        if not self.sio.get("OE") >> number & 1:
            raise RuleBroken(f"{pin} is an input: expected an output")
        for field, what in (("ISO", "is isolated"), ("OD", "does not drive")):
            if self.pads.get(pin, field):
                raise RuleBroken(f"{pin} {what}: expected PADS_BANK0.{pin}.{field} to be 0")
        return bool(self.sio.get("OUT") >> number & 1)
