"""Two products per lane of VPMADDWD."""

from prove import LARGEST_ACTIVATION, WEIGHTS, Identity, between, integers

HALFWORDS = (-(2**15), 2**15 - 1)


def fits(value, bits):
    """Whether a register of `bits` bits holds a signed value."""
    return between(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


with Identity(
    "VPMADDWD adds two products of activations and weights exactly, because the sum fits in its lane",
    "lenet-infer/src/kernel/avx2/window.rs: maxima",
    "lenet-infer/src/kernel/avx2/dense.rs: four_dots",
) as identity:
    a, b, c, d = integers("a b c d")
    total = a * c + b * d
    weights = [between(value, *WEIGHTS) for value in (c, d)]

    def activations(most):
        return [between(value, 0, most) for value in (a, b)]

    identity.holds("of activations and weights", fits(total, 32), *activations(LARGEST_ACTIVATION), *weights)
    identity.holds(
        "of any halfwords of which one is not -32,768",
        fits(total, 32),
        between(a, HALFWORDS[0] + 1, HALFWORDS[1]),
        *(between(value, *HALFWORDS) for value in (b, c, d)),
    )
    identity.fails(
        "of any halfwords", fits(total, 32), *(between(value, *HALFWORDS) for value in (a, b, c, d))
    )

    # Why the back end widens bytes and does not use VPMADDUBSW, which clamps the sum to 16 bits.
    identity.holds(
        "VPMADDUBSW does the same for activations up to 128", fits(total, 16), *activations(128), *weights
    )
    identity.fails(
        "VPMADDUBSW does the same for activations up to 129", fits(total, 16), *activations(129), *weights
    )
