"""UARTE0: bytes to and from RAM by EasyDMA."""

from ..registers import Peripheral, Register, RuleBroken, bit, bits, fixed, word
from ..uart import Line
from .tasks import event, task

ENABLED = 8
#: The values of BAUDRATE that the product specification lists near the board's, and the rate that each gives.
RATES = {0x00275000: 9598, 0x004EA000: 19208, 0x009D0000: 38369, 0x00EB0000: 57554, 0x013A9000: 76923,
         0x01D60000: 115108, 0x03B00000: 231884, 0x075F7000: 457143, 0x0EBED000: 941176, 0x10000000: 1000000}
#: Bytes that the receiver keeps without a buffer: what the specification says that it takes after STOPRX.
FIFO = 4
#: From a task that stops to its event, in seconds.
STOP = 1e-6
#: Bits of PSEL that mean nothing, and are 1 after a reset.
RESERVED = bits("RESERVED", 30, 6, allowed=(0, 0x1FFFFFF))
EVENTS = {"CTS": 0, "NCTS": 1, "RXDRDY": 2, "ENDRX": 4, "TXDRDY": 7, "ENDTX": 8, "ERROR": 9, "RXTO": 17, "RXSTARTED": 19,
          "TXSTARTED": 20, "TXSTOPPED": 22}


class Uarte(Peripheral):
    """The registers, and the bytes that pass."""

    #: Its number in the NVIC.
    INTERRUPT = 2
    registers = (
        task("TASKS_STARTRX", 0x000), task("TASKS_STOPRX", 0x004), task("TASKS_STARTTX", 0x008),
        task("TASKS_STOPTX", 0x00C), task("TASKS_FLUSHRX", 0x02C),
        *(event(f"EVENTS_{name}", 0x100 + 4 * place) for name, place in EVENTS.items()),
        Register("SHORTS", 0x200, fixed("ENDRX_STARTRX", 5), fixed("ENDRX_STOPRX", 6)),
        *(Register(name, offset, *(bit(event_name, place) for event_name, place in EVENTS.items()))
          for name, offset in (("INTEN", 0x300), ("INTENSET", 0x304), ("INTENCLR", 0x308))),
        Register("ERRORSRC", 0x480, bits("SOURCES", 3, 0)),
        Register("ENABLE", 0x500, bits("ENABLE", 3, 0, allowed=(0, ENABLED))),
        *(Register(f"PSEL_{name}", offset, bits("PIN", 4, 0), bit("PORT", 5), RESERVED,
                   bit("DISCONNECTED", 31), reset=0xFFFFFFFF)
          for name, offset in (("RTS", 0x508), ("TXD", 0x50C), ("CTS", 0x510), ("RXD", 0x514))),
        Register("BAUDRATE", 0x524, bits("BAUDRATE", 31, 0, allowed=tuple(RATES)), reset=0x04000000),
        word("RXD_PTR", 0x534), Register("RXD_MAXCNT", 0x538, bits("MAXCNT", 15, 0)), word("RXD_AMOUNT", 0x53C),
        word("TXD_PTR", 0x544), Register("TXD_MAXCNT", 0x548, bits("MAXCNT", 15, 0)), word("TXD_AMOUNT", 0x54C),
        Register("CONFIG", 0x56C, fixed("HWFC", 0), fixed("PARITY", 3, 1), fixed("STOP", 4)),
    )

    def __init__(self, machine, clock, pins):
        super().__init__(machine, "UARTE0", 0x40002000, size=0x1000)
        self.clock, self.pins, self.line = clock, pins, Line(machine, self)
        self.queue, self.fifo = bytearray(), bytearray()
        #: Where received bytes go: the next address and how many more there is room for; None while stopped.
        self.place, self.room = None, 0
        for name in EVENTS:
            setattr(self, f"read_EVENTS_{name}", lambda name=name: self.look(name))
            setattr(self, f"write_EVENTS_{name}", lambda _old, _new: self.interrupt())
        for name in ("TXD", "RXD", "RTS", "CTS"):
            setattr(self, f"write_PSEL_{name}", lambda _old, _new, name=name: self.selected(name))

    def bauds(self):
        """The baud rate, which is exact as the crystal is."""
        return RATES.get(self.get("BAUDRATE"), 0)

    def check_ready(self):
        if self.get("ENABLE") != ENABLED:
            raise RuleBroken(f"UARTE0 is used while UARTE0.ENABLE is {self.get('ENABLE')}: expected {ENABLED}")
        if not self.clock.crystal_runs:
            raise RuleBroken("UARTE0 is used before CLOCK.EVENTS_HFCLKSTARTED: only the crystal is exact enough")
        self.line.check_baud_rate(self.bauds(), f"BAUDRATE {self.get('BAUDRATE'):#010x}")

    def selected(self, name):
        if self.get("ENABLE"):
            raise RuleBroken(f"UARTE0.PSEL.{name} written while UARTE0.ENABLE is {self.get('ENABLE')}")

    def write_ENABLE(self, old, new):
        if new and not old:
            self.pins.check_uart(self)

    # Events and the interrupt.

    def look(self, name):
        """A program that sees no event waits for it."""
        happened = self.get(f"EVENTS_{name}")
        if not happened:
            if name in ("ENDRX", "RXDRDY") and not self.line.sending:
                self.line.listen()
                self.machine.wait()
            else:
                self.machine.poll()
        return happened

    def happens(self, name):
        self.values[f"EVENTS_{name}"] = 1
        self.interrupt()

    def interrupt(self):
        asked = any(self.get(f"EVENTS_{name}") and self.get("INTEN") >> place & 1 for name, place in EVENTS.items())
        self.machine.private.nvic.line(self.INTERRUPT, asked)

    def write_INTEN(self, _old, _new):
        self.interrupt()

    def write_INTENSET(self, _old, new):
        self.values["INTEN"] |= new
        self.interrupt()

    def write_INTENCLR(self, _old, new):
        self.values["INTEN"] &= ~new
        self.interrupt()

    def read_INTENSET(self):
        return self.get("INTEN")

    read_INTENCLR = read_INTENSET

    # Sending.

    def write_TASKS_STARTTX(self, _old, new):
        if not new:
            return
        self.check_ready()
        if self.queue or self.line.sending:
            raise RuleBroken("UARTE0.TASKS_STARTTX while bytes are being sent")
        count = self.get("TXD_MAXCNT")
        self.queue += self.machine.memory(self.get("TXD_PTR"), count, "UARTE0.TXD")
        # At once: the specification gives no time, and nrf-hal starts again if it does not see the event right away.
        self.happens("TXSTARTED")
        self.values["TXD_AMOUNT"] = count
        self.next()

    def next(self):
        if self.queue:
            self.line.send(self.queue.pop(0), self.next)
        else:
            self.happens("ENDTX")

    def write_TASKS_STOPTX(self, _old, new):
        if new:
            if self.queue or self.line.sending:
                raise RuleBroken("UARTE0.TASKS_STOPTX while bytes are being sent: they are lost")
            self.machine.after(STOP, lambda: self.happens("TXSTOPPED"))

    # Receiving.

    def write_TASKS_STARTRX(self, _old, new):
        if not new:
            return
        self.check_ready()
        if self.place is not None:
            raise RuleBroken("UARTE0.TASKS_STARTRX while it receives")
        self.place, self.room = self.get("RXD_PTR"), self.get("RXD_MAXCNT")
        self.machine.check_dma(self.place, max(1, self.room), "UARTE0.RXD")
        self.values["RXD_AMOUNT"] = 0
        self.happens("RXSTARTED")
        self.empty()

    def receive(self, byte):
        """A byte has come."""
        if len(self.fifo) >= FIFO:
            raise RuleBroken(f"UARTE0 received a byte with {FIFO} unread and no buffer: the program reads too late")
        self.fifo.append(byte)
        self.empty()

    def empty(self):
        """Moves what has come to RAM, as far as there is room."""
        while self.fifo and self.place is not None:
            self.machine.store(self.place, self.fifo[:1], "UARTE0.RXD")
            del self.fifo[0]
            self.place, self.room = self.place + 1, self.room - 1
            self.values["RXD_AMOUNT"] += 1
            self.happens("RXDRDY")
            if not self.room:
                self.place = None
                self.happens("ENDRX")

    def write_TASKS_STOPRX(self, _old, new):
        if new:
            self.machine.after(STOP, self.stopped)

    def stopped(self):
        if self.place is not None:
            self.place = None
            self.happens("ENDRX")
        self.happens("RXTO")
