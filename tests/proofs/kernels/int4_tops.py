"""int4 weights that are multiplied in the tops of halfwords."""

from z3 import Extract, SignExt

from prove import Identity, between, word, words

# Inputs of the longest layer, and as many as the sum would take.
INPUTS, MOST_INPUTS = 256, 257

with Identity(
    "A mask and a shift leave four int4 weights, each times 256 in units of int8 weights, where SMLAD reads them",
    "lenet-infer/src/kernel/armv7em/dense.rs: int4_row!, int4_rows",
) as identity:
    eight = words("eight")[0]
    mask = word(0xF000_F000)
    # The shifts of `int4_row!`, and the two of the eight weights that each leaves.
    for shift, low, high in ((12, 0, 4), (8, 1, 5), (4, 2, 6), (0, 3, 7)):
        pair = mask & (eight << shift)
        for half, nibble in ((0, low), (1, high)):
            top = Extract(16 * half + 15, 16 * half, pair)
            weight = SignExt(12, Extract(4 * nibble + 3, 4 * nibble, eight))
            identity.holds(
                f"shift {shift} leaves weight {nibble} as a halfword, times 4096", top == weight * 4096
            )

    # An int4 weight is a multiple of 16 in units of int8 weights, -128 to 112, and a top is 256 times that.
    total = words("total")[0]
    scaled = (total << 8) >> 8

    def most(inputs):
        return inputs * 255 * 128

    identity.holds(
        "a sum of 256 times 256 products comes back exactly by an arithmetic shift",
        scaled == total,
        between(total, -most(INPUTS), most(INPUTS)),
    )
    identity.holds(
        "so does one of 257", scaled == total, between(total, -most(MOST_INPUTS), most(MOST_INPUTS))
    )
    identity.fails(
        "so does one of 258", scaled == total, between(total, -most(MOST_INPUTS + 1), most(MOST_INPUTS + 1))
    )
