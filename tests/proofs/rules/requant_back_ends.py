"""The rule from an accumulator to an activation, as the instructions of each back end compute it."""

from z3 import ULT, And, Concat, Extract, If, LShR

from prove import Identity, between, larger, smaller, unsigned, word, words
from rules.requant_rule import ACTIVATION_SHIFT, MAX_PRE_SHIFT, clamped


def armv6m_clamp(r4, r6):
    """`activation!`, from `asrs r4, r6` to the addition before `muls`."""
    r2 = word(0xFFFF)
    r4 = r4 >> r6
    r4 = r4 & ~(r4 >> 31)
    r5 = r2 - r4
    return r4 + (r5 & (r5 >> 31))


def riscv32_clamp(t0, a5):
    """`requantize`, from `sra` to the addition before `mul`."""
    t3 = word((16 << 12) - 1)
    t0 = t0 >> a5
    t0 = t0 & ~(t0 >> 31)
    t1 = t3 - t0
    return t0 + (t1 & (t1 >> 31))


def usat16(r4, shift):
    """`asr` and `usat #16` of armv7m and armv7em."""
    r4 = r4 >> shift
    return If(r4 < 0, word(0), If(r4 > 0xFFFF, word(0xFFFF), r4))


def avx2_clamp(lane, shift):
    """`VPSRAVD`, `VPMAXSD`, `VPMINSD`."""
    return smaller(larger(lane >> shift, word(0)), word(0xFFFF))


def vqmovun(lane, shift):
    """`VSHL.S32` by the negative of a shift, and `VQMOVUNB.S32` or `VQMOVUNT.S32`, of mve."""
    return usat16(lane, shift)


def vpackusdw(lane, shift):
    """`VPSRAVD` and `VPACKUSDW` of avx512."""
    return usat16(lane, shift)


def packed_minimum(step, most):
    """`VPACKUSWB`, which takes halfwords with a sign, and `VPMINUB` of avx512."""
    half = Extract(15, 0, step)
    byte = If(half < 0, word(0, 8), If(half > 255, word(255, 8), Extract(7, 0, half)))
    most = Extract(7, 0, most)
    return unsigned(If(ULT(byte, most), byte, most))


def upper_product(activation, multiplier, shift):
    """`VMULH.U16` of mve or `VPMULHUW` of avx512, which keep the upper half of each product, and a shift."""
    product = unsigned(activation) * unsigned(multiplier)
    return unsigned(LShR(Extract(31, 16, product), shift))


def mask_minimum(step, most):
    """The minimum of armv6m (`subs`, `asrs`, `ands`, `adds`) and of riscv32 (`sub`, `srai`, `and`, `add`)."""
    less = most - step
    return step + (less & (less >> 31))


def usat8_minimum(product, bits):
    """The end of `activation!` of armv7m: shifts by registers around `usat #8`."""
    after = 8 - bits
    value = LShR(product, ACTIVATION_SHIFT - after)
    value = If(value < 0, word(0), If(value > 255, word(255), value))
    return LShR(value, after)


def headroom_minimum(step_even, step_odd, most):
    """`finish_pair` of armv7em, from `pkhbt` to `strh`: two activations at once."""
    headroom = Extract(15, 0, 0xFFFF - most)

    def half(step):
        total = unsigned(Extract(15, 0, step)) + unsigned(headroom)
        return If(ULT(0xFFFF, total), word(0xFFFF, 16), Extract(15, 0, total)) - headroom

    r4 = Concat(half(step_odd), half(step_even))
    r4 = r4 | LShR(r4, 8)
    return Extract(7, 0, r4), Extract(15, 8, r4)


with Identity(
    "The instructions of every back end clamp as the rule says",
    "lenet-infer/src/kernel/armv6m/requant.rs: activation!",
    "lenet-infer/src/kernel/armv7m/requant.rs: Clamp, activation!",
    "lenet-infer/src/kernel/armv7em/requant.rs: finish_pair",
    "lenet-infer/src/kernel/mve/requant.rs: finish_pair!, finish_all",
    "lenet-infer/src/kernel/riscv32/requant.rs: requantize",
    "lenet-infer/src/kernel/avx2/requant.rs: Finish::requantize",
    "lenet-infer/src/kernel/avx512/requant.rs: Pair::steps, activations",
) as identity:
    accumulator, shift = words("accumulator shift")
    in_range = between(shift, 0, MAX_PRE_SHIFT)
    for name, clamp in (
        ("armv6m", armv6m_clamp),
        ("riscv32", riscv32_clamp),
        ("armv7m and armv7em", usat16),
        ("avx2", avx2_clamp),
        ("mve", vqmovun),
        ("avx512", vpackusdw),
    ):
        identity.holds(
            f"{name}: clamp to 16 bits of any accumulator",
            clamp(accumulator, shift) == clamped(accumulator, shift),
            in_range,
        )

    half, multiplier = words("half multiplier", 16)
    shifted = LShR(unsigned(half) * unsigned(multiplier), ACTIVATION_SHIFT)
    identity.holds(
        "mve, avx512: the upper half of a product, shifted by 7, is the product shifted by 23",
        upper_product(half, multiplier, ACTIVATION_SHIFT - 16) == shifted,
    )
    identity.fails("mve, avx512: shifted by 6", upper_product(half, multiplier, ACTIVATION_SHIFT - 17) == shifted)

    # What the multiply and the shift leave: nine bits. The largest activation has four to eight.
    step, odd, most = words("step odd most")
    nine_bits = 2 ** (32 - ACTIVATION_SHIFT) - 1
    steps = between(step, 0, nine_bits)
    mosts = between(most, 15, 255)
    expected = smaller(step, most)
    identity.holds("a step of the product has nine bits", LShR(accumulator, ACTIVATION_SHIFT) <= nine_bits)
    identity.holds("armv6m, riscv32: minimum by masks", mask_minimum(step, most) == expected, steps, mosts)
    identity.fails("minimum by masks of a step of any size", mask_minimum(step, most) == expected, mosts)
    packed = packed_minimum(step, most) == expected
    identity.holds("avx512: minimum of bytes that are packed with saturation", packed, steps, mosts)
    identity.holds("avx512: of a step of up to 15 bits too", packed, between(step, 0, 0x7FFF), mosts)
    identity.fails("avx512: of a step of 16 bits too", packed, between(step, 0, 0x8000), mosts)
    product, bits = words("product bits")
    armv7m = usat8_minimum(product, bits) == smaller(
        LShR(product, ACTIVATION_SHIFT), (word(1) << bits) - 1
    )
    identity.holds("armv7m: minimum by usat #8 of any product", armv7m, between(bits, 4, 8))
    identity.fails("armv7m: with activations of 9 bits", armv7m, between(bits, 4, 9))
    low, high = headroom_minimum(step, odd, most)
    both = And(unsigned(low) == expected, unsigned(high) == smaller(odd, most))
    identity.holds(
        "armv7em: minimum of two halfwords by headroom", both, steps, between(odd, 0, nine_bits), mosts
    )
    identity.holds(
        "armv7em: of a step of up to 16 bits too",
        both,
        between(step, 0, 0xFFFF),
        between(odd, 0, 0xFFFF),
        mosts,
    )
    identity.fails(
        "armv7em: of a step of 65,536 too",
        both,
        between(step, 0, 0x1_0000),
        between(odd, 0, nine_bits),
        mosts,
    )
    identity.fails(
        "armv7em: with a largest activation of 256",
        both,
        steps,
        between(odd, 0, nine_bits),
        between(most, 15, 256),
    )
