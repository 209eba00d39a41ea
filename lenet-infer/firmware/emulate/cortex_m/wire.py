"""What is at the other end of a board's UART: a reader of its report, or a host behind a TCP port."""

import re
import select
import socket

#: The report's last line.
VERDICT = re.compile(r"^golden +(\d+) of (\d+) digits with all ten logits equal$", re.MULTILINE)


class Reader:
    """Keeps what the board prints, until the report is over."""

    def __init__(self):
        self.text = bytearray()
        self.verdict = None

    def put(self, byte):
        """A byte that the board sent."""
        self.text.append(byte)
        if byte == ord("\n"):
            self.verdict = VERDICT.search(self.report())

    def take(self):
        """The next byte for the board: a reader sends none."""
        return None

    def report(self):
        return self.text.decode("utf-8", "replace").replace("\r\n", "\n")


class Socket:
    """Passes bytes between the board and one client at a time."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.client = None
        self.incoming, self.outgoing = bytearray(), bytearray()

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def put(self, byte):
        """A byte that the board sent. Without a client nobody hears it."""
        if self.client is not None:
            self.outgoing.append(byte)

    def take(self):
        """The next byte for the board, if there is one."""
        if not self.incoming:
            self.exchange(0)
        return self.incoming.pop(0) if self.incoming else None

    def exchange(self, seconds):
        """Sends what is to be sent, and waits for a client or its bytes."""
        if self.client is not None and self.outgoing:
            try:
                self.client.sendall(self.outgoing)
            except OSError:
                self.hang_up()
            self.outgoing.clear()
        source = self.client or self.listener
        if not select.select([source], [], [], seconds)[0]:
            return
        if self.client is None:
            self.client, _ = self.listener.accept()
            self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return
        try:
            data = self.client.recv(4096)
        except OSError:
            data = b""
        if data:
            self.incoming += data
        else:
            self.hang_up()

    def hang_up(self):
        self.client.close()
        self.client = None
        self.incoming.clear()
