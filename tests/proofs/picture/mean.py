"""The mean of a cell by a reciprocal."""

from z3 import And

from prove import Identity, between, integers

# The largest area of a cell, in units of 1/256 pixel: that of the largest picture on the smallest grid.
MAX_SIDE, SMALLEST_GRID, UNIT = 4_096, 28, 16
LARGEST_AREA = (-(-MAX_SIDE * UNIT // SMALLEST_GRID)) ** 2
# The largest area that fits in 32 bits when it is taken 255 times.
LIMIT = (2**32 - 1) // 255
BITS = 23
SCALE = 255 << BITS

with Identity(
    "A sum of gray levels over an area, divided by a reciprocal of 16 bits, is the mean within 1/50 level",
    "lenet-infer/src/picture/grid/reduce.rs: Mean::new, Mean::of",
) as identity:
    assert LARGEST_AREA <= LIMIT

    # largest = 255 * area = whole * 2^shift + cut; SCALE = reciprocal * whole + rest; sum = taken * 2^shift + dropped.
    area, whole, cut, reciprocal, rest, total, taken, dropped = integers(
        "area whole cut reciprocal rest sum taken dropped"
    )
    # Products, for which the facts about them are enough. So the question is linear.
    product, taken_rest, product_cut = integers("product taken_rest product_cut")
    identity.holds(
        "the product of sum and reciprocal is at most SCALE, and fits in 32 bits with the half",
        And(taken * reciprocal <= SCALE, SCALE + (1 << (BITS - 1)) < 2**32),
        between(taken, 0, whole),
        reciprocal * whole <= SCALE,
        reciprocal >= 0,
    )
    identity.holds(
        "a mean is at most 255",
        (product + (1 << (BITS - 1))) / 2**BITS <= 255,
        between(product, 0, SCALE),
    )
    identity.holds(
        "what is left of a sum, times the rest of the reciprocal, is less than 2^16 times what is left of the area",
        between(taken * rest, 0, whole * 0xFFFF),
        between(taken, 0, whole),
        between(rest, 0, whole - 1),
        whole <= 0xFFFF,
    )
    most = integers("most")[0]
    identity.holds(
        "that product, times what was cut, is at most SCALE times the most that is cut",
        between(product * cut, 0, SCALE * most),
        between(product, 0, SCALE),
        between(cut, 0, most),
    )
    for shift in range(17):
        unit = 2**shift
        # What is left has 16 bits, all of them used where something was cut.
        left = between(whole, 2**15 if shift else 1, 2**16 - 1)
        identity.holds(
            f"shift {shift}: the product times the area, by quotients and remainders",
            taken * reciprocal * (whole * unit + cut)
            == taken * SCALE * unit - taken * rest * unit + taken * reciprocal * cut,
            reciprocal * whole + rest == SCALE,
        )
        # The error, 255 times: product * 255 * area - sum * 255 * 2^23, where 255 * area = whole * unit + cut.
        error = -taken_rest * unit + product_cut - dropped * SCALE
        identity.holds(
            f"shift {shift}: within 1/50 level",
            And(50 * error < 2**BITS * (whole * unit + cut), -50 * error < 2**BITS * (whole * unit + cut)),
            left,
            between(cut, 0, unit - 1),
            between(dropped, 0, unit - 1),
            between(taken_rest, 0, whole * 0xFFFF),
            between(product_cut, 0, SCALE * (unit - 1)),
        )

    # How near to the bound it comes: the rule itself, of one area.
    fixed = 65_791
    shift = (fixed * 255).bit_length() - 16
    kept = (total / 2**shift) * (SCALE // (fixed * 255 >> shift))

    def near(parts):
        return between(parts * (kept * fixed - total * 2**BITS), -(2**BITS) * fixed, 2**BITS * fixed)

    sums = between(total, 0, 255 * fixed)
    identity.holds(f"an area of {fixed:,}: within 1/50 level", near(50), sums)
    identity.fails(f"an area of {fixed:,}: within 1/86 level", near(86), sums)

    fits = 255 * area < 2**32
    identity.holds(f"255 times an area of up to {LIMIT:,} fits in 32 bits", fits, between(area, 0, LIMIT))
    identity.fails(f"255 times an area of up to {LIMIT + 1:,} fits", fits, between(area, 0, LIMIT + 1))
