"""USART2, sending and receiving bytes of eight bits without parity."""

from ..registers import Peripheral, Register, RuleBroken, bit, bits, fixed, status
from ..uart import Line



class Usart(Peripheral):
    """The registers, and the bytes that pass."""

    #: Its number in the NVIC.
    INTERRUPT = 38
    sizes = (2, 4)
    registers = (
        Register("SR", 0x00, status("PE", 0), status("FE", 1), status("NF", 2), status("ORE", 3), status("IDLE", 4),
                 bit("RXNE", 5), bit("TC", 6), status("TXE", 7), bit("LBD", 8), bit("CTS", 9), reset=0xC0),
        Register("DR", 0x04, bits("DATA", 7, 0)),
        Register("BRR", 0x08, bits("FRACTION", 3, 0), bits("MANTISSA", 15, 4)),
        Register("CR1", 0x0C, fixed("SBK", 0), fixed("RWU", 1), bit("RE", 2), bit("TE", 3), fixed("IDLEIE", 4),
                 bit("RXNEIE", 5), fixed("TCIE", 6), fixed("TXEIE", 7), fixed("PEIE", 8), fixed("PS", 9),
                 fixed("PCE", 10), fixed("WAKE", 11), fixed("M", 12), bit("UE", 13), bit("OVER8", 15)),
        Register("CR2", 0x10, fixed("ADD", 3, 0), fixed("LBDL", 5), fixed("LBDIE", 6), fixed("LBCL", 8),
                 fixed("CPHA", 9), fixed("CPOL", 10), fixed("CLKEN", 11), fixed("STOP", 13, 12), fixed("LINEN", 14)),
        Register("CR3", 0x14, fixed("EIE", 0), fixed("IREN", 1), fixed("IRLP", 2), fixed("HDSEL", 3), fixed("NACK", 4),
                 fixed("SCEN", 5), fixed("DMAR", 6), fixed("DMAT", 7), fixed("RTSE", 8), fixed("CTSE", 9),
                 fixed("CTSIE", 10), fixed("ONEBIT", 11)),
    )
    unmodeled = {0x18: "GTPR"}

    def __init__(self, machine, rcc, pins):
        super().__init__(machine, "USART2", 0x40004400)
        self.rcc, self.pins = rcc, pins
        self.line = Line(machine, self)
        self.waiting = None

    def why_dead(self):
        return None if self.rcc.get("APB1ENR", "USART2EN") else "RCC.APB1ENR.USART2EN is 0"

    def bauds(self):
        """The baud rate that the divider and the bus's clock give."""
        divider = self.get("BRR")
        if self.get("CR1", "OVER8"):
            divider = (divider >> 4 << 4) + ((divider & 7) << 1)
            return 2 * self.rcc.pclk1 / divider if divider else 0
        return self.rcc.pclk1 / divider if divider else 0

    def check_ready(self, bit_name):
        for name in ("UE", bit_name):
            if not self.get("CR1", name):
                raise RuleBroken(f"USART2 is used while USART2.CR1.{name} is 0")
        self.line.check_baud_rate(self.bauds(), f"BRR {self.get('BRR'):#x} at {self.rcc.pclk1 / 1e6:g} MHz")
        self.pins.check_uart()

    # Sending: a byte waits in DR until the one before it has left.

    def write_DR(self, _old, new):
        self.check_ready("TE")
        if not self.get("SR", "TXE"):
            raise RuleBroken("USART2.DR written while USART2.SR.TXE is 0: the byte before it is lost")
        self.put("SR", "TC", 0)
        if self.line.sending:
            self.waiting = new
            self.put("SR", "TXE", 0)
        else:
            self.line.send(new, self.sent)

    def sent(self):
        if self.waiting is None:
            self.put("SR", "TC", 1)
        else:
            byte, self.waiting = self.waiting, None
            self.put("SR", "TXE", 1)
            self.line.send(byte, self.sent)

    # Receiving.

    def read_SR(self):
        value = self.get("SR")
        if not self.get("SR", "TXE"):
            self.machine.poll()
        elif not self.get("SR", "RXNE"):
            self.line.listen()
            self.machine.wait()
        return value

    def receive(self, byte):
        """A byte has come."""
        self.check_ready("RE")
        if self.get("SR", "RXNE"):
            raise RuleBroken("USART2 received a byte while USART2.SR.RXNE is 1: an overrun, the program reads too late")
        self.values["DR"] = byte
        self.put("SR", "RXNE", 1)
        self.interrupt()

    def read_DR(self):
        self.put("SR", "RXNE", 0)
        self.interrupt()
        return self.get("DR")

    def interrupt(self):
        asked = self.get("SR", "RXNE") and self.get("CR1", "RXNEIE")
        self.machine.private.nvic.line(self.INTERRUPT, bool(asked))

    def write_SR(self, old, new):
        # A program clears these bits by writing 0, and cannot set them.
        self.values["SR"] = old & new
        self.interrupt()

    def write_CR1(self, _old, _new):
        self.interrupt()

    def write_BRR(self, old, new):
        if old != new and self.line.sending:
            raise RuleBroken("USART2.BRR changed while a byte is being sent")
