"""CLOCKS, which chooses where each clock comes from, and TICKS, which divides one to a microsecond."""

from ..registers import Register, RuleBroken, bit, bits, fixed, mhz, status
from .block import Block

MHZ = 1_000_000
#: The chip's own oscillator after a reset, nominally, from which the core runs first.
ROSC = 11 * MHZ
#: The highest clock of the cores, in Hz.
CORE = 150 * MHZ
#: The clock that the USB controller needs, in Hz.
USB = 48 * MHZ
#: How long a clock takes to come from another source, or to start, in seconds.
SWITCH = 0.5e-6
#: Where clk_ref and clk_sys may come from by their glitchless switches, and all by their other ones.
REF_SOURCES = ("ROSC", "AUX", "XOSC")
AUX = {
    "REF": ("PLL_USB",),
    "SYS": ("PLL_SYS", "PLL_USB", "ROSC", "XOSC"),
    "PERI": ("clk_sys", "PLL_SYS", "PLL_USB", "ROSC", "XOSC"),
    "HSTX": ("clk_sys", "PLL_SYS", "PLL_USB"),
    "USB": ("PLL_USB", "PLL_SYS", "ROSC", "XOSC"),
    "ADC": ("PLL_USB", "PLL_SYS", "ROSC", "XOSC"),
}
#: The clocks with an enable bit: where their registers are, and the highest bit of their dividers.
STOPPABLE = {"PERI": (0x48, 17), "HSTX": (0x54, 17), "USB": (0x60, 19), "ADC": (0x6C, 19)}
ONE = 0x10000


def choice(name, high):
    """The field that chooses a clock's source, of those that the model knows."""
    return bits("AUXSRC", high, 5, allowed=tuple(range(len(AUX[name]))))


class Clocks(Block):
    """The clock tree."""

    registers = (
        Register("REF_CTRL", 0x30, bits("SRC", 1, 0, allowed=(0, 1, 2)), choice("REF", 6)),
        Register("REF_DIV", 0x34, bits("INT", 23, 16), reset=ONE),
        Register("REF_SELECTED", 0x38, status("SELECTED", 3, 0), reset=1),
        Register("SYS_CTRL", 0x3C, bits("SRC", 0, 0), choice("SYS", 7)),
        Register("SYS_DIV", 0x40, bits("INT", 31, 16), fixed("FRAC", 15, 0), reset=ONE),
        Register("SYS_SELECTED", 0x44, status("SELECTED", 1, 0), reset=1),
        *(register for name, (offset, high) in STOPPABLE.items() for register in (
            Register(f"{name}_CTRL", offset, choice(name, 7), fixed("KILL", 10), bit("ENABLE", 11),
                     fixed("PHASE", 17, 16), fixed("NUDGE", 20), status("ENABLED", 28)),
            Register(f"{name}_DIV", offset + 4, bits("INT", high, 16), reset=ONE))),
        Register("RESUS_CTRL", 0x84, bits("TIMEOUT", 7, 0), fixed("ENABLE", 8), fixed("FRCE", 12), fixed("CLEAR", 16),
                 reset=0xFF),
    )
    unmodeled = {0x00: "GPOUT0_CTRL", 0x88: "RESUS_STATUS", 0x8C: "FC0_REF_KHZ", 0xAC: "WAKE_EN0", 0xB0: "WAKE_EN1",
                 0xB4: "SLEEP_EN0", 0xB8: "SLEEP_EN1"}

    def __init__(self, machine, xosc, plls):
        super().__init__(machine, "CLOCKS", 0x40010000)
        self.xosc, self.plls = xosc, plls
        #: Called whenever clk_sys has changed.
        self.changed = lambda: None
        for name in ("REF", "SYS"):
            setattr(self, f"write_{name}_CTRL", lambda old, new, name=name: self.switch(name, old, new))
            setattr(self, f"read_{name}_SELECTED", lambda name=name: self.look(name))
        for name in STOPPABLE:
            setattr(self, f"write_{name}_CTRL", lambda old, new, name=name: self.choose(name, old, new))
        for name in AUX:
            setattr(self, f"write_{name}_DIV", lambda _old, _new, name=name: self.divided(name))
        for pll in plls.values():
            pll.users = lambda pll=pll: self.users(pll.name)

    # Where a clock comes from.

    def source(self, name):
        """The name of a clock's source, in force."""
        if name in ("REF", "SYS") and not self.get(f"{name}_SELECTED") & 2:
            if name == "SYS":
                return "clk_ref"
            return "XOSC" if self.get("REF_SELECTED") & 4 else "ROSC"
        return AUX[name][self.get(f"{name}_CTRL", "AUXSRC")]

    def hertz(self, name):
        """A clock, as its source and its divider make it."""
        return self.of(self.source(name), name) / (self.get(f"{name}_DIV", "INT") or 1 << 16)

    def of(self, source, name):
        """The clock of a source, for the clock of that name."""
        user = f"clk_{name.lower()}"
        if source in self.plls:
            return self.plls[source].hertz(user)
        if source == "XOSC":
            return self.xosc.hertz(user)
        return {"ROSC": lambda: ROSC, "clk_ref": lambda: self.hertz("REF"), "clk_sys": lambda: self.hertz("SYS")}[source]()

    def users(self, source):
        """The clocks that come from a source."""
        running = ["REF", "SYS", *(name for name in STOPPABLE if self.get(f"{name}_CTRL", "ENABLE"))]
        return [f"clk_{name.lower()}" for name in running if self.source(name) == source]

    # The switches.

    def switch(self, name, old, new):
        """A glitchless switch moves only while both of its sources run; the one behind it must not be in use then."""
        if (old ^ new) & ~3 and self.get(f"{name}_SELECTED") & 2:
            raise RuleBroken(f"CLOCKS.{name}_CTRL.AUXSRC written while clk_{name.lower()} comes from it")
        wanted = self.get(f"{name}_CTRL", "SRC")
        if 1 << wanted != self.get(f"{name}_SELECTED"):
            if wanted == 1:
                self.of(AUX[name][self.get(f"{name}_CTRL", "AUXSRC")], name)
            elif wanted == 2:
                self.xosc.hertz("clk_ref")
            self.machine.after(SWITCH, lambda: self.switched(name, wanted))

    def switched(self, name, wanted):
        if self.get(f"{name}_CTRL", "SRC") == wanted:
            self.values[f"{name}_SELECTED"] = 1 << wanted
            self.divided(name)

    def look(self, name):
        selected = f"{name}_SELECTED"
        return self.late(selected, self.get(selected) == 1 << self.get(f"{name}_CTRL", "SRC"))

    def choose(self, name, old, new):
        """A clock that can be stopped has one switch, which must move only while it is."""
        if (old ^ new) & 0xE0 and self.get(f"{name}_CTRL", "ENABLED"):
            raise RuleBroken(f"CLOCKS.{name}_CTRL.AUXSRC written while clk_{name.lower()} runs")
        enabled = self.get(f"{name}_CTRL", "ENABLE")
        if enabled:
            self.hertz(name)
        self.machine.after(SWITCH, lambda: self.put(f"{name}_CTRL", "ENABLED", self.get(f"{name}_CTRL", "ENABLE")))

    def divided(self, name):
        """A clock has changed; clk_sys may come from clk_ref."""
        if name in ("REF", "SYS"):
            if (core := self.hertz("SYS")) > CORE:
                raise RuleBroken(f"clk_sys is {mhz(core)}: expected {mhz(CORE)} at most")
            self.machine.set_clock(core)
            self.changed()

    def check_usb(self):
        """Raises `RuleBroken` unless the USB controller has its clock."""
        if not self.get("USB_CTRL", "ENABLED"):
            raise RuleBroken("the USB controller is started while CLOCKS.USB_CTRL.ENABLED is 0")
        if (usb := self.hertz("USB")) != USB:
            raise RuleBroken(f"clk_usb is {mhz(usb)}: expected {mhz(USB)}")


#: TICKS's generators, which are alike.
GENERATORS = ("PROC0", "PROC1", "TIMER0", "TIMER1", "WATCHDOG", "RISCV")
MICROSECOND = 1e-6


class Ticks(Block):
    """TICKS, which gives timers one tick a microsecond from clk_ref."""

    registers = tuple(
        register for place, name in enumerate(GENERATORS) for register in (
            Register(f"{name}_CTRL", 12 * place, bit("ENABLE", 0), status("RUNNING", 1)),
            Register(f"{name}_CYCLES", 12 * place + 4, bits("CYCLES", 8, 0)))
    )
    unmodeled = {12 * place + 8: f"{name}_COUNT" for place, name in enumerate(GENERATORS)}

    def __init__(self, machine, clocks):
        super().__init__(machine, "TICKS", 0x40108000)
        self.clocks = clocks

    def check(self):
        """Raises `RuleBroken` unless each generator that is enabled ticks once a microsecond."""
        for name in GENERATORS:
            if self.get(f"{name}_CTRL", "ENABLE"):
                seconds = self.get(f"{name}_CYCLES") / self.clocks.hertz("REF")
                if seconds != MICROSECOND:
                    raise RuleBroken(f"TICKS.{name} ticks every {seconds * 1e6:.4g} us: expected 1")
