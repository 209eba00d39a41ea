"""The registers that Arm gives every Cortex-M with debug hardware: SCB, NVIC, SysTick, DCB, DWT."""

from .registers import Peripheral, Register, RuleBroken, bit, bits, fixed, status, word

#: What must be in the upper half of AIRCR for a write to count.
RESET_KEY = 0x05FA


class SystemControl(Peripheral):
    """What the core is, and what it does with faults and with its floating-point unit."""

    registers = (
        Register("CPUID", 0x00, status("VALUE", 31, 0)),
        Register("ICSR", 0x04, status("VECTACTIVE", 8, 0), status("ISRPENDING", 22)),
        Register("VTOR", 0x08, bits("TBLOFF", 31, 7)),
        Register("AIRCR", 0x0C, fixed("PRIGROUP", 10, 8), bit("SYSRESETREQ", 2), bits("VECTKEY", 31, 16)),
        Register("SCR", 0x10, fixed("SLEEPONEXIT", 1), fixed("SLEEPDEEP", 2), fixed("SEVONPEND", 4)),
        Register("CCR", 0x14, status("STKALIGN", 9), fixed("UNALIGN_TRP", 3), fixed("DIV_0_TRP", 4), reset=0x200),
    )
    unmodeled = {0x18: "SHPR1", 0x1C: "SHPR2", 0x20: "SHPR3", 0x24: "SHCSR", 0x28: "CFSR", 0x2C: "HFSR",
                 0x34: "MMFAR", 0x38: "BFAR", 0x90: "MPU_TYPE", 0x94: "MPU_CTRL"}

    def __init__(self, machine, chip):
        ours = (bits(f"CP{n}", 2 * n + 1, 2 * n) for n in chip.coprocessors)
        access = Register("CPACR", 0x88, bits("CP10", 21, 20), bits("CP11", 23, 22), *ours)
        self.registers = (*self.registers, access)
        super().__init__(machine, "SCB", 0xE000ED00, size=0xF0)
        self.values["CPUID"] = chip.cpuid

    def write_AIRCR(self, _old, new):
        if new >> 16 == RESET_KEY and new & 4:
            raise RuleBroken("the program restarts the chip, as it does after a panic")

    def read_ICSR(self):
        return int(self.machine.private.nvic.pending != 0) << 22


#: Words of the NVIC's registers, for 32 interrupts each.
WORDS = 4


class Nvic(Peripheral):
    """The interrupts. No model runs a handler: a program may only wait for one with interrupts masked."""

    registers = tuple(
        word(f"{name}{n}", offset + 4 * n)
        for name, offset in (("ISER", 0x000), ("ICER", 0x080), ("ISPR", 0x100), ("ICPR", 0x180))
        for n in range(WORDS)
    ) + tuple(
        Register(f"IPR{n}", 0x300 + 4 * n, bits("PRIORITIES", 31, 0), sizes=(1, 2, 4)) for n in range(8 * WORDS)
    )

    def __init__(self, machine):
        super().__init__(machine, "NVIC", 0xE000E100)
        self.enabled = self.pending = self.lines = 0
        for n in range(WORDS):
            for name in ("ISER", "ICER"):
                setattr(self, f"read_{name}{n}", lambda n=n: self.enabled >> 32 * n & 0xFFFFFFFF)
            for name in ("ISPR", "ICPR"):
                setattr(self, f"read_{name}{n}", lambda n=n: self.pending >> 32 * n & 0xFFFFFFFF)
            for name, change in (("ISER", self.enable), ("ICER", self.disable), ("ISPR", self.pend), ("ICPR", self.clear)):
                setattr(self, f"write_{name}{n}", lambda _, new, n=n, change=change: change(new << 32 * n))

    def enable(self, mask):
        self.enabled |= mask
        self.check()

    def disable(self, mask):
        self.enabled &= ~mask

    def pend(self, mask):
        self.pending |= mask
        self.check()

    def clear(self, mask):
        """A peripheral that still asks makes its interrupt pending again."""
        self.pending = self.pending & ~mask | self.lines
        self.check()

    def line(self, number, asked):
        """A peripheral asks for its interrupt, or no longer does."""
        self.lines = self.lines & ~(1 << number) | int(asked) << number
        if asked:
            self.pend(1 << number)

    def check(self):
        asked = self.pending & self.enabled
        if asked and not self.machine.interrupts_masked():
            raise RuleBroken(f"interrupt {asked.bit_length() - 1} would run its handler: the model runs none, "
                             "expected PRIMASK to be set while one is enabled and pending")


class SysTick(Peripheral):
    """The core's timer. Its interrupt and its external clock have no model."""

    registers = (
        Register("CSR", 0x0, bit("ENABLE", 0), fixed("TICKINT", 1), bits("CLKSOURCE", 2, 2), status("COUNTFLAG", 16)),
        Register("RVR", 0x4, bits("RELOAD", 23, 0)),
        Register("CVR", 0x8, bits("CURRENT", 31, 0)),
    )
    unmodeled = {0xC: "CALIB"}

    def __init__(self, machine):
        super().__init__(machine, "SysTick", 0xE000E010, size=0x10)
        self.start = 0

    def write_CSR(self, old, new):
        if new & 1 and not new & 4:
            raise RuleBroken("SysTick counts its external clock: the model knows the core's only")
        if new & ~old & 1:
            self.start = self.machine.cycles

    def write_CVR(self, _old, _new):
        self.start = self.machine.cycles

    def read_CVR(self):
        period = self.get("RVR") + 1
        running = self.get("CSR", "ENABLE")
        return -(self.machine.cycles - self.start) % period if running else 0


class DebugControl(Peripheral):
    """The register that powers the trace hardware, and with it the cycle counter."""

    registers = (Register("DEMCR", 0xC, bit("TRCENA", 24)),)
    unmodeled = {0x0: "DHCSR", 0x4: "DCRSR", 0x8: "DCRDR"}

    def __init__(self, machine):
        super().__init__(machine, "DCB", 0xE000EDF0, size=0x10)


class CycleCounter(Peripheral):
    """The DWT, of which only the cycle counter is modeled."""

    registers = (
        Register("CTRL", 0x0, bit("CYCCNTENA", 0), status("NUMCOMP", 31, 28), reset=0x40000000),
        word("CYCCNT", 0x4),
    )
    unmodeled = {0x8: "CPICNT", 0xC: "EXCCNT", 0x10: "SLEEPCNT", 0x14: "LSUCNT", 0x18: "FOLDCNT", 0x1C: "PCSR",
                 0xFB0: "LAR"}

    def __init__(self, machine, debug):
        super().__init__(machine, "DWT", 0xE0001000, size=0x1000)
        self.debug, self.start, self.was_read = debug, 0, False

    def why_dead(self):
        return None if self.debug.get("DEMCR", "TRCENA") else "DCB.DEMCR.TRCENA is 0"

    def write_CTRL(self, old, new):
        if new & ~old & 1:
            self.start = self.machine.cycles

    def read_CYCCNT(self):
        if not self.get("CTRL", "CYCCNTENA"):
            raise RuleBroken("DWT.CYCCNT read while it stands still: DWT.CTRL.CYCCNTENA is 0")
        self.was_read = True
        return self.machine.cycles - self.start & 0xFFFFFFFF

    def write_CYCCNT(self, _old, new):
        self.start = self.machine.cycles - new


class Private:
    """All of them, for one machine."""

    def __init__(self, machine):
        self.nvic = Nvic(machine)
        self.debug = DebugControl(machine)
        self.counter = CycleCounter(machine, self.debug)
        self.peripherals = [SystemControl(machine, machine.chip), self.nvic, SysTick(machine), self.debug, self.counter]

    def interrupt_pending(self):
        """Whether an interrupt is pending that wakes the core."""
        return bool(self.nvic.pending & self.nvic.enabled)
