"""A division by the side of the box."""

from prove import Identity, between, integers

BOX = 20
# The longest line of a work grid, 255 cells of 20 units, and the first value for which the quotient is wrong.
LONGEST = 255 * BOX
RECIPROCAL = -(-(1 << 16) // BOX)
FIRST_WRONG = next(units for units in range(1 << 16) if units * RECIPROCAL >> 16 != units // BOX)

with Identity(
    "A multiply by a reciprocal and a shift divide by 20, for every place on a line of a work grid",
    "lenet-infer/src/picture/normalize.rs: by_box",
) as identity:
    units = integers("units")[0]
    exact = units * RECIPROCAL / 2**16 == units / BOX
    identity.holds(f"up to {LONGEST:,} units", exact, between(units, 0, LONGEST))
    identity.holds(f"up to {FIRST_WRONG - 1:,} units", exact, between(units, 0, FIRST_WRONG - 1))
    identity.fails(f"up to {FIRST_WRONG:,} units", exact, between(units, 0, FIRST_WRONG))
