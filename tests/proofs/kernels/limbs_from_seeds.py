"""Sums of products in fewer words, from seeds, and the largest of them before it is moved into place."""

from z3 import And, LShR, Or

from prove import LARGEST_ACTIVATION, WEIGHTS, Identity, between, integers, product_bounds, wide, word, words


def conv1(t0, t1):
    """`position!` of conv1.rs, from `srli` on, in the registers of their names: a, b, c."""
    t4 = LShR(t0, 21) << 11
    a = t0 << 11
    t1 = t1 - t4
    b = t4 + (t1 & (0xFFC00 << 12))
    return a, b, t1 << 10


def conv2(t2, t3, t4):
    """`position!` of conv2.rs, from `srli` on: a, b, c, d."""
    t5 = LShR(t2, 24)
    t6 = t5 << 16
    a = t2 << 8
    t3 = t3 - t6
    t6 = LShR(t3, 24)
    t5 = (t5 << 8) + (t6 << 16)
    t4 = t4 - t5
    t6 = t4 & (0xFF000 << 12)
    return a, t3 << 8, t4 << 8, t5 + t6


def larger(r, other):
    """`max!` of window.rs."""
    difference = r - other
    return r - (difference & (difference >> 31))


def prove(identity, taps, seed, packed, read_out, shifts):
    """Proves that `read_out` gives the sums of `taps` products, and the larger of two, from words that `packed` makes."""
    assert taps * 255 * 128 < seed
    names = "abcd"[: len(shifts)]
    sums = words(" ".join(names))
    seeds = packed(*[word(seed)] * len(sums))
    limits = [1 << 31 - shift for shift in shifts]
    in_lane = [between(value, -seed, limit * 2 - seed - 1) for value, limit in zip(sums, limits)]
    found = read_out(*(start + value for start, value in zip(seeds, packed(*sums))))
    exact = And(*(LShR(value, shift) - seed == total for value, shift, total in zip(found, shifts, sums)))
    identity.holds("every sum is read out, as much larger as its seed", exact, *in_lane)
    for index, value in enumerate(sums):
        others = in_lane[:index] + in_lane[index + 1 :]
        end = 2 * limits[index] - seed
        identity.fails(f"{value} may be {end}", exact, between(value, -seed, end), *others)
        identity.fails(f"{value} may be {-seed - 1}", exact, between(value, -seed - 1, end - 1), *others)

    # What stands below a sum is the remains of others: any bits.
    for shift in sorted(set(shifts)):
        one, other, low, high = words("one other low high")
        lanes = [between(value, -seed, seed - 1) for value in (one, other)]
        remains = [between(value, 0, (1 << shift) - 1) for value in (low, high)]
        left, right = ((one + seed) << shift) + low, ((other + seed) << shift) + high
        chosen = LShR(larger(left, right), shift) - seed
        largest = And(Or(chosen == one, chosen == other), chosen >= one, chosen >= other)

        def apart(distance):
            return between(wide(one) - wide(other), -distance, distance)

        identity.holds(
            f"the larger of two sums is found {shift} bits higher", largest, *lanes, *remains, apart(taps * 255 * 128)
        )
        least = (1 << 31 - shift) - 1
        identity.holds(f"as long as they are {least} apart at most", largest, *lanes, *remains, apart(least))
        if least < 2 * seed - 1:
            identity.fails(f"they may be {least + 1} apart", largest, *lanes, *remains, apart(least + 1))


with Identity(
    "Sums of one window are read out of fewer words, each larger by a seed, and compared",
    "lenet-infer/src/kernel/riscv32/conv1.rs: SEEDS, position!, three_maxima",
    "lenet-infer/src/kernel/riscv32/conv2.rs: SEED, SEED_C, position!, four_maxima",
    "lenet-infer/src/kernel/riscv32/window.rs: max!",
) as identity:
    product_bounds(identity)
    distance, weight, left, right, count = integers("distance weight left right count")
    step = LARGEST_ACTIVATION * -WEIGHTS[0]
    identity.holds(
        "a product more brings two sums of a channel at most 255 * 128 further apart",
        between(distance + weight * (left - right), -(count + 1) * step, (count + 1) * step),
        count >= 0,
        between(distance, -count * step, count * step),
        between(weight, *WEIGHTS),
        between(left, 0, LARGEST_ACTIVATION),
        between(right, 0, LARGEST_ACTIVATION),
    )
    prove(
        identity,
        taps=25,
        seed=1 << 20,
        packed=lambda a, b, c: (a + (b << 21), c + (b << 11)),
        read_out=conv1,
        shifts=(11, 11, 10),
    )
    prove(
        identity,
        taps=150,
        seed=1 << 23,
        packed=lambda a, b, c, d: (a + (d << 24), b + (d << 16), c + (d << 8)),
        read_out=conv2,
        shifts=(8, 8, 8, 8),
    )
