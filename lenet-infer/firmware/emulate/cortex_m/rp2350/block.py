"""What the chip's peripherals have in common: aliases that change single bits, and a reset that holds each."""

from ..registers import Peripheral, Register, RuleBroken, bit, status

#: The aliases of a peripheral's registers: each is this far from the one before.
ALIAS = 0x1000
#: What a write does through each alias.
WRITES = (lambda _, new: new, lambda old, new: old ^ new, lambda old, new: old | new, lambda old, new: old & ~new)
#: How long a block takes out of its reset, in seconds.
RELEASE = 1e-6
BLOCKS = ("ADC", "BUSCTRL", "DMA", "HSTX", "I2C0", "I2C1", "IO_BANK0", "IO_QSPI", "JTAG", "PADS_BANK0", "PADS_QSPI",
          "PIO0", "PIO1", "PIO2", "PLL_SYS", "PLL_USB", "PWM", "SHA256", "SPI0", "SPI1", "SYSCFG", "SYSINFO", "TBMAN",
          "TIMER0", "TIMER1", "TRNG", "UART0", "UART1", "USBCTRL")
#: The blocks that the boot ROM has released: the flash hangs on them.
RELEASED = ("IO_QSPI", "PADS_QSPI")


class Block(Peripheral):
    """A peripheral whose registers have aliases at which a write toggles, sets or clears bits."""

    #: The bits of each register that a program clears by writing 1 to them.
    one_clears = {}

    def __init__(self, machine, name, base, resets=None):
        super().__init__(machine, name, base, size=4 * ALIAS)
        self.resets = resets

    def why_dead(self):
        if self.resets is not None and not self.resets.is_released(self.name):
            return f"RESETS.RESET_DONE.{self.name} is 0"
        return None

    def read(self, address, size):
        return super().read(self.base + (address - self.base) % ALIAS, size)

    def write(self, address, size, value):
        alias, place = divmod(address - self.base, ALIAS)
        register = self.find(self.base + place, size, "written")
        old = self.values[register.name]
        if register.name in self.one_clears:
            if alias:
                raise RuleBroken(f"{self.name}.{register.name} written through an alias: its bits are cleared by a 1")
            register.check(self.name, value)
            self.values[register.name] = old & ~(value & self.one_clears[register.name])
            getattr(self, f"cleared_{register.name}", lambda: None)()
            return
        super().write(self.base + place, size, WRITES[alias](old, value) & 0xFFFFFFFF)

    def late(self, register, ready):
        """Reads a status that a program waits for: while it is not ready, time passes after each read."""
        value = self.get(register)
        if not ready:
            self.machine.poll()
        return value

    def begin(self):
        """Takes the values that the block has after a reset."""
        self.values = {register.name: register.reset for register in self.registers}


class Resets(Block):
    """RESETS, which holds blocks until a program releases them."""

    registers = (
        Register("RESET", 0x0, *(bit(name, place) for place, name in enumerate(BLOCKS)), reset=sum(
            1 << place for place, name in enumerate(BLOCKS) if name not in RELEASED)),
        Register("RESET_DONE", 0x8, *(status(name, place) for place, name in enumerate(BLOCKS)), reset=sum(
            1 << BLOCKS.index(name) for name in RELEASED)),
    )
    unmodeled = {0x4: "WDSEL"}

    def __init__(self, machine):
        super().__init__(machine, "RESETS", 0x40020000)
        #: The blocks that have a model, by name.
        self.blocks = {}

    def is_released(self, name):
        return bool(self.get("RESET_DONE", name))

    def write_RESET(self, old, new):
        for name in BLOCKS:
            was, held = (self.by_name["RESET"].fields[name].of(value) for value in (old, new))
            if held and not was:
                self.put("RESET_DONE", name, 0)
                if name in self.blocks:
                    self.blocks[name].begin()
            elif was and not held:
                self.machine.after(RELEASE, lambda name=name: self.release(name))

    def release(self, name):
        if not self.get("RESET", name):
            self.put("RESET_DONE", name, 1)

    def read_RESET_DONE(self):
        return self.late("RESET_DONE", self.get("RESET_DONE") | self.get("RESET") == (1 << len(BLOCKS)) - 1)
