"""Tasks and events, which most of Nordic's peripherals consist of."""

from ..registers import Register, bit


def task(name, offset):
    """A register that starts something when 1 is written to it."""
    return Register(name, offset, bit("TRIGGER", 0))


def event(name, offset):
    """A register that is 1 once something has happened, until a program clears it."""
    return Register(name, offset, bit("GENERATED", 0))
