"""Products of bytes with like signs (Helium) for those of an activation without a sign and a weight with one."""

from z3 import BitVec, Extract, SignExt, ZeroExt

from prove import LARGEST_ACTIVATION, Identity, between

OFFSET = 128


def signed(byte):
    return SignExt(24, byte)


def plain(byte):
    return ZeroExt(24, byte)


with Identity(
    "One side of a product is moved by 128, and 128 times the other side takes that back",
    "lenet-infer/src/kernel/mve/conv1.rs, conv2.rs: transpose, channels",
    "lenet-infer/src/kernel/mve/dense.rs: int8_row!, int4_row!",
) as identity:
    activation, weight = BitVec("activation", 8), BitVec("weight", 8)
    product = plain(activation) * signed(weight)

    def lowered(offset):
        """A product of `VMLADAVA.S8` in a convolution, and the weight's part of what the bias gains."""
        return signed(activation ^ 0x80) * signed(weight) + offset * signed(weight)

    def raised(offset):
        """A product of `VMLADAVA.U8` in a fully-connected layer, and the input's part of what a sum starts with."""
        return plain(activation) * plain(weight ^ 0x80) - offset * plain(activation)

    for name, move in (("activations lowered by 128", lowered), ("weights raised by 128", raised)):
        identity.holds(f"{name}: the product of any two bytes", move(OFFSET) == product)
        identity.fails(f"{name}: with {OFFSET - 1}", move(OFFSET - 1) == product)

    # Two int4 weights in a byte, as int8 weights raised by 128.
    both = BitVec("both", 8)
    flipped = both ^ 0x88
    for name, found, nibble in (
        ("lower", flipped << 4, Extract(3, 0, both)),
        ("upper", flipped & 0xF0, Extract(7, 4, both)),
    ):
        identity.holds(f"the {name} nibble", plain(found) == 16 * SignExt(28, nibble) + OFFSET)
        identity.fails(f"the {name} nibble, not flipped", plain(found ^ 0x80) == 16 * SignExt(28, nibble) + OFFSET)

    # The longest row has 256.
    inputs = BitVec("inputs", 64)
    most = 2**31 - 1
    identity.holds(
        "33,025 products with raised weights fit in 32 bits",
        between(inputs * LARGEST_ACTIVATION * 255, 0, most),
        between(inputs, 0, 33_025),
    )
    identity.fails(
        "so do 33,026",
        between(inputs * LARGEST_ACTIVATION * 255, 0, most),
        between(inputs, 0, 33_026),
    )
