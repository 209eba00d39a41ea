"""The definition of an image, which the chip's boot ROM looks for in the flash before it starts anything."""

import struct

from ..registers import RuleBroken

#: Where the ROM looks: the first bytes of the flash.
SEARCHED = 4096
#: The words around a block, and the kinds of its items.
HEADER, FOOTER = 0xFFFFDED3, 0xAB123579
IMAGE_TYPE, LAST = 0x42, 0xFF
#: The types of a program on an RP2350: for the Cortex-M33 in its secure state, and for Hazard3.
ARM_PROGRAM, RISC_V_PROGRAM = 0x1021, 0x1101
#: Of a type, what says RISC-V, and what says for which state of an Arm core a program is: RISC-V has none of them.
RISC_V, STATE = 0x0100, 0x0030
TYPES = {ARM_PROGRAM: "a secure Arm program", RISC_V_PROGRAM: "a RISC-V program"}


def find(flash):
    """Returns the place and the type of the image that the start of the flash defines, or raises `RuleBroken`."""
    words = struct.unpack(f"<{SEARCHED // 4}I", flash[:SEARCHED])
    found = [block for place, word in enumerate(words) if word == HEADER if (block := parse(words, place))]
    if not found:
        raise RuleBroken(f"the image has no definition in its first {SEARCHED:,} bytes: the boot ROM would not start it")
    return found[0]


def parse(words, start):
    """Returns the place and the type that a block defines; None if it is not whole, as the ROM would find it."""
    place, kind = start + 1, None
    while place + 2 < len(words):
        item = words[place]
        if item & 0xFF == LAST:
            size, link, footer = item >> 8 & 0xFFFF, *words[place + 1:place + 3]
            alone = size == place - start - 1 and link == 0 and footer == FOOTER
            return (4 * start, kind) if alone and kind is not None else None
        # An item has its size in its second byte; that of a large one takes two.
        size = item >> 8 & (0xFFFF if item & 0x80 else 0xFF)
        if item & 0xFF == IMAGE_TYPE and size == 1:
            kind = item >> 16
        place += max(1, size)
    return None


def check(machine):
    """Raises `RuleBroken` unless the ROM would start the image on the chip's kind of core, at the image's start."""
    _, found = find(machine.core.mem_read(machine.chip.flash.start, SEARCHED))
    kind, expected = found & ~STATE if found & RISC_V else found, machine.chip.limits.program
    if kind != expected:
        raise RuleBroken(f"the image's definition says {TYPES.get(kind, 'another program')} ({found:#06x}): expected "
                         f"{TYPES[expected]} ({expected:#06x})")
