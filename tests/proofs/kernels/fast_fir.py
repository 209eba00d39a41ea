"""Three products for four."""

from z3 import And

from prove import LARGEST_ACTIVATION, WEIGHTS, Identity, between, integers

with Identity(
    "Two outputs at two taps need three products (fast FIR), also of weights that share a word",
    "lenet-infer/src/kernel/riscv32/pack.rs: pack",
    "lenet-infer/src/kernel/riscv32/window.rs: accumulate",
) as identity:
    # Integers of any size: the equations hold modulo 2^32 too.
    h0, h1, i0, i1, i2 = integers("h0 h1 i0 i1 i2")
    shared, upper, lower = (h0 + h1) * i1, h0 * (i0 - i1), h1 * (i2 - i1)
    identity.holds(
        "h0 i0 + h1 i1 and h0 i1 + h1 i2 are sums of three products",
        And(h0 * i0 + h1 * i1 == upper + shared, h0 * i1 + h1 * i2 == lower + shared),
    )
    identity.fails(
        "the same with i0 + i1 for i0 - i1",
        h0 * i0 + h1 * i1 == h0 * (i0 + i1) + shared,
        *(between(weight, *WEIGHTS) for weight in (h0, h1)),
        *(between(value, 0, LARGEST_ACTIVATION) for value in (i0, i1)),
    )
    low, high, more_low, more_high, x = integers("low high more_low more_high x")
    for shift in (24, 21, 16, 11, 8):
        lane = 2**shift
        identity.holds(
            f"a product keeps the form of a word of two weights {shift} bits apart",
            (low + high * lane) + x * (more_low + more_high * lane)
            == (low + x * more_low) + (high + x * more_high) * lane,
        )
    identity.holds(
        "so do a sum of two words of weights and a sum of two words of sums",
        (low + high * lane) + (more_low + more_high * lane) == (low + more_low) + (high + more_high) * lane,
    )
