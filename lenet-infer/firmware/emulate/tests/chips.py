"""Machines with a few instructions in their flash, for the tests."""

import struct

from cortex_m.boards import BOARDS
from cortex_m.machine import PICOSECONDS, Machine
from cortex_m.run import build

#: `b .`
FOREVER = 0xE7FE


class Program:
    """What stands for an image: halfwords of code, on an Arm core behind a vector table."""

    def __init__(self, board, code, symbols=None):
        chip = board.chip
        table = struct.pack("<II", chip.ram.end, chip.flash.start + 8 | 1) if chip.machine is Machine else b""
        self.parts = [(chip.flash.start, table + struct.pack(f"<{len(code)}H", *code))]
        self.symbols = symbols or {}

    def function_at(self, _address):
        return "a test"


class Wire:
    """A host that keeps what the board sends, and sends it some bytes."""

    def __init__(self, to_board=b""):
        self.sent, self.to_board = bytearray(), bytearray(to_board)

    def put(self, byte):
        self.sent.append(byte)

    def take(self):
        return self.to_board.pop(0) if self.to_board else None


def machine(name, code=(FOREVER,), to_board=b"", symbols=None):
    """Makes a board's machine with a program."""
    board = BOARDS[name]
    made = build(Program(board, code, symbols), board)
    made.wire = Wire(to_board)
    return made


def passes(made, seconds):
    """Lets time pass."""
    made.advance(made.now + round(seconds * PICOSECONDS))


def write(made, peripheral, register, value):
    """Writes a register as the core does."""
    made.write_peripheral(peripheral.base + peripheral.by_name[register].offset, 4, value)


def read(made, peripheral, register):
    """Reads a register as the core does."""
    return made.read_peripheral(peripheral.base + peripheral.by_name[register].offset, 4)


def change(made, peripheral, register, clear, set_):
    """Clears and sets bits of a register."""
    write(made, peripheral, register, read(made, peripheral, register) & ~clear | set_)
