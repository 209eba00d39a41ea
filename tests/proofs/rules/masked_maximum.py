"""The larger of two values without a branch."""

from prove import Identity, between, larger, wide, words

# Products in the longest sum, of 255 * 128 at most.
PRODUCTS = 150


def armv6m(a, b):
    """`max!`: subs, asrs, bics, adds."""
    b = b - a
    spare = b >> 31
    b = b & ~spare
    return a + b


def riscv32(r, other):
    """`max!`: sub, srai, and, sub."""
    ra = r - other
    t0 = ra >> 31
    ra = ra & t0
    return r - ra


with Identity(
    "The larger of two sums by a mask made from the sign of their difference",
    "lenet-infer/src/kernel/armv6m/requant.rs: max!",
    "lenet-infer/src/kernel/riscv32/window.rs: max!",
) as identity:
    a, b = words("a b")
    most = PRODUCTS * 255 * 128
    for name, maximum in (("armv6m", armv6m), ("riscv32", riscv32)):
        exact = maximum(a, b) == larger(a, b)
        identity.holds(f"{name}: of two sums", exact, between(a, -most, most), between(b, -most, most))

        def apart(distance):
            return between(wide(a) - wide(b), -distance, distance)

        identity.holds(f"{name}: of any two values less than 2^31 apart", exact, apart(2**31 - 1))
        identity.fails(f"{name}: of any two values at most 2^31 apart", exact, apart(2**31))
