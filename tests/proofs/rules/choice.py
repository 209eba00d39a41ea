"""The largest logit, the margin and the class without a branch."""

from z3 import And, Extract, If

from prove import Identity, wide, word, words


def above(a, b):
    """`above`: the upper word of a difference of 64 bits."""
    return Extract(63, 32, wide(b) - wide(a))


def select(mask, a, b):
    return b ^ ((a ^ b) & mask)


with Identity(
    "The largest and the second largest logit, the class and the margin come from masks",
    "lenet-infer/src/prediction.rs: Prediction::new, above, select",
) as identity:
    a, b, largest, second, logit, index, group = words("a b largest second logit index class")
    identity.holds(
        "`above` is all ones or 0, for any two values", above(a, b) == If(a > b, word(-1), word(0))
    )
    identity.fails(
        "so would be the sign of a difference of 32 bits", (b - a) >> 31 == If(a > b, word(-1), word(0))
    )

    mask = above(logit, largest)
    loser = select(mask, largest, logit)
    found = (
        select(above(loser, second), loser, second),
        select(mask, logit, largest),
        select(mask, index, group),
    )
    new = logit > largest
    expected = (
        If(new, largest, If(logit > second, logit, second)),
        If(new, logit, largest),
        If(new, index, group),
    )
    identity.holds(
        "a step keeps the two largest and the first class that has the largest",
        And(*(value == wanted for value, wanted in zip(found, expected))),
        second <= largest,
    )
    identity.fails(
        "where the second is above the largest by one, too",
        And(*(value == wanted for value, wanted in zip(found, expected))),
        wide(second) <= wide(largest) + 1,
    )

    difference = largest - second
    margin = (difference | (difference >> 31)) & 0x7FFF_FFFF
    whole = wide(largest) - wide(second)
    exact = wide(margin) == If(whole > 2**31 - 1, 2**31 - 1, whole)
    identity.holds("the margin is the distance, or the largest there is", exact, second <= largest)
    identity.fails(
        "where the second is above the largest by one, too", exact, wide(second) <= wide(largest) + 1
    )
