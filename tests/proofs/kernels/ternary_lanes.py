"""The ternary weights of two outputs in the halves of a word, and of sixteen bytes in a vector."""

from z3 import ULE, ULT, And, Extract, LShR, UDiv

from prove import LARGEST_ACTIVATION, Identity, integers, unsigned, word, words

# Digits in a byte, and the largest digit.
DIGITS, LARGEST_DIGIT = 5, 2
# Products that are added in a half of a word before it is read, and the most that may be: 24 bytes of five digits.
PRODUCTS, MOST_PRODUCTS = 24 * DIGITS, 128
# The low byte of each half.
LOW_BYTES = 0x00FF00FF


def digits_of(byte):
    """The digits of a byte as the format has them: five times, the byte times 3 is the digit and the next byte."""
    digits = []
    for _ in range(DIGITS):
        byte = byte * 3
        digits.append(LShR(byte, 8))
        byte = byte & 0xFF
    return digits


def digits_of_two(both):
    """The instructions of `two!`."""
    digits = []
    for _ in range(DIGITS):
        both = both * 3
        digits.append(LShR(both, 8) & LOW_BYTES)
        both = both & LOW_BYTES
    return digits


def mulhu(a, b):
    """The upper half of the product of two words without signs."""
    return Extract(63, 32, unsigned(a, 64) * unsigned(b, 64))


def prefix_of_two(both, count):
    """The instructions of `part_sums`: the number that the first `count` digits make, of both bytes."""
    return mulhu(both, word(3**count << 24)) & LOW_BYTES


def triples_of_two(both, count):
    """The instructions of `two_prefixes!`, `count` times: the prefixes of both bytes."""
    for _ in range(count):
        both = both + (both << 1)
    return LShR(both, 8) & LOW_BYTES


def halves_of_products(byte):
    """`VMULH.U8` and `VMUL.I8` with three, in one lane: the upper halves of the products."""
    halves = []
    for _ in range(DIGITS):
        product = unsigned(byte, 16) * 3
        halves.append(unsigned(Extract(15, 8, product)))
        byte = Extract(7, 0, product)
    return halves


with Identity(
    "The digits of two bytes in the halves of a word are found and multiplied at the same time",
    "lenet-infer/src/kernel/armv6m/ternary.rs: two!, load_two!, add_halves!, start",
    "lenet-infer/src/kernel/riscv32/ternary.rs: prepare, add_sums, part_sums",
    "lenet-infer/src/kernel/armv7m/ternary.rs: factor!, two_prefixes!, read_out!",
    "lenet-infer/src/kernel/mve/ternary.rs: row!",
    "lenet-core/src/model/ternary.rs: pack_ternary, unpack_ternary",
) as identity:
    first, second = (unsigned(byte) for byte in words("first second", 8))
    both = first + (second << 16)

    pairs = list(zip(digits_of(first), digits_of(second), digits_of_two(both)))
    identity.holds("no digit of any byte exceeds 2", And(*[ULE(a, LARGEST_DIGIT) for a, _, _ in pairs]))
    identity.holds(
        "five steps give the digits of both bytes, each in its half",
        And(*[found == a + (b << 16) for a, b, found in pairs]),
    )
    unmasked = LShR(both * 9, 8) & LOW_BYTES
    identity.fails("the second step needs no mask before it", unmasked == pairs[1][2])

    # A number n, as the format stores it.
    n = words("n")[0]
    code = unsigned(Extract(7, 0, UDiv(n * 256 + 242, word(243))))
    number = word(0)
    for digit in digits_of(code):
        number = number * 3 + digit
    identity.holds("all 243 numbers are read as they were written", number == n, ULT(n, 243))
    identity.fails("so is one more", number == n, ULE(n, 243))

    # Helium takes the digits of sixteen bytes, each in its lane.
    halves = halves_of_products(Extract(7, 0, first))
    identity.holds(
        "the upper halves of products of bytes and three are the digits",
        And(*[half == digit for half, (digit, _, _) in zip(halves, pairs)]),
    )
    # RV32IMC and Cortex-M3 take the number that the first digits make, not a digit.
    for count in range(1, DIGITS + 1):
        expected = word(0), word(0)
        for a, b, _ in pairs[:count]:
            expected = expected[0] * 3 + a, expected[1] * 3 + b
        identity.holds(
            f"one multiply gives the number that the first {count} digits make, of both bytes",
            prefix_of_two(both, count) == expected[0] + (expected[1] << 16),
        )
        identity.holds(
            f"so do {count} times three, and nothing is masked between",
            triples_of_two(both, count) == expected[0] + (expected[1] << 16),
        )
    # A sixth step leaves the halves, whatever finds it.
    six = LShR(first * 3**6, 8) + (LShR(second * 3**6, 8) << 16)
    identity.fails("one multiply gives the number that six digits make", LShR(both * 3**6, 8) & LOW_BYTES == six)
    low_bytes = six & LOW_BYTES
    identity.fails("six times three give its low byte", triples_of_two(both, DIGITS + 1) == low_bytes)
    d0, d1, d2, d3, d4, x0, x1, x2, x3, x4 = integers("d0 d1 d2 d3 d4 x0 x1 x2 x3 x4")
    d, x = [d0, d1, d2, d3, d4], [x0, x1, x2, x3, x4]
    numbers = [d0]
    for digit in d[1:]:
        numbers.append(numbers[-1] * 3 + digit)
    differences = [a - 3 * b for a, b in zip(x, x[1:] + [0])]
    identity.holds(
        "these numbers times the differences of the inputs are the digits times the inputs",
        sum(a * b for a, b in zip(numbers, differences)) == sum(a * b for a, b in zip(d, x)),
    )

    # Sums of products. What they pass through may leave their halves: the words are added modulo 2^32.
    def in_halves(count):
        """Sums of `count` products in the halves of a word, whether they are read out, and their bounds."""
        low, high = words("low high")
        most = count * LARGEST_DIGIT * LARGEST_ACTIVATION
        both = low + (high << 16)
        # Each half is moved to 64 times its value.
        exact = And(
            both & 0xFFFF == low,
            LShR(both, 16) == high,
            LShR(both << 16, 10) == low * 64,
            LShR(both, 16) << 6 == high * 64,
        )
        return exact, [ULE(low, most), ULE(high, most)]

    assert PRODUCTS <= MOST_PRODUCTS
    exact, bounds = in_halves(MOST_PRODUCTS)
    identity.holds(f"sums of {MOST_PRODUCTS} products are read out of a word", exact, *bounds)
    exact, bounds = in_halves(MOST_PRODUCTS + 1)
    identity.fails(f"sums of {MOST_PRODUCTS + 1} are", exact, *bounds)

    a, b, more_a, more_b, step = integers("a b more_a more_b step")
    identity.holds(
        "a step of one activation and two digits keeps the form of the word",
        (a + b * 2**16) + step * (more_a + more_b * 2**16) == (a + step * more_a) + (b + step * more_b) * 2**16,
    )
    digit, total, inputs = integers("digit total inputs")
    identity.holds(
        "64 times a sum of digits exceeds the sum of weights by 64 times the inputs",
        64 * (total + digit * step) - 64 * (inputs + step) == (64 * total - 64 * inputs) + 64 * (digit - 1) * step,
    )
