"""What every UART model shares: the line to the host, at its own pace, and how exact the baud rate must be."""

from .registers import RuleBroken

#: A start bit, eight bits and a stop bit.
BITS = 10
#: A receiver samples the last of ten bits in its middle, so both ends may differ by about 5 % together.
TOLERANCE = 0.02


class Line:
    """The wire between a board's UART and its host."""

    def __init__(self, machine, uart):
        self.machine, self.uart, self.sending = machine, uart, False
        self.arriving = None
        #: The baud rate in force when the first byte passed.
        self.bauds = None

    @property
    def seconds(self):
        """The time that a byte takes."""
        return BITS / self.uart.bauds()

    def check_baud_rate(self, bauds, how):
        """Raises `RuleBroken` unless a host at the board's baud rate understands this one."""
        self.bauds = bauds
        wanted = self.machine.board.baud_rate
        if abs(bauds / wanted - 1) > TOLERANCE:
            raise RuleBroken(f"{self.uart.name} runs at {bauds:,.0f} baud ({bauds / wanted - 1:+.2%}, {how}): "
                             f"expected {wanted:,} within {TOLERANCE:.0%}")

    def send(self, byte, done):
        """Sends a byte to the host, and calls `done` when it has left."""
        self.sending = True
        self.machine.after(self.seconds, lambda: self.sent(byte, done))

    def sent(self, byte, done):
        self.sending = False
        self.machine.wire.put(byte)
        done()

    def listen(self):
        """Lets the next byte of the host come, if there is one and none is on its way."""
        if self.arriving is None:
            self.arriving = self.machine.wire.take()
            if self.arriving is not None:
                self.machine.after(self.seconds, self.arrived)

    def arrived(self):
        byte, self.arriving = self.arriving, None
        self.uart.receive(byte)
        self.listen()
