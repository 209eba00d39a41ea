"""CLOCK, which starts the crystal, and NVMC, which has the flash's cache."""

from ..registers import Peripheral, Register, bit, fixed, status
from .tasks import event, task

#: How long the crystal takes to start, in seconds.
START = 360e-6


class Clock(Peripheral):
    """The high-frequency clock. After a reset it comes from the chip's own oscillator."""

    registers = (
        task("TASKS_HFCLKSTART", 0x000),
        task("TASKS_HFCLKSTOP", 0x004),
        event("EVENTS_HFCLKSTARTED", 0x100),
        Register("HFCLKRUN", 0x408, status("STATUS", 0)),
        Register("HFCLKSTAT", 0x40C, status("SRC", 0), status("STATE", 16)),
    )
    unmodeled = {0x008: "TASKS_LFCLKSTART", 0x00C: "TASKS_LFCLKSTOP", 0x104: "EVENTS_LFCLKSTARTED", 0x304: "INTENSET",
                 0x308: "INTENCLR", 0x418: "LFCLKSTAT", 0x518: "LFCLKSRC", 0x400: "RESETREAS", 0x500: "SYSTEMOFF",
                 0x510: "POFCON", 0x578: "DCDCEN", 0x580: "DCDCEN0"}

    def __init__(self, machine):
        super().__init__(machine, "CLOCK", 0x40000000, size=0x1000)

    @property
    def crystal_runs(self):
        return bool(self.get("HFCLKSTAT", "SRC"))

    def write_TASKS_HFCLKSTART(self, _old, new):
        if new:
            self.put("HFCLKRUN", "STATUS", 1)
            self.machine.after(START, self.started)

    def started(self):
        if self.get("HFCLKRUN", "STATUS"):
            self.values["HFCLKSTAT"] = 0x10001
            self.values["EVENTS_HFCLKSTARTED"] = 1

    def write_TASKS_HFCLKSTOP(self, _old, new):
        if new:
            self.put("HFCLKRUN", "STATUS", 0)
            self.put("HFCLKSTAT", "SRC", 0)

    def read_EVENTS_HFCLKSTARTED(self):
        if not self.get("EVENTS_HFCLKSTARTED"):
            self.machine.poll()
        return self.get("EVENTS_HFCLKSTARTED")


class Nvmc(Peripheral):
    """The flash's controller. Programs here do not write flash."""

    registers = (
        Register("READY", 0x400, status("READY", 0), reset=1),
        Register("CONFIG", 0x504, fixed("WEN", 1, 0)),
        Register("ICACHECNF", 0x540, bit("CACHEEN", 0), fixed("CACHEPROFEN", 8)),
    )
    unmodeled = {0x408: "READYNEXT", 0x508: "ERASEPAGE", 0x50C: "ERASEALL", 0x514: "ERASEUICR", 0x548: "IHIT",
                 0x54C: "IMISS"}

    def __init__(self, machine):
        super().__init__(machine, "NVMC", 0x4001E000, size=0x1000)
