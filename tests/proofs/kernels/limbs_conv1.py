"""Three sums of products in two words."""

from z3 import And, LShR

from prove import Identity, between, integers, product_bounds, words

TAPS = 25
# A sum with its sign takes 21 bits, and the last of the three may take 22.
LIMIT, LAST_LIMIT = 1 << 20, 1 << 21


def read_out(low, high):
    """The instructions of `unpack_sums!`, in the registers of their names."""
    r2, r6 = low, high
    r3 = (r2 << 11) >> 11
    r2 = r2 - r3
    r4 = LShR(r2, 21)
    r6 = r6 - LShR(r2, 10)
    r5 = (r6 << 10) >> 10
    r6 = (r6 - r5) >> 11
    return r3, r4 + r6, r5


with Identity(
    "Three sums a, b, c are read out of the words a + b * 2^21 and c + b * 2^11, modulo 2^32",
    "lenet-infer/src/kernel/armv6m/pixels.rs: pack!, kernel_row!",
    "lenet-infer/src/kernel/armv6m/conv1.rs: unpack_sums!",
) as identity:
    # Integers of any size: an equation among them holds modulo 2^32 too.
    a, b, c, more_a, more_b, more_c, x = integers("a b c more_a more_b more_c x")
    identity.holds(
        "a step of one activation and three packed weights keeps the form of both words",
        And(
            (a + b * 2**21) + x * (more_a + more_b * 2**21) == (a + x * more_a) + (b + x * more_b) * 2**21,
            (c + b * 2**11) + x * (more_c + more_b * 2**11) == (c + x * more_c) + (b + x * more_b) * 2**11,
        ),
    )
    product_bounds(identity)
    assert TAPS * 255 * 128 < LIMIT, "25 products leave the lane"

    a, b, c = words("a b c")
    found_a, found_b, found_c = read_out(a + (b << 21), c + (b << 11))
    exact = And(found_a == a, found_b == b, found_c == c)
    in_lane = [
        between(a, -LIMIT, LIMIT - 1),
        between(b, -LIMIT, LIMIT - 1),
        between(c, -LAST_LIMIT, LAST_LIMIT - 1),
    ]
    identity.holds("sums of 21, 21 and 22 bits are read out exactly", exact, *in_lane)
    identity.fails("a may be 2^20", exact, between(a, -LIMIT, LIMIT), *in_lane[1:])
    identity.fails("b may be -2^20 - 1", exact, in_lane[0], between(b, -LIMIT - 1, LIMIT - 1), in_lane[2])
    identity.fails("c may be 2^21", exact, *in_lane[:2], between(c, -LAST_LIMIT, LAST_LIMIT))
