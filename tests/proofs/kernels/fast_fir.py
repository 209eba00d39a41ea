"""Three products for four."""

from z3 import And

from prove import WEIGHTS, Identity, between, integers, larger, wide, words

# Products of each kind in a sum of conv2: ten pairs of taps in each of six channels. The last kernel row adds 30 more.
PAIRS, LAST_ROW = 60, 30

with Identity(
    "Two outputs at two taps need three products (fast FIR), and a maximum of both only one addition",
    "lenet-infer/src/kernel/riscv32/window.rs: row_maxima",
) as identity:
    h0, h1, i0, i1, i2 = integers("h0 h1 i0 i1 i2")
    upper, shared, lower = h0 * (i0 - i1), (h0 + h1) * i1, h1 * (i2 - i1)
    identity.holds(
        "h0 i0 + h1 i1 and h0 i1 + h1 i2 are sums of three products",
        And(h0 * i0 + h1 * i1 == upper + shared, h0 * i1 + h1 * i2 == lower + shared),
    )
    # In registers, whatever the values: all of it is modulo 2^32.
    a, b, s = words("upper lower shared")
    same = larger(a, b) + s == larger(a + s, b + s)
    room = (1 << 31) - 1
    # Each sum of products lies in this range, and so does its sum with the shared products.
    outer = PAIRS * 128 * 255 + LAST_ROW * 128 * 255
    inner = PAIRS * 2 * 128 * 255
    assert outer + inner <= room, "a sum leaves the register"
    bounds = [between(a, -outer, outer), between(b, -outer, outer)]
    identity.holds(
        "the larger of two sums that share a part is that part plus the larger of the rests",
        same,
        *bounds,
        between(s, -inner, inner),
    )
    least = room - outer
    identity.holds("as long as no sum leaves 32 bits", same, *bounds, between(s, -least, least))
    identity.fails("the shared part may be larger by one", same, *bounds, between(s, -least, least + 1))

    w0, w1 = words("w0 w1", 9)
    identity.holds(
        "the sum of two weights fits in nine bits",
        wide(w0) + wide(w1) == wide(w0 + w1),
        between(w0, *WEIGHTS),
        between(w1, *WEIGHTS),
    )
    identity.fails(
        "the sum of weights down to -129 fits in nine bits",
        wide(w0) + wide(w1) == wide(w0 + w1),
        between(w0, WEIGHTS[0] - 1, WEIGHTS[1]),
        between(w1, *WEIGHTS),
    )
