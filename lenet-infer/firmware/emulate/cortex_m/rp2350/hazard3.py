"""The RP2350's other core: Hazard3, a RISC-V, with its own controller of interrupts behind registers of the core."""

import unicorn
from unicorn import riscv_const

from ..machine import Machine
from ..registers import RuleBroken

WFI, CSR, ILLEGAL = 0x10500073, 0x73, 2
#: The core's registers that Unicorn does not have: which interrupts are enabled, and which counters stand still.
MEIEA, MCOUNTINHIBIT = 0xBE0, 0x320
#: What mcountinhibit is once the boot ROM is done: no counter runs.
INHIBITED = 0x5
#: Bits of mstatus and mie: all interrupts, and those from outside of the core.
MIE, MEIE = 1 << 3, 1 << 11
#: An array of interrupts is reached in windows of as many bits, the lowest bits of a value say which.
WINDOW, INDEX = 16, 0x1F


class Interrupts:
    """Xh3irq. No model runs a handler: a program may only wait with interrupts masked."""

    def __init__(self, machine):
        self.machine, self.enabled, self.pending = machine, 0, 0

    def line(self, number, asked):
        """A peripheral asks for its interrupt, or no longer does: it is pending as long."""
        self.pending = self.pending & ~(1 << number) | int(asked) << number
        self.check()

    def access(self, value, change):
        """Reads a window of what is enabled, and changes it: a value's upper half is the window's bits."""
        shift = (value & INDEX) * WINDOW
        old = self.enabled >> shift & 0xFFFF
        self.enabled = self.enabled & ~(0xFFFF << shift) | (change(old, value >> 16) & 0xFFFF) << shift
        self.check()
        return old << 16

    def check(self):
        if self.pending & self.enabled and not self.machine.interrupts_masked():
            raise RuleBroken("an interrupt would run its handler: the model runs none, expected mstatus.MIE to be 0")


class Counter:
    """The counters of cycles and instructions. A core reads them in Unicorn, so the models see only whether they run."""

    def __init__(self):
        self.inhibited = INHIBITED

    @property
    def was_read(self):
        return not self.inhibited & 1

    def access(self, value, change):
        old, self.inhibited = self.inhibited, change(self.inhibited, value) & INHIBITED
        return old


class Private:
    """What only the core reaches. It has no addresses."""

    peripherals = ()

    def __init__(self, machine):
        self.machine, self.nvic, self.counter = machine, Interrupts(machine), Counter()
        self.registers = {MEIEA: self.nvic, MCOUNTINHIBIT: self.counter}

    def interrupt_pending(self):
        """Whether an interrupt is pending that wakes the core."""
        outside = self.machine.core.reg_read(riscv_const.UC_RISCV_REG_MIE) & MEIE
        return bool(outside and self.nvic.pending & self.nvic.enabled)


class Hazard3(Machine):
    """A machine with this core. What its registers do that Unicorn does not have is here."""

    SP, PC = riscv_const.UC_RISCV_REG_SP, riscv_const.UC_RISCV_REG_PC
    Private = Private

    def make_core(self):
        return unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)

    def start(self):
        """The boot ROM starts the image at its first address; the program itself must set its stack."""
        return self.image.symbols.get("_stack_start", self.chip.ram.end), self.chip.flash.start

    def hook(self):
        super().hook()
        self.core.hook_add(unicorn.UC_HOOK_INTR, self.exception)

    def exception(self, core, number, _user):
        self.guarded(self.emulate, core, number)

    def emulate(self, core, number):
        """Runs an instruction for a register that Unicorn does not have; any other exception ends the run.

        Unicorn is already past the instruction, and goes on there.
        """
        at = core.reg_read(self.PC) - 4
        word = int.from_bytes(core.mem_read(at, 4), "little")
        register = self.private.registers.get(word >> 20)
        if number != ILLEGAL or word & 0x7F != CSR or register is None:
            raise RuleBroken(f"exception {number} in {self.image.function_at(at)}, at {at:#010x}")
        kind, source, target = word >> 12 & 7, word >> 15 & 31, word >> 7 & 31
        value = source if kind & 4 else self.general(source)
        old = register.access(value, {1: lambda _, new: new, 2: lambda old, new: old | new,
                                      3: lambda old, new: old & ~new}[kind & 3])
        if target:
            core.reg_write(riscv_const.UC_RISCV_REG_X0 + target, old)

    def general(self, number):
        return self.core.reg_read(riscv_const.UC_RISCV_REG_X0 + number)

    def is_asleep(self, at):
        return int.from_bytes(self.core.mem_read(at - 4, 4), "little") == WFI

    def resume(self, at):
        return at

    def count(self, code):
        """Counts instructions: the lowest two bits of one of four bytes are set."""
        count = place = 0
        while place < len(code):
            place += 4 if code[place] & 3 == 3 else 2
            count += 1
        return count

    def interrupts_masked(self):
        return not self.core.reg_read(riscv_const.UC_RISCV_REG_MSTATUS) & MIE
