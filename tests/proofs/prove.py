"""What the proofs share: a theorem and its counter-example, checked by the SMT solver z3, and some ranges.

A file states one identity on which integer code or assembly rests:

    with Identity("what it says", "file: function") as identity:
        identity.holds("a claim", claim, *bounds)
        identity.fails("the claim with a wider bound", claim, *wider_bounds)

`holds` asks for values within the bounds for which the claim is false; there must be none. `fails` must find some and
prints them, so a proof that could not fail is noticed. The process ends with status 1 at the first surprise.
"""

import sys
import time

import z3
from z3 import And, BitVec, BitVecVal, If, Int, Solver, ZeroExt, sat, unsat

# Seconds after which a question counts as not answered.
LIMIT = 60

# The largest pixel or activation, and the smallest and largest weight.
LARGEST_ACTIVATION = 255
WEIGHTS = (-128, 127)


class Identity:
    """An identity, and the code that rests on it."""

    def __init__(self, says, *models):
        self.says, self.models = says, models

    def __enter__(self):
        self.start = time.perf_counter()
        print(self.says)
        for model in self.models:
            print(f"    models {model}")
        return self

    def __exit__(self, error, *_):
        if error is None:
            print(f"    {time.perf_counter() - self.start:.1f} s", flush=True)

    def holds(self, name, claim, *bounds):
        """Proves that `claim` holds for all values within `bounds`, of which there are some."""
        if ask(*bounds) is None:
            stop(f"{name}: no values lie within the bounds, so this proves nothing")
        found = ask(*bounds, z3.Not(claim))
        if found is not None:
            stop(f"{name}: does not hold for {found}")
        print(f"    holds: {name}")

    def fails(self, name, claim, *bounds):
        """Finds values within `bounds` for which `claim` is false, and prints them."""
        found = ask(*bounds, z3.Not(claim))
        if found is None:
            stop(f"{name}: holds too, so the bound is not the reason why the claim holds")
        print(f"    fails: {name}: {found}")


def ask(*facts):
    """Values for which all facts are true, as text; None if there are none."""
    solver = Solver()
    solver.set("timeout", 1_000 * LIMIT)
    solver.add(*facts)
    answer = solver.check()
    if answer == unsat:
        return None
    if answer != sat:
        stop(f"no answer after {LIMIT} s: {solver.reason_unknown()}")
    model = solver.model()
    named = sorted((str(name), model[name]) for name in model.decls() if "!" not in str(name))
    return ", ".join(f"{name} = {shown(value)}" for name, value in named) or "all values"


def shown(value):
    """A byte without a sign, any other register with one."""
    if not z3.is_bv_value(value):
        return value
    return value.as_long() if value.size() == 8 else value.as_signed_long()


def stop(reason):
    sys.exit(f"error: {reason}")


def between(value, low, high):
    """low <= value <= high, signed."""
    return And(value >= low, value <= high)


def words(names, bits=32):
    """Registers of `bits` bits."""
    return [BitVec(name, bits) for name in names.split()]


def integers(names):
    """Integers of any size."""
    return [Int(name) for name in names.split()]


def word(value, bits=32):
    """A constant in a register."""
    return BitVecVal(value, bits)


def larger(a, b):
    """The larger of two signed values."""
    return If(a >= b, a, b)


def smaller(a, b):
    """The smaller of two signed values."""
    return If(a <= b, a, b)


def wide(value, bits=64):
    """A register, sign-extended, so that sums and differences do not wrap."""
    return z3.SignExt(bits - value.size(), value)


def unsigned(value, bits=32):
    """A register, zero-extended."""
    return ZeroExt(bits - value.size(), value)


def product_bounds(identity):
    """Proves by induction that a sum of products of activations and weights has at most 255 * 128 per product.

    A product lies in the range, so a sum of n + 1 products lies in n + 1 times the range if one of n does in n times.
    """
    activation, weight, total, count = integers("activation weight total count")
    least, most = LARGEST_ACTIVATION * WEIGHTS[0], LARGEST_ACTIVATION * WEIGHTS[1]
    low, high = count * least, count * most
    identity.holds(
        "a product more adds at most 255 * 127 to a sum, and takes at most 255 * 128 from it",
        between(total + activation * weight, low + least, high + most),
        count >= 0,
        between(total, low, high),
        between(activation, 0, LARGEST_ACTIVATION),
        between(weight, *WEIGHTS),
    )
