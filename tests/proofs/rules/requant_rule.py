"""The rule from an accumulator to an activation, as the portable code computes it."""

from z3 import LShR

from prove import Identity, between, integers, larger, smaller, word, words

# The largest shift before the multiply, and the shift after it.
MAX_PRE_SHIFT, ACTIVATION_SHIFT = 15, 23


def narrow(accumulator, pre_shift):
    """`Requant::product` without its multiply."""
    shifted = accumulator >> pre_shift
    positive = shifted & ~(shifted >> 31)
    below = 0xFFFF - positive
    return 0xFFFF - (below & ~(below >> 31))


def clamped(accumulator, pre_shift):
    """The rule: clamp(accumulator >> pre_shift, 0, 65535)."""
    return smaller(larger(accumulator >> pre_shift, word(0)), word(0xFFFF))


def largest_activation(bits):
    """`largest_activation`, in words: u8::MAX >> ((8 - bits) & 7)."""
    return LShR(word(255), (word(8) - bits) & 7)


if __name__ == "__main__":
    with Identity(
        "The masks of a requantization are clamps, and its product fits in 32 bits",
        "lenet-core/src/requant.rs: Requant::product, Requant::activation, Requant::confidence",
        "lenet-core/src/model/hidden.rs: largest_activation",
    ) as identity:
        accumulator, pre_shift, bits = words("accumulator pre_shift bits")
        in_range = between(pre_shift, 0, MAX_PRE_SHIFT)
        same = narrow(accumulator, pre_shift) == clamped(accumulator, pre_shift)
        identity.holds("the masks clamp, for any accumulator", same, in_range)
        identity.holds("the result has 16 bits", between(narrow(accumulator, pre_shift), 0, 0xFFFF), in_range)
        identity.holds("so no bit above is lost", narrow(accumulator, pre_shift) >= 0, in_range)
        identity.holds(
            "a larger accumulator never gives a smaller result",
            narrow(accumulator, pre_shift) <= narrow(accumulator + 1, pre_shift),
            in_range,
            accumulator < 2**31 - 1,
        )

        value, multiplier = integers("value multiplier")
        fits = value * multiplier < 2**32

        def bound(most):
            return [between(value, 0, 0xFFFF), between(multiplier, 0, most)]

        identity.holds("the product of 16 bits and 16 bits fits in 32", fits, *bound(0xFFFF))
        identity.holds("so does that with a multiplier of up to 65,537", fits, *bound(65_537))
        identity.fails("so does that with one of 65,538", fits, *bound(65_538))
        confidence = value * multiplier / 2**16
        identity.holds("a confidence fits in 16 bits", between(confidence, 0, 0xFFFF), *bound(0xFFFF))

        identity.holds(
            "the largest activation of 4 to 8 bits is 2^bits - 1",
            largest_activation(bits) == (word(1) << bits) - 1,
            between(bits, 4, 8),
        )
        identity.holds(
            "and of 1 to 3", largest_activation(bits) == (word(1) << bits) - 1, between(bits, 1, 3)
        )
        identity.fails("and of 9", largest_activation(bits) == (word(1) << bits) - 1, bits == 9)
