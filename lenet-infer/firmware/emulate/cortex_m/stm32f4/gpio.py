"""A port of sixteen pins."""

from ..registers import Peripheral, Register, RuleBroken, bits, word

INPUT, OUTPUT, ALTERNATE = 0, 1, 2
MODES = ("an input", "an output", "an alternate function", "analog")
#: The pins by which a debugger reaches the chip.
DEBUG_PINS = ("PA13", "PA14")


class Port(Peripheral):
    """GPIOA to GPIOE."""

    sizes = (1, 2, 4)
    registers = (
        word("MODER", 0x00),
        Register("OTYPER", 0x04, bits("OT", 15, 0)),
        word("OSPEEDR", 0x08),
        word("PUPDR", 0x0C),
        Register("IDR", 0x10),
        Register("ODR", 0x14, bits("OD", 15, 0)),
        word("BSRR", 0x18),
        word("AFRL", 0x20),
        word("AFRH", 0x24),
    )
    unmodeled = {0x1C: "LCKR"}
    #: After a reset, the debugger's pins are its own.
    RESETS = {
        "A": {"MODER": 0xA8000000, "OSPEEDR": 0x0C000000, "PUPDR": 0x64000000},
        "B": {"MODER": 0x00000280, "OSPEEDR": 0x000000C0, "PUPDR": 0x00000100},
    }

    def __init__(self, machine, rcc, letter):
        super().__init__(machine, f"GPIO{letter}", 0x40020000 + 0x400 * (ord(letter) - ord("A")))
        self.rcc, self.letter = rcc, letter
        self.values.update(self.RESETS.get(letter, {}))

    def why_dead(self):
        enabled = self.rcc.get("AHB1ENR", f"GPIO{self.letter}EN")
        return None if enabled else f"RCC.AHB1ENR.GPIO{self.letter}EN is 0"

    def mode(self, number):
        return self.get("MODER") >> 2 * number & 3

    def function(self, number):
        """The alternate function that a pin would have."""
        return self.get("AFRH" if number > 7 else "AFRL") >> 4 * (number % 8) & 15

    def is_high(self, number):
        return bool(self.get("ODR") >> number & 1)

    def is_open_drain(self, number):
        return bool(self.get("OTYPER") >> number & 1)

    def write_MODER(self, _old, _new):
        for pin in DEBUG_PINS:
            if pin[1] == self.letter and self.mode(int(pin[2:])) != ALTERNATE:
                raise RuleBroken(f"{pin} is no longer the debugger's")

    def read_BSRR(self):
        return 0

    def write_BSRR(self, _old, new):
        self.values["BSRR"] = 0
        self.values["ODR"] = self.get("ODR") & ~(new >> 16) | new & 0xFFFF
