"""The padding in front of weights."""

from z3 import If, URem

from prove import Identity, word, words

ALIGNMENT = 4

with Identity(
    "The padding up to the next multiple of four is the negative place modulo four, for any place",
    "lenet-core/src/format/layer_bytes.rs: check_padding",
) as identity:
    place = words("place")[0]

    def padding(alignment):
        """`place.wrapping_neg() % alignment`, without a sign."""
        return URem(-place, alignment)

    def next_multiple(alignment):
        """The same as the distance to the next multiple of `alignment`."""
        rest = URem(place, alignment)
        return If(rest == 0, word(0), alignment - rest)

    for alignment in (1, 2, ALIGNMENT, 8):
        identity.holds(
            f"multiples of {alignment}", padding(word(alignment)) == next_multiple(word(alignment))
        )
    identity.fails("multiples of 3, which is not a power of two", padding(word(3)) == next_multiple(word(3)))
