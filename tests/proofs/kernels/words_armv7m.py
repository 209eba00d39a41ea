"""Three sums of products in two words, as Cortex-M3 adds and separates them."""

from z3 import ULT, And, Concat, Extract, Implies, LShR

from prove import Identity, between, integers, product_bounds, words

# The taps of conv1, the range of a sum, and what the first and the last of three sums start at.
TAPS = 25
LIMIT = 1 << 20
START_A, START_C = 1 << 20, 1 << 21
# The largest sum of a channel's weights of one sign for which conv2 takes this way: REACH in src/kernel/range.rs.
REACH = LIMIT // 255


def insert(value, bits, low, width):
    """`bfi value, bits, #low, #width`."""
    return Concat(Extract(31, low + width, value), Extract(width - 1, 0, bits), Extract(low - 1, 0, value))


def separate(first, second):
    """`separate!`, in its order. Returns the registers of a, b and c."""
    r3 = LShR(first, 21)
    second = second - (r3 << 11)
    first = first << 11
    c = second << 10
    second = insert(second, r3, 11, 11)
    return first, second, c


def read_out(first, second, c):
    """What `finish_window` adds to the biases, where the bias has lost the start of the sum."""
    return LShR(first, 11) - START_A, second >> 11, LShR(c, 10) - START_C


with Identity(
    "Three sums a, b, c are read out of the words a + 2^20 + b * 2^21 and c + 2^21 + b * 2^11, modulo 2^32",
    "lenet-infer/src/kernel/armv7m/window.rs: pack, left!, right!, separate!, finish_window",
) as identity:
    # Integers of any size: an equation among them holds modulo 2^32 too.
    a, b, c, more_a, more_b, more_c, x = integers("a b c more_a more_b more_c x")
    identity.holds(
        "a step of one activation and three packed weights keeps the form of both words",
        And(
            (a + START_A + b * 2**21) + x * (more_a + more_b * 2**21)
            == (a + x * more_a + START_A) + (b + x * more_b) * 2**21,
            (c + START_C + b * 2**11) + x * (more_c + more_b * 2**11)
            == (c + x * more_c + START_C) + (b + x * more_b) * 2**11,
        ),
    )
    product_bounds(identity)
    assert TAPS * 255 * 128 < LIMIT, "the sums of conv1 leave the lane"
    assert 255 * REACH < LIMIT <= 255 * (REACH + 1), "REACH is not the largest sum of weights"

    sums = words("a b c")
    a, b, c = sums

    def packed(a, b, c):
        return a + START_A + (b << 21), c + START_C + (b << 11)

    def lane(value, low=-LIMIT, high=LIMIT - 1):
        return between(value, low, high)

    found = read_out(*separate(*packed(a, b, c)))
    exact = And(*(value == sum for value, sum in zip(found, sums)))
    in_lane = [lane(a), lane(b), lane(c, -2 * LIMIT, 2 * LIMIT - 1)]
    identity.holds("sums of 21, 21 and 22 bits are read out exactly", exact, *in_lane)
    identity.fails("a may be 2^20", exact, lane(a, high=LIMIT), *in_lane[1:])
    identity.fails("a may be -2^20 - 1", exact, lane(a, low=-LIMIT - 1), *in_lane[1:])
    identity.fails("b may be 2^20", exact, in_lane[0], lane(b, high=LIMIT), in_lane[2])
    identity.fails("b may be -2^20 - 1", exact, in_lane[0], lane(b, low=-LIMIT - 1), in_lane[2])
    identity.fails("c may be 2^21", exact, *in_lane[:2], lane(c, -2 * LIMIT, 2 * LIMIT))

    # The maximum of two positions is taken before the remains below the sums are dropped.
    others = words("other_a other_b other_c")
    both = in_lane + [lane(others[0]), lane(others[1]), lane(others[2], -2 * LIMIT, 2 * LIMIT - 1)]
    one, other = separate(*packed(*sums)), separate(*packed(*others))
    identity.holds(
        "the register of a larger sum is larger: without a sign for a and c, with one for b",
        And(
            Implies(a < others[0], ULT(one[0], other[0])),
            Implies(b < others[1], one[1] < other[1]),
            Implies(c < others[2], ULT(one[2], other[2])),
        ),
        *both,
    )
    identity.fails(
        "with a sign for a",
        Implies(a < others[0], one[0] < other[0]),
        *both,
    )
