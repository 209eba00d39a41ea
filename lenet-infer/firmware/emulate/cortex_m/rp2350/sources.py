"""Where clocks come from: the crystal's oscillator and the two PLLs."""

from ..registers import Register, RuleBroken, bit, bits, fixed, mhz, status
from .block import Block

MHZ = 1_000_000
#: What starts and stops the crystal, in XOSC.CTRL.ENABLE, and the range of crystals that the board's is in.
ENABLE, DISABLE = 0xFAB, 0xD1E
RANGE, RANGE_CODE = (1 * MHZ, 15 * MHZ), 0xAA0
#: How long the crystal takes until it is stable, in seconds, and the cycles that a unit of the delay stands for.
STABLE, UNIT = 1e-3, 256
#: What the PLL's comparator and oscillator take, in Hz. The data sheet also names 400 MHz; this is the stricter figure.
REFERENCE, VCO = 5 * MHZ, (750 * MHZ, 1600 * MHZ)
FEEDBACK = (16, 320)
#: How long a PLL takes to lock, in seconds.
LOCK = 50e-6


class Xosc(Block):
    """XOSC. It counts a delay, and then calls the crystal stable, whether it is or not."""

    registers = (
        Register("CTRL", 0x00, bits("FREQ_RANGE", 11, 0, allowed=(0, RANGE_CODE)),
                 bits("ENABLE", 23, 12, allowed=(0, DISABLE, ENABLE))),
        Register("STATUS", 0x04, status("FREQ_RANGE", 1, 0), status("ENABLED", 12), status("BADWRITE", 24),
                 status("STABLE", 31)),
        Register("STARTUP", 0x0C, bits("DELAY", 13, 0), bit("X4", 20)),
    )
    unmodeled = {0x08: "DORMANT", 0x10: "COUNT"}

    def __init__(self, machine, crystal):
        super().__init__(machine, "XOSC", 0x40048000)
        self.crystal, self.starts = crystal, 0

    @property
    def delay(self):
        """The delay that the program chose, in seconds."""
        return self.get("STARTUP", "DELAY") * UNIT * (4 if self.get("STARTUP", "X4") else 1) / self.crystal

    def write_CTRL(self, _old, _new):
        """A field that is written as 0, which is no code, leaves what is in force. The model knows one range only."""
        code = self.get("CTRL", "ENABLE")
        enabled = code == ENABLE
        if not code or enabled == bool(self.get("STATUS", "ENABLED")):
            return
        self.put("STATUS", "ENABLED", int(enabled))
        self.put("STATUS", "STABLE", 0)
        self.starts += 1
        if enabled:
            self.check()
            self.machine.after(self.delay, lambda start=self.starts: self.stable(start))

    def check(self):
        if not RANGE[0] <= self.crystal <= RANGE[1]:
            raise RuleBroken(f"XOSC is set for crystals of {mhz(RANGE[0])} to {mhz(RANGE[1])}: the board's has "
                             f"{mhz(self.crystal)}")
        if self.delay < STABLE:
            raise RuleBroken(f"XOSC waits {self.delay * 1e3:.3g} ms for the crystal: expected {STABLE * 1e3:g} ms or more")

    def write_STARTUP(self, _old, _new):
        if self.get("STATUS", "ENABLED"):
            raise RuleBroken("XOSC.STARTUP written while the crystal starts or runs: its delay is over or being counted")

    def stable(self, start):
        if start == self.starts:
            self.put("STATUS", "STABLE", 1)

    def read_STATUS(self):
        return self.late("STATUS", self.get("STATUS", "ENABLED") == self.get("STATUS", "STABLE"))

    def hertz(self, user):
        """The clock that it gives; raises `RuleBroken` if it gives none yet."""
        if not self.get("STATUS", "STABLE"):
            raise RuleBroken(f"{user} takes the crystal's clock before XOSC.STATUS.STABLE")
        return self.crystal


class Pll(Block):
    """PLL_SYS or PLL_USB."""

    registers = (
        Register("CS", 0x0, bits("REFDIV", 5, 0), fixed("BYPASS", 8), fixed("LOCK_N", 30), status("LOCK", 31), reset=1),
        Register("PWR", 0x4, bit("PD", 0), bits("DSMPD", 2, 2, allowed=(1,)), bit("POSTDIVPD", 3), bit("VCOPD", 5),
                 reset=0x2D),
        Register("FBDIV_INT", 0x8, bits("FBDIV_INT", 11, 0)),
        Register("PRIM", 0xC, bits("POSTDIV2", 14, 12), bits("POSTDIV1", 18, 16), reset=0x77000),
    )
    unmodeled = {0x10: "INTR", 0x14: "INTE", 0x18: "INTF", 0x1C: "INTS"}

    def __init__(self, machine, name, base, resets, xosc):
        super().__init__(machine, name, base, resets)
        self.xosc, self.starts = xosc, 0
        #: Says which clock takes it, and is asked before it stops.
        self.users = lambda: ()

    @property
    def runs(self):
        return not (self.get("PWR", "PD") or self.get("PWR", "VCOPD"))

    @property
    def reference(self):
        return self.xosc.crystal / max(1, self.get("CS", "REFDIV"))

    @property
    def vco(self):
        return self.reference * self.get("FBDIV_INT")

    @property
    def locked(self):
        return bool(self.get("CS", "LOCK"))

    def begin(self):
        self.check_unused()
        super().begin()
        self.starts += 1

    def check_unused(self):
        if users := self.users():
            raise RuleBroken(f"{self.name} is changed while {users[0]} runs from it")

    def write_CS(self, old, new):
        self.change(old, new, "CS.REFDIV")

    def write_FBDIV_INT(self, old, new):
        self.change(old, new, "FBDIV_INT")

    def change(self, old, new, what):
        if old != new and self.runs:
            raise RuleBroken(f"{self.name}.{what} written while the PLL runs")

    def write_PRIM(self, old, new):
        if old != new:
            self.check_unused()

    def write_PWR(self, old, new):
        off = 0x21
        if new & off or new & 8:
            self.check_unused()
        if old & off and self.runs:
            self.check()
            self.starts += 1
            self.machine.after(LOCK, lambda start=self.starts: self.lock(start))
        elif not self.runs:
            self.put("CS", "LOCK", 0)
            self.starts += 1

    def check(self):
        """Raises `RuleBroken` unless the PLL can lock with what is set."""
        self.xosc.hertz(self.name)
        feedback = self.get("FBDIV_INT")
        if not FEEDBACK[0] <= feedback <= FEEDBACK[1]:
            raise RuleBroken(f"{self.name}.FBDIV_INT is {feedback}: expected {FEEDBACK[0]} to {FEEDBACK[1]}")
        if self.reference < REFERENCE:
            raise RuleBroken(f"{self.name}'s reference is {mhz(self.reference)}: expected {mhz(REFERENCE)} or more")
        if not VCO[0] <= self.vco <= VCO[1]:
            raise RuleBroken(f"{self.name}'s VCO runs at {mhz(self.vco)}: expected {mhz(VCO[0])} to {mhz(VCO[1])}")

    def lock(self, start):
        if start == self.starts:
            self.put("CS", "LOCK", 1)

    def read_CS(self):
        return self.late("CS", self.runs == self.locked)

    def hertz(self, user):
        """The clock that it gives; raises `RuleBroken` if it gives none yet."""
        if not self.locked:
            raise RuleBroken(f"{user} takes {self.name}'s clock before {self.name}.CS.LOCK")
        if self.get("PWR", "POSTDIVPD"):
            raise RuleBroken(f"{user} takes {self.name}'s clock while {self.name}.PWR.POSTDIVPD is 1")
        dividers = [self.get("PRIM", name) for name in ("POSTDIV1", "POSTDIV2")]
        if 0 in dividers:
            raise RuleBroken(f"{self.name}.PRIM has a divider of 0")
        return self.vco / (dividers[0] * dividers[1])
