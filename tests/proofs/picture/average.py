"""The mean of a window of cells by a reciprocal."""

from z3 import And, Implies

from prove import Identity, between, integers

# The largest side of a window: five eighths of the longest work grid.
LARGEST_SIDE = 255 * 5 // 8
ONE, HALF = 1 << 16, 1 << 15
# The first side for which what the reciprocal loses may come to more than a quarter of a level.
FIRST_WIDE = next(side for side in range(1, LARGEST_SIDE) if 4 * 255 * (ONE % side) > ONE)

with Identity(
    "A sum over a window of cells times a reciprocal is the mean, within a half and what the reciprocal loses",
    "lenet-infer/src/picture/grid/average.rs: average_line",
) as identity:
    total = integers("sum")[0]

    def product(side):
        return total * (ONE // side) + HALF

    def near(side, quarters):
        """Whether the mean is within so many quarters of a level of the real one."""
        return between(4 * (product(side) / ONE * side - total), -quarters * side, quarters * side)

    def every(sides, claim):
        """The claim for each side, for all sums of so many levels of 0 to 255."""
        return And(*(Implies(between(total, 0, 255 * side), claim(side)) for side in sides))

    sides = range(1, LARGEST_SIDE + 1)
    identity.holds(
        f"sides up to {LARGEST_SIDE}: it fits in 32 bits and is at most 255",
        every(sides, lambda side: And(product(side) < 2**32, product(side) / ONE <= 255)),
    )
    identity.holds(f"sides up to {LARGEST_SIDE}: within 5/4 level", every(sides, lambda side: near(side, 5)))
    small = range(1, FIRST_WIDE)
    identity.holds(
        f"sides up to {FIRST_WIDE - 1}: within 3/4 level", every(small, lambda side: near(side, 3))
    )
    identity.fails(f"side {FIRST_WIDE}: within 3/4 level", every([FIRST_WIDE], lambda side: near(side, 3)))
    identity.fails(f"sides up to {LARGEST_SIDE}: within 4/4 level", every(sides, lambda side: near(side, 4)))
