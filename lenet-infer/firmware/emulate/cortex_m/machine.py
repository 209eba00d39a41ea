"""The machine: a core in Unicorn, memory, time, and the peripherals of a chip."""

import heapq
import itertools
import struct

import unicorn
from unicorn import arm_const

from .core import Private
from .registers import RuleBroken

#: Where peripherals are: those of the chip, those that some chips have next to the core, and those that Arm gives every
#: core.
PERIPHERALS = ((0x40000000, 0x20000000), (0xD0000000, 0x00100000), (0xE0000000, 0x00100000))
PICOSECONDS = 1_000_000_000_000
#: How much time passes when a program looks at a status that has not changed: it polls less often, not for less long.
POLL = 5 * PICOSECONDS // 1_000_000
#: The instruction that waits for an interrupt.
WFI = 0xBF30
#: A core's alias of single bits of its peripherals.
BIT_BAND, BIT_BAND_END, BIT_BAND_BASE = 0x42000000, 0x44000000, 0x40000000


class Finished(Exception):
    """The run has seen all that it wants to see."""


class Machine:
    """A chip that runs an image.

    Every instruction takes one cycle of the core's clock, which is what the models say it is. Time passes with the
    instructions, and faster while the program waits.
    """

    def __init__(self, image, chip, limit):
        self.image, self.chip, self.limit = image, chip, limit  # the latter in cycles
        self.now, self.cycles, self.cycle = 0, 0, 0
        self.events, self.order = [], itertools.count()
        self.lengths, self.failure = {}, None
        #: Called when the program waits for something outside of the chip, with whether the core sleeps meanwhile; returns
        #: whether anything may come.
        self.when_idle = lambda _asleep: False
        # What `run.build` puts together.
        self.board = self.wire = self.system = self.private = None
        self.peripherals = []
        self.core = self.make_core()
        self.load()
        self.hook()

    # What another kind of core does otherwise.

    #: Unicorn's numbers of the stack pointer and the program counter.
    SP, PC = arm_const.UC_ARM_REG_SP, arm_const.UC_ARM_REG_PC
    Private = Private

    def make_core(self):
        core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        core.ctl_set_cpu_model(self.chip.cpu_model)
        return core

    def start(self):
        """Returns where the stack begins and where the program does: a core reads that from the start of the flash."""
        stack, entry = struct.unpack("<II", self.core.mem_read(self.chip.flash.start, 8))
        self.core.reg_write(self.SP, stack)
        return stack, entry

    def is_asleep(self, at):
        """Whether the instruction before an address is the one that waits for an interrupt."""
        return struct.unpack("<H", self.core.mem_read(at - 2, 2))[0] == WFI

    def resume(self, at):
        """Returns the address at which Unicorn goes on."""
        return at | 1

    def count(self, code):
        return instructions(code)

    def interrupts_masked(self):
        """Whether the core has masked interrupts."""
        return bool(self.core.reg_read(arm_const.UC_ARM_REG_PRIMASK) & 1)

    def load(self):
        chip = self.chip
        self.core.mem_map(chip.flash.start, chip.flash.size, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.core.mem_map(chip.ram.start, chip.ram.size, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        for address, data in self.image.parts:
            if not (chip.flash.holds(address) and chip.flash.holds(address + len(data) - 1)):
                raise RuleBroken(f"the image has {len(data)} bytes for {address:#010x}, where {chip.name} has no flash")
            self.core.mem_write(address, bytes(data))
        self.stack, self.entry = self.start()
        if not chip.ram.start < self.stack <= chip.ram.end or self.stack % 8:
            raise RuleBroken(f"the stack begins at {self.stack:#010x}: expected in RAM, below {chip.ram.end:#010x}")

    def hook(self):
        for start, size in PERIPHERALS:
            self.core.mmio_map(start, size, self.read, start, self.write, start)
        self.core.hook_add(unicorn.UC_HOOK_BLOCK, self.passes)
        self.core.hook_add(unicorn.UC_HOOK_MEM_INVALID, self.outside)
        limit = self.image.symbols.get("_stack_end", self.image.symbols.get("__ebss"))
        # A stack below the variables ends where RAM starts, and below that there is no memory.
        if limit is not None and self.chip.ram.start < limit <= self.stack:
            self.core.hook_add(unicorn.UC_HOOK_MEM_WRITE, self.below_stack, limit,
                               begin=self.chip.ram.start, end=limit - 1)

    # What the models ask for.

    def set_clock(self, hertz):
        """The core's clock, from now on."""
        self.cycle = round(PICOSECONDS / hertz)

    def after(self, seconds, action):
        """Calls `action` once some time has passed."""
        heapq.heappush(self.events, (self.now + round(seconds * PICOSECONDS), next(self.order), action))

    def poll(self):
        """What a program looked at has not changed: time passes."""
        self.advance(self.now + POLL)

    def wait(self):
        """What a program waits for comes from outside: it waits for the next event, or for the host."""
        if not self.events:
            self.when_idle(False)
        self.poll()

    def memory(self, address, size, user):
        """Returns memory that a peripheral's DMA reads."""
        self.check_dma(address, size, user)
        return bytes(self.core.mem_read(address, size))

    def store(self, address, data, user):
        """Writes memory as a peripheral's DMA does."""
        self.check_dma(address, len(data), user)
        self.core.mem_write(address, bytes(data))

    def check_dma(self, address, size, user):
        if not (self.chip.ram.holds(address) and self.chip.ram.holds(address + size - 1)):
            raise RuleBroken(f"{user} reads or writes {size} bytes at {address:#010x}: its DMA reaches RAM only")

    # What Unicorn calls. Python's exceptions do not pass through it, so they wait in `failure`.

    def guarded(self, action, *arguments):
        if self.failure is None:
            try:
                return action(*arguments) or 0
            except Exception as failure:  # noqa: BLE001, raised again by `run`
                self.failure = failure
                self.core.emu_stop()
        return 0

    def read(self, _core, offset, size, start):
        return self.guarded(self.read_peripheral, start + offset, size)

    def write(self, _core, offset, size, value, start):
        self.guarded(self.write_peripheral, start + offset, size, value)

    def passes(self, core, address, size, _user):
        count = self.lengths.get((address, size))
        if count is None:
            count = self.lengths[address, size] = self.count(core.mem_read(address, size))
        self.cycles += count
        self.now += count * self.cycle
        if self.events and self.events[0][0] <= self.now:
            self.guarded(self.advance, self.now)
        if self.cycles > self.limit:
            self.guarded(self.too_long, address)

    def too_long(self, address):
        raise RuleBroken(f"not done after {self.limit:,} cycles, in {self.image.function_at(address)}")

    def outside(self, core, _access, address, size, _value, _user):
        at = core.reg_read(self.PC)
        self.failure = self.failure or RuleBroken(
            f"{size} bytes at {address:#010x} used by {self.image.function_at(at)}: there is no memory, or not for this"
        )
        return False

    def below_stack(self, core, _access, _address, _size, _value, limit):
        stack = core.reg_read(self.SP)
        if stack < limit and self.failure is None:
            self.failure = RuleBroken(f"the stack is at {stack:#010x}, below its limit of {limit:#010x}")
            core.emu_stop()

    # How it runs.

    def advance(self, until):
        """Passes time, with all that happens in it."""
        while self.events and self.events[0][0] <= until:
            due, _, action = heapq.heappop(self.events)
            self.move(due)
            action()
        self.move(until)

    def move(self, until):
        if until > self.now:
            self.cycles += (until - self.now) // self.cycle
            self.now = until

    def find(self, address, verb):
        for peripheral in self.peripherals:
            if peripheral.first <= address <= peripheral.last:
                return peripheral
        name = next((name for start, end, name in self.chip.unmodeled if start <= address < end), "no peripheral known")
        raise RuleBroken(f"{name} ({address:#010x}) {verb}: there is no model of it")

    def read_peripheral(self, address, size):
        if self.chip.bit_band and BIT_BAND <= address < BIT_BAND_END:
            place, position = bit_band(address)
            return self.find(place, "read").read(place, 4) >> position & 1
        return self.find(address, "read").read(address, size)

    def write_peripheral(self, address, size, value):
        if self.chip.bit_band and BIT_BAND <= address < BIT_BAND_END:
            place, position = bit_band(address)
            peripheral = self.find(place, "written")
            value = peripheral.read(place, 4) & ~(1 << position) | (value & 1) << position
            return peripheral.write(place, 4, value)
        return self.find(address, "written").write(address, size, value)

    def run(self):
        """Runs until a model raises `Finished`."""
        at = self.entry
        try:
            while True:
                self.step(at)
                at = self.core.reg_read(self.PC)
                if not self.is_asleep(at):
                    raise RuleBroken(f"the core stopped in {self.image.function_at(at)}, at {at:#010x}")
                self.sleep()
                at = self.resume(at)
        except Finished:
            pass

    def step(self, at):
        """Runs until the core sleeps."""
        try:
            self.core.emu_start(at, 0xFFFFFFFF)
        except unicorn.UcError as error:
            at = self.core.reg_read(self.PC)
            self.failure = self.failure or RuleBroken(f"{error} in {self.image.function_at(at)}, at {at:#010x}")
        if self.failure is not None:
            raise self.failure

    def sleep(self):
        """The core waits for an interrupt. With PRIMASK set, as here, one that is pending wakes it and does not run."""
        while not self.private.interrupt_pending():
            if self.events:
                self.advance(self.events[0][0])
            elif not self.when_idle(True):
                at = self.core.reg_read(self.PC)
                raise RuleBroken(f"the core sleeps in {self.image.function_at(at)}, and nothing will wake it")


def bit_band(address):
    """Returns the register and the bit that an address of the alias region means."""
    offset = address - BIT_BAND
    return BIT_BAND_BASE + (offset >> 7 << 2), offset >> 2 & 31


def instructions(code):
    """Counts the instructions in a block of Thumb code: a halfword from 0xE800 on begins one of two."""
    count = place = 0
    while place < len(code):
        place += 4 if code[place + 1] >= 0xE8 else 2
        count += 1
    return count
