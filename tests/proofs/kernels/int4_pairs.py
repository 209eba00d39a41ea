"""Two int4 products per multiply."""

from z3 import ULE, And, LShR

from prove import Identity, integers, unsigned, words

# Products that are added in a half of a word before it is read.
PRODUCTS, MOST_PRODUCTS = 4, 17
RAISED = 15

with Identity(
    "A word of two raised int4 weights, 16 bits apart, times an activation is two products that do not touch",
    "lenet-infer/src/kernel/scalar.rs: sum_int4, dot_int4, excess",
    "lenet-infer/src/kernel/armv7m/dense.rs: sum_int4, dot_int4",
) as identity:
    # Weights of 4 bits, raised by 8 by an exclusive or of the top bit.
    nibble = words("nibble", 4)[0]
    raised = unsigned(nibble ^ 8)
    identity.holds(
        "the exclusive or of 8 adds 8 to a weight of 4 bits",
        raised == (unsigned(nibble) << 28 >> 28) + 8,
    )

    def sums(count):
        """Sums of `count` products each, in a word and apart, and whether they are the same."""
        low, high = words("low high")
        most = count * RAISED * 255
        return low + (high << 16), low, high, [ULE(low, most), ULE(high, most)]

    first, second, x = integers("first second x")
    identity.holds(
        "one multiply gives both products",
        (first + second * 2**16) * x == first * x + second * x * 2**16,
    )
    for count in (PRODUCTS, MOST_PRODUCTS):
        both, low, high, bounds = sums(count)
        identity.holds(
            f"{count} such products stay in their halves",
            And(both & 0xFFFF == low, LShR(both, 16) == high),
            *bounds,
        )
    both, low, high, bounds = sums(MOST_PRODUCTS + 1)
    identity.fails(
        f"{MOST_PRODUCTS + 1} stay in their halves",
        And(both & 0xFFFF == low, LShR(both, 16) == high),
        *bounds,
    )

    # `armv7m` adds whole words and upper halves, and separates the first sum at the end, modulo 2^32.
    low_sum, high_sum = words("low_sum high_sum")
    both, low, high, bounds = sums(PRODUCTS)
    identity.holds(
        "adding words and upper halves, the first sum is what is left of the words without the second",
        And(
            low_sum + (high_sum << 16) + both == (low_sum + low) + ((high_sum + LShR(both, 16)) << 16),
            high_sum + LShR(both, 16) == high_sum + high,
        ),
        *bounds,
    )

    weight, total, inputs = integers("weight total inputs")
    identity.holds(
        "a sum with raised weights exceeds the sum by 8 times the inputs",
        (total + 8 * inputs) + x * (weight + 8) == (total + x * weight) + 8 * (inputs + x),
    )
