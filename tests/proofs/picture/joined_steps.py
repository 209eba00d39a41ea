"""Sixteen levels carried in four steps (WebAssembly)."""

from z3 import ULE, If

from prove import Identity, words


def least(a, b):
    return If(ULE(a, b), a, b)


def most(a, b):
    return If(ULE(a, b), b, a)


def raised(before, level, limit):
    """What a byte becomes: raised to the one before it, at most to its limit."""
    return least(most(before, level), limit)


with Identity(
    "What two bytes do to the level before them is what one byte does, whose level and limit are those of the first as the "
    "second raises them",
    "lenet-infer/src/kernel/simd128/lanes.rs: carry_onward",
) as identity:
    before, level, limit, next_level, next_limit = words("before level limit next_level next_limit", 8)
    one_by_one = raised(raised(before, level, limit), next_level, next_limit)
    joined = raised(before, raised(level, next_level, next_limit), raised(limit, next_level, next_limit))
    identity.holds("for any bytes, and limits below levels too", joined == one_by_one)
    identity.fails(
        "with the limit of the second byte in place of its own as raised",
        raised(before, raised(level, next_level, next_limit), next_limit) == one_by_one,
    )
