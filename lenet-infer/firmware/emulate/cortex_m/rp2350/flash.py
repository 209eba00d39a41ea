"""QMI, through which the cores read the flash, as the boot ROM leaves it."""

from ..registers import Register, RuleBroken, bit, bits, mhz
from .block import Block

#: What the boot ROM leaves on a Pico 2, whose flash it has found to answer the command EBh, on four pins, at a third of
#: clk_sys.
TIMING, FORMAT, COMMAND = 0x60007203, 0x000492A8, 0x000000EB


class Qmi(Block):
    """The timing of the flash. Programs here do not change how it is read."""

    registers = (
        Register("M0_TIMING", 0x0C, bits("CLKDIV", 7, 0), bits("RXDELAY", 10, 8), bits("MIN_DESELECT", 16, 12),
                 bits("MAX_SELECT", 22, 17), bits("SELECT_HOLD", 24, 23), bit("SELECT_SETUP", 25),
                 bits("PAGEBREAK", 29, 28), bits("COOLDOWN", 31, 30), reset=TIMING),
        Register("M0_RFMT", 0x10, bits("FORMAT", 31, 0, allowed=(FORMAT,)), reset=FORMAT),
        Register("M0_RCMD", 0x14, bits("COMMAND", 31, 0, allowed=(COMMAND,)), reset=COMMAND),
    )
    unmodeled = {0x00: "DIRECT_CSR", 0x04: "DIRECT_TX", 0x08: "DIRECT_RX", 0x18: "M0_WFMT", 0x1C: "M0_WCMD",
                 0x20: "M1_TIMING"}

    def __init__(self, machine, clocks, fastest):
        super().__init__(machine, "QMI", 0x400D0000)
        self.clocks, self.fastest = clocks, fastest
        clocks.changed = self.check

    @property
    def divider(self):
        return self.get("M0_TIMING", "CLKDIV") or 256

    @property
    def hertz(self):
        """The flash's clock."""
        return self.clocks.hertz("SYS") / self.divider

    def write_M0_TIMING(self, _old, _new):
        self.check()

    def check(self):
        """Raises `RuleBroken` if the flash's clock is too fast."""
        if self.hertz > self.fastest:
            raise RuleBroken(f"the flash's clock is {mhz(self.hertz)}: expected {mhz(self.fastest)} at most")
