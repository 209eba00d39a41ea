"""Truncating shifts that round to nearest, because the bias holds half a step of each."""

from z3 import If

from prove import Identity, between, integers

MAX_PRE_SHIFT, ACTIVATION_SHIFT = 15, 23
# The multipliers that an exporter makes: all 16 bits are used.
MULTIPLIERS = (2**15, 2**16 - 1)


def near(hundredths, twice_error, step):
    """Whether half of `twice_error` is at most so many hundredths of a step."""
    return between(100 * twice_error, -2 * hundredths * step, 2 * hundredths * step)


with Identity(
    "With `Requant::rounding` in the bias, an activation is within 0.51 of a step of the real value",
    "lenet-core/src/requant.rs: Requant::rounding, Requant::activation, where nothing is clamped",
) as identity:
    # accumulator + rounding = quotient * unit + rest is what the first shift divides, and quotient * multiplier =
    # activation * 2^23 + remainder what the second does. `parts` is step / multiplier, rounded down.
    multiplier, accumulator, rounding, quotient, rest, activation, remainder, parts = integers(
        "multiplier accumulator rounding quotient rest activation remainder parts"
    )
    # Products with the multiplier, for which the facts about them are enough. So the question is linear.
    real, rest_product, parts_product, odd = integers("real rest_product parts_product odd")
    most = integers("most")[0]
    identity.holds(
        "a rest of 0 to `most` times a multiplier is 0 to `most` multipliers",
        between(rest * multiplier, 0, most * multiplier),
        between(rest, 0, most),
        multiplier > 0,
    )
    for pre_shift in range(MAX_PRE_SHIFT + 1):
        unit, step = 2**pre_shift, 2 ** (ACTIVATION_SHIFT + pre_shift)
        half_unit = unit >> 1
        identity.holds(
            f"shift {pre_shift}: the real value by the quotients and remainders of the shifts",
            accumulator * multiplier
            == activation * step + remainder * unit + rest * multiplier - rounding * multiplier,
            accumulator + rounding == quotient * unit + rest,
            quotient * multiplier == activation * 2**ACTIVATION_SHIFT + remainder,
        )
        identity.holds(
            f"shift {pre_shift}: within 0.51",
            near(51, 2 * activation * step - 2 * real, step),
            between(multiplier, *MULTIPLIERS),
            between(rest_product, 0, (unit - 1) * multiplier),
            between(remainder, 0, 2**ACTIVATION_SHIFT - 1),
            between(parts_product, step - multiplier + 1, step),
            between(odd, 0, 1),
            # Twice rounding * multiplier: the half of an odd number of parts loses a half.
            2 * real
            == 2 * (activation * step + remainder * unit + rest_product)
            - (2 * half_unit * multiplier + parts_product - If(odd == 1, multiplier, 0)),
        )
        # With the rule itself, of one multiplier.
        fixed = MULTIPLIERS[0] + 1
        biased = accumulator + half_unit + step // fixed // 2
        found = ((biased / unit) * fixed) / 2**ACTIVATION_SHIFT
        bounds = between(accumulator, 0, 255 * step // fixed)
        identity.holds(
            f"shift {pre_shift}: of one multiplier",
            near(51, 2 * (found * step - accumulator * fixed), step),
            bounds,
        )
        identity.fails(
            f"shift {pre_shift}: within 0.50",
            near(50, 2 * (found * step - accumulator * fixed), step),
            bounds,
        )
