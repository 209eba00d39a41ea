"""A port of up to 32 pins."""

from ..registers import Peripheral, Register, RuleBroken, bits, fixed, word

#: PIN_CNF after a reset: an input whose buffer is disconnected.
DISCONNECTED = 0x2


class Port(Peripheral):
    """P0 or P1."""

    unmodeled = {0x520: "LATCH", 0x524: "DETECTMODE"}

    def __init__(self, machine, number, pins):
        self.registers = (
            word("OUT", 0x504), word("OUTSET", 0x508), word("OUTCLR", 0x50C), word("IN", 0x510), word("DIR", 0x514),
            word("DIRSET", 0x518), word("DIRCLR", 0x51C),
        ) + tuple(
            Register(f"PIN_CNF{n}", 0x700 + 4 * n, bits("DIR", 0, 0), bits("INPUT", 1, 1), bits("PULL", 3, 2),
                     fixed("DRIVE", 10, 8), fixed("SENSE", 17, 16), reset=DISCONNECTED)
            for n in range(pins)
        )
        # The registers of both ports lie beside one another, behind the same 0x500 bytes.
        super().__init__(machine, f"P{number}", 0x50000000 + 0x300 * number, start=0x500, size=0x300)
        self.number, self.pins = number, pins
        for n in range(pins):
            setattr(self, f"write_PIN_CNF{n}", lambda _, new, n=n: self.direction(n, new & 1))

    def direction(self, pin, output):
        self.values["DIR"] = self.get("DIR") & ~(1 << pin) | output << pin

    def follow(self):
        """Puts every pin's direction where DIR says."""
        for pin in range(self.pins):
            self.put(f"PIN_CNF{pin}", "DIR", self.get("DIR") >> pin & 1)

    def check(self, value):
        if value >> self.pins:
            raise RuleBroken(f"{self.name} has {self.pins} pins: no bit of {value:#010x} may be beyond them")

    def write_OUT(self, _old, new):
        self.check(new)

    def write_OUTSET(self, _old, new):
        self.check(new)
        self.values["OUT"] |= new

    def write_OUTCLR(self, _old, new):
        self.check(new)
        self.values["OUT"] &= ~new

    def read_OUTSET(self):
        return self.get("OUT")

    read_OUTCLR = read_OUTSET

    def write_DIR(self, _old, new):
        self.check(new)
        self.follow()

    def write_DIRSET(self, _old, new):
        self.values["DIR"] |= new
        self.write_DIR(0, self.get("DIR"))

    def write_DIRCLR(self, _old, new):
        self.values["DIR"] &= ~new
        self.follow()

    def read_IN(self):
        raise RuleBroken(f"{self.name}.IN read: the model has no input pins")

    def is_output(self, pin):
        return bool(self.get(f"PIN_CNF{pin}", "DIR"))

    def is_connected_input(self, pin):
        return not self.is_output(pin) and not self.get(f"PIN_CNF{pin}", "INPUT")

    def is_high(self, pin):
        return bool(self.get("OUT") >> pin & 1)
