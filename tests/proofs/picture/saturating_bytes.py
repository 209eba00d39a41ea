"""Four bytes at once by UQSUB8."""

from z3 import ULE, And, Concat, Extract, If, LShR

from prove import Identity, unsigned, words

COUNT = 4


def bytes_of(word):
    return [Extract(8 * index + 7, 8 * index, word) for index in range(COUNT)]


def word_of(parts):
    return Concat(*reversed(parts))


def each(operation, a, b):
    return word_of([operation(x, y) for x, y in zip(bytes_of(a), bytes_of(b))])


def uqsub8(a, b):
    return each(lambda x, y: If(ULE(x, y), 0, x - y), a, b)


def usub8(a, b):
    """The same without the clamp at 0."""
    return each(lambda x, y: x - y, a, b)


def least_byte(a, b):
    return If(ULE(a, b), a, b)


def most_byte(a, b):
    return If(ULE(a, b), b, a)


def least(a, b, excess=uqsub8):
    return a - excess(a, b)


def most(a, b, excess=uqsub8):
    return b + excess(a, b)


def carry(levels, limits, neighbors, steps):
    """`carry` in bytes, after `least` and `most` are proved. Its loop ends early only where a step changes nothing."""
    raised = [least_byte(limit, level) for limit, level in zip(limits, levels)]
    for _ in range(steps):
        beside = neighbors(raised)
        raised = [
            least_byte(limit, most_byte(level, other)) for limit, level, other in zip(limits, raised, beside)
        ]
    return raised


def one_by_one(levels, limits, before):
    """The same a byte at a time: min(max(level, before), limit)."""
    raised = []
    for level, limit in zip(levels, limits):
        before = least_byte(most_byte(level, before), limit)
        raised.append(before)
    return raised


with Identity(
    "Minima and maxima of four bytes at once, by a subtraction that clamps at 0",
    "lenet-infer/src/kernel/armv7em/lanes.rs: least, most, carry, carry_onward, carry_backward",
    "lenet-infer/src/kernel/lanes.rs: min, max, carry_onward, carry_backward",
) as identity:
    a, b = words("a b")
    smaller, larger = each(least_byte, a, b), each(most_byte, a, b)
    identity.holds(
        "a - UQSUB8(a, b) is the smaller of each two bytes, with no borrow", least(a, b) == smaller
    )
    identity.holds("b + UQSUB8(a, b) is the larger of each two bytes, with no carry", most(a, b) == larger)
    identity.fails("a - USUB8(a, b), without the clamp, is the smaller", least(a, b, usub8) == smaller)
    identity.fails("b + USUB8(a, b), without the clamp, is the larger", most(a, b, usub8) == larger)

    levels = words("level0 level1 level2 level3", 8)
    limits = words("limit0 limit1 limit2 limit3", 8)
    beside = words("beside", 8)[0]

    def onward(raised):
        """The byte before each, as `raised << 8 | before` has them."""
        return [beside, *raised[:-1]]

    def same(found, expected):
        return And(*(a == b for a, b in zip(found, expected)))

    identity.holds(
        "a word shifted by a byte has each byte's neighbor",
        And(
            word_of(onward(levels)) == (word_of(levels) << 8) | unsigned(beside),
            word_of([*levels[1:], beside]) == LShR(word_of(levels), 8) | (unsigned(beside) << 24),
        ),
    )
    # Backward is onward with the bytes in the other order, for any bytes.
    expected = one_by_one(levels, limits, beside)
    identity.holds(
        f"{COUNT} steps carry a level as far as a byte at a time does",
        same(carry(levels, limits, onward, COUNT), expected),
    )
    identity.fails(
        f"{COUNT - 1} steps carry it as far", same(carry(levels, limits, onward, COUNT - 1), expected)
    )
