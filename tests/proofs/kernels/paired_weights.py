"""Two outputs' weights in one halfword."""

from z3 import And, Extract, SignExt

from prove import WEIGHTS, Identity, between, integers, wide, words

SYMMETRIC = (-127, 127)
INPUTS, MOST_INPUTS = 256, 257

with Identity(
    "The weights a and b of two outputs fit in a halfword 256 b + a, and SMLAD sums both, modulo 2^32",
    "lenet-infer/KERNELS.md: a pair of weights as 256 odd + even, among what could still be saved",
) as identity:
    # As the halfword: its sign-extended low byte is a, which is what SXTB16 leaves.
    a, b = words("a b", 16)
    packed = (b << 8) + a
    fits = And(SignExt(8, Extract(7, 0, packed)) == a, wide(packed) == 256 * wide(b) + wide(a))
    symmetric = [between(a, *SYMMETRIC), between(b, *SYMMETRIC)]
    identity.holds("weights from -127 to 127 fit, and SXTB16 gives a", fits, *symmetric)
    identity.fails("a weight b may be -128", fits, symmetric[0], between(b, WEIGHTS[0], WEIGHTS[1]))
    identity.fails("a weight a may be 128", fits, between(a, SYMMETRIC[0], 128), symmetric[1])

    w, v, x, total_a, total_b = integers("a b x total_a total_b")
    identity.holds(
        "a step keeps the form of the sum",
        (256 * total_b + total_a) + x * (256 * v + w) == 256 * (total_b + x * v) + (total_a + x * w),
    )

    # The sums at the end. Those of a are exact; what the other register holds may have wrapped.
    sum_a, sum_b = words("sum_a sum_b")
    found = ((sum_b << 8) + sum_a - sum_a) >> 8

    def most(inputs):
        return inputs * 255 * 128

    def bounds(inputs):
        return between(sum_b, -most(inputs), most(inputs))

    identity.holds(f"sums of {INPUTS} products are read out exactly", found == sum_b, bounds(INPUTS))
    identity.holds(f"so are sums of {MOST_INPUTS}", found == sum_b, bounds(MOST_INPUTS))
    identity.fails(f"so are sums of {MOST_INPUTS + 1}", found == sum_b, bounds(MOST_INPUTS + 1))
