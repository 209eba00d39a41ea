"""Four products per SMLAL."""

from z3 import And, Extract, If, LShR, SignExt

from prove import LARGEST_ACTIVATION, WEIGHTS, Identity, between, integers, words

# The distance of the lanes in bits, and the value at which the two lower ones start.
LANE, START = 21, 1 << 20
# The largest sum of a channel's positive weights, and of its negative ones without their sign.
RANGE = 4_112

with Identity(
    "X = x0 + x1 * 2^21 times W = w1 + w0 * 2^21 gives three sums of four products, 21 bits apart",
    "lenet-infer/src/kernel/armv7em/window.rs: the products of a kernel row, and the columns read out of their lanes",
    "lenet-infer/src/kernel/armv7em/conv1.rs: edges!, and the edge that a tile takes from the tile on its right",
) as identity:
    x0, x1, w0, w1, low, middle, high = integers("x0 x1 w0 w1 low middle high")
    x, w = x0 + x1 * 2**LANE, w1 + w0 * 2**LANE
    pixels = [between(value, 0, LARGEST_ACTIVATION) for value in (x0, x1)]
    weights = [between(value, *WEIGHTS) for value in (w0, w1)]

    def signed_word(value):
        return between(value, -(2**31), 2**31 - 1)

    identity.holds("X and W are signed words", And(signed_word(x), signed_word(w)), *pixels, *weights)
    identity.holds(
        "SMLAL adds x0 w1 to the low lane, x0 w0 + x1 w1 to the middle one and x1 w0 to the high one",
        (low + middle * 2**LANE + high * 2 ** (2 * LANE)) + x * w
        == (low + x0 * w1) + (middle + x0 * w0 + x1 * w1) * 2**LANE + (high + x1 * w0) * 2 ** (2 * LANE),
    )

    # A lane's sum stays within 255 times the sums of the weights that it has met, by induction over the weights.
    total, weight, pixel, positive, negative = integers("total weight pixel positive negative")
    identity.holds(
        "with sums P and N of positive and negative weights a lane lies from -255 N to 255 P",
        between(
            total + pixel * weight,
            -LARGEST_ACTIVATION * (negative + If(weight < 0, -weight, 0)),
            LARGEST_ACTIVATION * (positive + If(weight > 0, weight, 0)),
        ),
        between(total, -LARGEST_ACTIVATION * negative, LARGEST_ACTIVATION * positive),
        between(pixel, 0, LARGEST_ACTIVATION),
        between(weight, *WEIGHTS),
        positive >= 0,
        negative >= 0,
    )

    # The three sums, and the accumulator that they are read out of. The highest lane has 22 bits and needs no start.
    sums = low, middle, high = words("low middle high", 64)
    accumulator = (low + START) + ((middle + START) << LANE) + (high << 2 * LANE)
    mask = (1 << LANE) - 1
    exact = And(
        (accumulator & mask) - START == low,
        (LShR(accumulator, LANE) & mask) - START == middle,
        accumulator >> 2 * LANE == high,
    )

    def within(value, positive=RANGE, negative=RANGE):
        return between(value, -255 * negative, 255 * positive)

    identity.holds(
        f"all lanes are read out exactly where P and N are at most {RANGE}", exact, *map(within, sums)
    )
    for index, name in enumerate(("low", "middle")):
        others = [within(value) for value in sums if value is not sums[index]]
        identity.fails(
            f"P may be {RANGE + 1} in the {name} lane",
            exact,
            within(sums[index], positive=RANGE + 1),
            *others,
        )
        identity.fails(
            f"N may be {RANGE + 1} in the {name} lane",
            exact,
            within(sums[index], negative=RANGE + 1),
            *others,
        )

    # An odd column is the high lane of an accumulator plus the low one of the next: a sum of one channel too.
    column = words("column")[0]
    identity.holds(
        "so it fits in a lane too, and both kinds of columns compare in the same units",
        (column << 32 - LANE) >> 32 - LANE == column,
        within(column),
    )

    # The edge: SMLABB multiplies the lower halves of both words. What the low lane of an accumulator gets is the same.
    x0, x1, w0, w1 = words("x0 x1 w0 w1")
    in_range = [between(value, 0, LARGEST_ACTIVATION) for value in (x0, x1)]
    in_range += [between(value, *WEIGHTS) for value in (w0, w1)]

    def smlabb(distance):
        lower = [Extract(15, 0, value) for value in (x0 + (x1 << distance), w1 + (w0 << distance))]
        return SignExt(16, lower[0]) * SignExt(16, lower[1])

    identity.holds("SMLABB of X and W is x0 w1", smlabb(LANE) == x0 * w1, *in_range)
    identity.fails("SMLABB of lanes that are 15 bits apart is x0 w1", smlabb(15) == x0 * w1, *in_range)
    identity.holds(
        "the low lane of X W is x0 w1, so it is the edge of the tile on the left",
        (x0 + (x1 << LANE)) * (w1 + (w0 << LANE)) & mask == x0 * w1 & mask,
        *in_range,
    )
