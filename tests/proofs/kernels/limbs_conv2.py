"""Four sums of products in three words."""

from z3 import And, LShR

from prove import Identity, between, integers, product_bounds, words

TAPS = 150
# A sum with its sign takes 24 bits.
LIMIT = 1 << 23


def read_out(first, second, third):
    """The instructions of `unpack_sums!`, in the registers of their names."""
    r2, r3, r4 = first, second, third
    r5 = (r2 << 8) >> 8
    r2 = r2 - r5
    r4 = r4 - LShR(r2, 8)
    r6 = (r4 << 8) >> 8
    r4 = r4 - r6
    r3 = r3 - LShR(r2, 16)
    r3 = r3 - LShR(r4, 8)
    r7 = (r3 << 8) >> 8
    r3 = (r3 - r7) >> 8
    r3 = r3 + LShR(r4, 16)
    r2 = LShR(r2, 24) + r3
    return r5, r6, r7, r2


with Identity(
    "Four sums a, b, c, d are read out of the words a + d * 2^24, c + d * 2^8 and b + d * 2^16, modulo 2^32",
    "lenet-infer/src/kernel/armv6m/kernel_row.rs: pack!, five_taps!, sum_row!",
    "lenet-infer/src/kernel/armv6m/conv2.rs: unpack_sums!",
) as identity:
    # Integers of any size: an equation among them holds modulo 2^32 too.
    a, d, more_a, more_d, x = integers("a d more_a more_d x")
    for lane in (2**24, 2**16, 2**8):
        identity.holds(
            f"a step keeps the form of a word of two weights {lane.bit_length() - 1} bits apart",
            (a + d * lane) + x * (more_a + more_d * lane) == (a + x * more_a) + (d + x * more_d) * lane,
        )
    product_bounds(identity)
    assert TAPS * 255 * 128 < LIMIT, "150 products leave the lane"

    a, b, c, d = words("a b c d")
    found = read_out(a + (d << 24), c + (d << 8), b + (d << 16))
    exact = And(*(value == expected for value, expected in zip(found, (a, b, c, d))))
    in_lane = [between(value, -LIMIT, LIMIT - 1) for value in (a, b, c, d)]
    identity.holds("sums of 24 bits are read out exactly", exact, *in_lane)
    for index, value in enumerate((a, b, c, d)):
        others = in_lane[:index] + in_lane[index + 1 :]
        identity.fails(f"{value} may be 2^23", exact, between(value, -LIMIT, LIMIT), *others)
