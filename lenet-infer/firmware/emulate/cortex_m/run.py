"""A run of an image, and what is asserted about it."""

import itertools
import re
import time

from .image import Image
from .machine import Finished
from .registers import RuleBroken
from .wire import Reader, Socket

#: Cycles in which the report must be over: it takes a quarter of them.
LIMIT = 200_000_000
#: Looks for a byte of the host before the core must sleep.
POLLS = 100
FIGURE = re.compile(r"^(time|stack) +(\d+) ", re.MULTILINE)


def build(image, board):
    """Makes the board's machine, with the image in its flash."""
    machine = board.chip.machine(image, board.chip, LIMIT)
    machine.board, machine.wire = board, Reader()
    machine.private = machine.Private(machine)
    machine.system = board.chip.system(machine, board)
    machine.peripherals = [*machine.system.peripherals, *machine.private.peripherals]
    return machine


def report(image, board, then=None):
    """Runs an image until it has printed its report and waits for its host, and returns what it asserted, in words.

    Raises `RuleBroken` if anything is not as it must be. With `then`, the program goes on: it is called with the machine
    and those words, and returns what the machine does while it waits.
    """
    machine, asserted, polls = build(image, board), [], itertools.count()
    if board.chip.rom:
        board.chip.rom(machine)

    def idle(asleep):
        if board.sends and not machine.wire.verdict:
            return False
        if asleep:
            asserted.extend(verdict(machine, board))
            if then is None:
                raise Finished
            machine.when_idle = then(machine, asserted)
        elif next(polls) > POLLS:
            raise RuleBroken("the core polls while it waits for its host: expected it to sleep until an interrupt")
        return True

    machine.when_idle = idle
    try:
        machine.run()
    except RuleBroken as broken:
        if isinstance(machine.wire, Reader) and machine.wire.text:
            raise RuleBroken(f"{broken}\nIt had printed:\n{machine.wire.report().rstrip()}") from broken
        raise
    return asserted


def verdict(machine, board):
    """Checks what the program printed and left behind."""
    printed = check_report(machine, board) if board.sends else [
        "no USB host: the report is not seen, and a high LED stands for 100 of 100 golden digits"]
    system = machine.system
    for led in board.leds:
        if system.led_is_high(led) != led.high:
            raise RuleBroken(f"the LED's pin {led.pin} is {'low' if led.high else 'high'} at the end: expected "
                             f"{'high' if led.high else 'low'}")
    if system.clock() != board.clock:
        raise RuleBroken(f"the core runs at {system.clock():,.0f} Hz: expected {board.clock:,}")
    if not machine.private.counter.was_read:
        raise RuleBroken("the cycle counter was never read, or stands still: the time that the program prints is not "
                         "measured")
    waker = system.waker()
    if not machine.private.nvic.enabled >> waker.INTERRUPT & 1:
        raise RuleBroken(f"the core sleeps while {waker.name}'s interrupt {waker.INTERRUPT} is disabled in the NVIC")
    pins = ", ".join(f"{led.pin} {'high' if led.high else 'low'}" for led in board.leds)
    return [
        *system.summary(),
        f"LED: {pins}",
        f"stack from {machine.stack:#010x}",
        f"asleep until {waker.name}'s interrupt",
        *printed,
    ]


def check_report(machine, board):
    """Checks the text that came over the UART."""
    line, text = machine.system.uart.line, machine.wire.report()
    equal, total = map(int, machine.wire.verdict.groups())
    if (equal, total) != (100, 100):
        raise RuleBroken(f"{equal} of {total} golden digits have all ten logits equal: expected 100 of 100")
    if f"LeNet on {board.name}\n" not in text:
        raise RuleBroken(f"the program's first line does not name {board.name}: {text.splitlines()[0]!r}")
    figures = dict(FIGURE.findall(text))
    return [
        f"{line.bauds:,.0f} baud ({line.bauds / board.baud_rate - 1:+.2%})",
        f"{figures['stack']} bytes of stack for a digit",
        f"DWT counts, {int(figures['time']):,} instructions for a digit",
        f"{equal} of {total} golden digits",
    ]


def run(board, path):
    """Runs an image, and prints its line."""
    started = time.monotonic()
    asserted = report(Image(path), board)
    print(f"{board.name}: {'; '.join(asserted)} [{time.monotonic() - started:.1f} s]")


def serve(board, path, port):
    """Runs an image until it waits for its host, then puts its UART on a TCP port, forever."""
    wire = Socket(port)

    def connect(machine, _asserted):
        print(f"{board.name}: listening on 127.0.0.1:{wire.port}", flush=True)
        machine.wire, machine.limit = wire, float("inf")

        def idle(_asleep):
            wire.exchange(0.002)
            machine.system.uart.line.listen()
            return True

        return idle

    report(Image(path), board, connect)
