"""The other end of the line: a reader of the report, and a host behind a TCP port."""

import socket
import unittest

from cortex_m.wire import Reader, Socket


class Report(unittest.TestCase):
    def read(self, text):
        reader = Reader()
        for byte in text:
            reader.put(byte)
        return reader

    def test_the_verdict_is_the_reports_last_line(self):
        reader = self.read(b"LeNet on paper\r\ngolden      99 of 100 digits with all ten logits equal\r\n")
        self.assertEqual(reader.verdict.groups(), ("99", "100"))

    def test_a_line_that_is_not_whole_is_no_verdict(self):
        self.assertIsNone(self.read(b"golden      100 of 100 digits with all ten logits equal").verdict)
        self.assertIsNone(self.read(b"golden      100 of 100 digits\r\n").verdict)


class Tcp(unittest.TestCase):
    def setUp(self):
        self.wire = Socket(0)
        self.addCleanup(self.wire.listener.close)

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.wire.port), timeout=5)
        self.addCleanup(client.close)
        self.wire.exchange(5)
        return client

    def test_bytes_pass_both_ways(self):
        client = self.connect()
        client.sendall(b"ab")
        self.wire.exchange(5)
        self.assertEqual([self.wire.take() for _ in range(3)], [ord("a"), ord("b"), None])
        self.wire.put(ord("c"))
        self.wire.exchange(0)
        self.assertEqual(client.recv(1), b"c")

    def test_nobody_hears_a_board_without_a_client(self):
        self.wire.put(ord("x"))
        client = self.connect()
        self.wire.put(ord("y"))
        self.wire.exchange(0)
        self.assertEqual(client.recv(2), b"y")

    def test_another_client_comes_after_one_that_has_gone(self):
        first = self.connect()
        first.sendall(b"lost")
        self.wire.exchange(5)
        first.close()
        self.wire.exchange(5)
        self.assertIsNone(self.wire.client)
        self.connect()
        self.assertIsNone(self.wire.take())
        self.assertIsNotNone(self.wire.client)


if __name__ == "__main__":
    unittest.main()
