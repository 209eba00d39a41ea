"""Four products per lane of VPDPBUSD."""

from prove import LARGEST_ACTIVATION, WEIGHTS, Identity, between, integers

# The largest magnitude of a bias in a model file, and the largest number of products in a sum.
MAX_BIAS, PRODUCTS = 2**30, 256
# What a product takes from a sum, and adds to it, at most.
LEAST, MOST = (LARGEST_ACTIVATION * weight for weight in WEIGHTS)
LOW, HIGH = -(2**31), 2**31 - 1

with Identity(
    "VPDPBUSD adds four products of activations and weights exactly, because the sum fits in its lane",
    "lenet-infer/src/kernel/avx512/conv1.rs: add",
    "lenet-infer/src/kernel/avx512/conv2.rs: Layer::accumulators",
    "lenet-infer/src/kernel/avx512/dense.rs: Sums::accumulators",
) as identity:
    activation, weight, lane = integers("activation weight lane")
    identity.holds(
        "a product of an activation and a weight lies in the range of one",
        between(activation * weight, LEAST, MOST),
        between(activation, 0, LARGEST_ACTIVATION),
        between(weight, *WEIGHTS),
    )
    products = integers("a b c d")
    fits = between(lane + sum(products), LOW, HIGH)
    ranges = [between(product, LEAST, MOST) for product in products]

    def four_products_away(spare):
        return between(lane, LOW - 4 * LEAST - spare, HIGH - 4 * MOST + spare)

    identity.holds(
        "a lane that is four products away from its limits takes four", fits, *ranges, four_products_away(0)
    )
    identity.fails("a lane that is one nearer does", fits, *ranges, four_products_away(1))
    # The instructions of a layer begin with a bias. Those of fc1 are the most.
    begun = integers("begun")[0]
    identity.holds(
        "a lane that has begun with a bias is as far away before the last four of 256 products",
        four_products_away(0),
        between(begun, 0, PRODUCTS - 4),
        between(lane, begun * LEAST - MAX_BIAS, begun * MOST + MAX_BIAS),
    )
    # Why the order of the operands counts: the first has no sign.
    exchanged = activation - 256 * (activation / 128)
    identity.holds(
        "with the operands exchanged, for activations up to 127",
        exchanged * weight == activation * weight,
        between(activation, 0, 127),
        between(weight, 0, WEIGHTS[1]),
    )
    identity.fails(
        "with the operands exchanged, for activations up to 128",
        exchanged * weight == activation * weight,
        between(activation, 0, 128),
        between(weight, 0, WEIGHTS[1]),
    )
