//! Arithmetic of floating point numbers, each form against exact results: rounding, special values, the forms that
//! flush and saturate.

mod common;
use common::forms::{Bits, Forms};

/// The next number toward infinity, below 1 toward minus infinity.
fn step(x: f32, up: bool) -> f32 {
    if up { x.next_up() } else { x.next_down() }
}

/// A number that f64 holds exactly, rounded to f32 as an instruction says.
fn rounded(exact: f64, mode: &str) -> f32 {
    let near = exact as f32;
    let beyond = f64::from(near) - exact;
    match mode {
        "rm" if beyond > 0.0 => step(near, false),
        "rp" if beyond < 0.0 => step(near, true),
        "rz" if beyond > 0.0 && exact > 0.0 => step(near, false),
        "rz" if beyond < 0.0 && exact < 0.0 => step(near, true),
        _ => near,
    }
}

/// Numbers of both signs with many bits, sums and products of which f64 holds.
fn numbers() -> Vec<f32> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    };
    (0..12).map(|_| f32::from_bits((next() & 0x807f_ffff) | (122 + next() % 9) << 23)).collect()
}

#[test]
fn the_four_roundings_of_sums_products_and_fused_products() {
    let mut forms = Forms::default();
    let numbers = numbers();
    for mode in ["rn", "rz", "rm", "rp"] {
        for (x, y) in numbers.iter().zip(&numbers[1..]) {
            let (a, b) = (f64::from(*x), f64::from(*y));
            let two = ["f32", "f32"];
            forms.add(&format!("add.{mode}.f32"), "f32", two, &[([*x, *y], rounded(a + b, mode))]);
            forms.add(&format!("sub.{mode}.f32"), "f32", two, &[([*x, *y], rounded(a - b, mode))]);
            forms.add(&format!("mul.{mode}.f32"), "f32", two, &[([*x, *y], rounded(a * b, mode))]);
        }
        // Products of 12 bits, so that f64 holds their sum with another number.
        for (x, y) in numbers.iter().zip(&numbers[1..]) {
            let short = |x: f32| f32::from_bits(x.to_bits() & 0xffff_f000);
            let (a, b, c) = (short(*x), short(*y), numbers[0]);
            let exact = f64::from(a) * f64::from(b) + f64::from(c);
            let three = ["f32", "f32", "f32"];
            forms.add(&format!("fma.{mode}.f32"), "f32", three, &[([a, b, c], rounded(exact, mode))]);
        }
    }
    forms.check();
}

#[test]
fn what_f64_does_not_hold_is_rounded_once() {
    let tiny = 2f32.powi(-60);
    let (below, above) = (1f32.next_down(), 1f32.next_up());
    let three = ["f32", "f32", "f32"];
    let two = ["f32", "f32"];
    let mut forms = Forms::default();
    forms.add("fma.rm.f32", "f32", three, &[([1.0, 1.0, -tiny], below), ([1.0, 1.0, tiny], 1.0)]);
    forms.add("fma.rp.f32", "f32", three, &[([1.0, 1.0, tiny], above), ([1.0, 1.0, -tiny], 1.0)]);
    forms.add("fma.rz.f32", "f32", three, &[([-1.0, 1.0, tiny], -below), ([1.0, 1.0, -tiny], below)]);
    forms.add(
        "fma.rn.f32",
        "f32",
        three,
        &[([1.0, 1.0, tiny], 1.0), ([above, above, -above * above], above.mul_add(above, -above * above))],
    );
    forms.add("add.rp.f32", "f32", two, &[([1.0, tiny], above)]);
    forms.add("add.rm.f32", "f32", two, &[([1.0, -tiny], below), ([1.0, -1.0], -0.0), ([0.0, 0.0], 0.0)]);
    forms.add("add.rz.f32", "f32", two, &[([f32::MAX, f32::MAX], f32::MAX)]);
    forms.add(
        "add.rp.f32",
        "f32",
        two,
        &[([f32::MAX, f32::MAX], f32::INFINITY), ([-f32::MAX, -f32::MAX], -f32::MAX)],
    );
    forms.add(
        "mul.rm.f32",
        "f32",
        two,
        &[([f32::MAX, 2.0], f32::MAX), ([f32::MAX, -2.0], f32::NEG_INFINITY)],
    );
    forms.add("mul.rp.f32", "f32", two, &[([f32::MIN_POSITIVE, tiny], f32::from_bits(1))]);
    forms.add(
        "mul.rn.f32",
        "f32",
        two,
        &[([f32::MIN_POSITIVE, tiny], 0.0), ([f32::INFINITY, -1.0], f32::NEG_INFINITY)],
    );
    forms.check();
}

#[test]
fn quotients_and_roots_in_the_four_roundings() {
    let third = 1f32 / 3.0;
    assert!(f64::from(third) > 1.0 / 3.0);
    let root = 2f32.sqrt();
    assert!(f64::from(root) < 2f64.sqrt());
    let mut forms = Forms::default();
    let two = ["f32", "f32"];
    for (mode, quotient, negative, square_root) in [
        ("rn", third, -third, root),
        ("rz", step(third, false), -step(third, false), root),
        ("rm", step(third, false), -third, root),
        ("rp", third, -step(third, false), step(root, true)),
    ] {
        forms.add(
            &format!("div.{mode}.f32"),
            "f32",
            two,
            &[([1.0, 3.0], quotient), ([1.0, -3.0], negative), ([6.0, 3.0], 2.0)],
        );
        forms.add(&format!("rcp.{mode}.f32"), "f32", ["f32"], &[([3.0], quotient), ([4.0], 0.25)]);
        forms.add(&format!("sqrt.{mode}.f32"), "f32", ["f32"], &[([2.0], square_root), ([9.0], 3.0)]);
    }
    forms.add("div.rn.f32", "f32", two, &[([1.0, 0.0], f32::INFINITY), ([-1.0, 0.0], f32::NEG_INFINITY)]);
    forms.add("rcp.rn.f64", "f64", ["f64"], &[([3.0f64], 1.0 / 3.0)]);
    forms.add("sqrt.rn.f64", "f64", ["f64"], &[([2.0f64], 2f64.sqrt())]);
    forms.add("div.rn.f64", "f64", ["f64", "f64"], &[([1.0f64, 3.0], 1.0 / 3.0)]);
    forms.add("div.full.f32", "f32", two, &[([1.0, 3.0], third)]);
    forms.add("div.approx.f32", "f32", two, &[([1.0, 4.0], 0.25f32)]);
    forms.check();
}

#[test]
fn the_least_and_the_greatest() {
    let (nan, other) = (f32::NAN, f32::from_bits(0x7fff_ffff));
    let two = ["f32", "f32"];
    let mut forms = Forms::default();
    forms.add(
        "min.f32",
        "f32",
        two,
        &[
            ([1.0, 2.0], 1.0),
            ([nan, 2.0], 2.0),
            ([2.0, nan], 2.0),
            ([0.0, -0.0], -0.0),
            ([-0.0, 0.0], -0.0),
            ([nan, nan], other),
        ],
    );
    forms.add(
        "max.f32",
        "f32",
        two,
        &[
            ([1.0, 2.0], 2.0),
            ([nan, 2.0], 2.0),
            ([-0.0, 0.0], 0.0),
            ([0.0, -0.0], 0.0),
            ([f32::INFINITY, 1.0], f32::INFINITY),
        ],
    );
    forms.add("min.NaN.f32", "f32", two, &[([nan, 2.0], other), ([1.0, 2.0], 1.0)]);
    forms.add("max.NaN.f32", "f32", two, &[([2.0, nan], other), ([1.0, 2.0], 2.0)]);
    forms.add("max.f64", "f64", ["f64", "f64"], &[([1.0f64, f64::NAN], 1.0f64), ([-0.0, 0.0], 0.0)]);
    forms.add("min.f64", "f64", ["f64", "f64"], &[([1.0f64, -3.0], -3.0f64)]);
    forms.add("abs.f32", "f32", ["f32"], &[([-2.5], 2.5f32), ([-0.0], 0.0)]);
    forms.add("neg.f32", "f32", ["f32"], &[([2.5], -2.5f32), ([0.0], -0.0)]);
    forms.add("abs.f64", "f64", ["f64"], &[([-2.5f64], 2.5f64)]);
    forms.add("neg.f64", "f64", ["f64"], &[([2.5f64], -2.5f64)]);
    // The sign of the first, the value of the second.
    forms.add("copysign.f32", "f32", two, &[([-1.0, 2.0], -2.0f32), ([1.0, -2.0], 2.0)]);
    forms.check();
}

#[test]
fn flushing_and_saturating() {
    let small = f32::MIN_POSITIVE / 2.0;
    let two = ["f32", "f32"];
    let mut forms = Forms::default();
    forms.add("add.f32", "f32", two, &[([small, 0.0], small)]);
    forms.add(
        "add.ftz.f32",
        "f32",
        two,
        &[([small, 0.0], 0.0f32), ([-small, 0.0], 0.0), ([1.0, small], 1.0)],
    );
    forms.add(
        "mul.ftz.f32",
        "f32",
        two,
        &[([f32::MIN_POSITIVE, 0.5], 0.0f32), ([-f32::MIN_POSITIVE, 0.5], -0.0)],
    );
    forms.add(
        "add.sat.f32",
        "f32",
        two,
        &[([0.5, 0.75], 1.0f32), ([-1.0, 0.5], 0.0), ([0.25, 0.5], 0.75), ([f32::NAN, 1.0], 0.0)],
    );
    forms.add(
        "fma.rn.sat.f32",
        "f32",
        ["f32", "f32", "f32"],
        &[([2.0, 2.0, 1.0], 1.0f32), ([0.5, 0.5, 0.25], 0.5)],
    );
    forms.check();
}

#[test]
fn functions_that_a_gpu_approximates() {
    let mut forms = Forms::default();
    forms.add(
        "ex2.approx.f32",
        "f32",
        ["f32"],
        &[([3.0], 8.0f32), ([-1.0], 0.5), ([f32::NEG_INFINITY], 0.0)],
    );
    forms.add("ex2.approx.ftz.f32", "f32", ["f32"], &[([-140.0], 0.0f32), ([200.0], f32::INFINITY)]);
    forms.add("lg2.approx.f32", "f32", ["f32"], &[([8.0], 3.0f32), ([0.0], f32::NEG_INFINITY)]);
    forms.add("sin.approx.f32", "f32", ["f32"], &[([0.5], 0.5f64.sin() as f32)]);
    forms.add("cos.approx.f32", "f32", ["f32"], &[([0.5], 0.5f64.cos() as f32)]);
    forms.add("tanh.approx.f32", "f32", ["f32"], &[([0.5], 0.5f64.tanh() as f32)]);
    forms.add("rcp.approx.ftz.f32", "f32", ["f32"], &[([4.0], 0.25f32)]);
    forms.add("rsqrt.approx.f32", "f32", ["f32"], &[([4.0], 0.5f32)]);
    forms.add("sqrt.approx.f32", "f32", ["f32"], &[([4.0], 2.0f32)]);
    forms.add(
        "rcp.approx.ftz.f64",
        "f64",
        ["f64"],
        &[([3.0f64], f64::from_bits((1f64 / 3.0).to_bits() & !0xffff_ffff))],
    );
    forms.check();
}

#[test]
fn f64_and_f16() {
    let mut forms = Forms::default();
    let two = ["f64", "f64"];
    forms.add("add.f64", "f64", two, &[([0.1f64, 0.2], 0.1f64 + 0.2)]);
    forms.add("sub.rn.f64", "f64", two, &[([0.1f64, 0.2], 0.1f64 - 0.2)]);
    forms.add("mul.rn.f64", "f64", two, &[([0.1f64, 0.2], 0.1f64 * 0.2)]);
    forms.add("fma.rn.f64", "f64", ["f64"; 3], &[([0.1f64, 0.2, 0.3], 0.1f64.mul_add(0.2, 0.3))]);
    // 1 + 2^-10 is the next f16 after 1; its square is 1 + 2^-9 + 2^-20.
    let half = ["b16", "b16"];
    forms.add("add.f16", "b16", half, &[([0x3c00u16, 0x3c00], 0x4000u16), ([0x7bff, 0x7bff], 0x7c00)]);
    forms.add("mul.f16", "b16", half, &[([0x3c01u16, 0x3c01], 0x3c02u16)]);
    forms.add(
        "fma.rn.f16",
        "b16",
        ["b16"; 3],
        &[([0x3c01u16, 0x3c01, 0xbc02], 0x0010u16), ([0x3c00, 0x3c00, 0x1000], 0x3c00)],
    );
    // 1 + 2^-11 lies between two f16; a last bit far below decides.
    forms.add("fma.rn.f16", "b16", ["b16"; 3], &[([0x3c01u16, 0x0401, 0x3c01], 0x3c01u16)]);
    forms.add("neg.f16", "b16", ["b16"], &[([0x3c00u16], 0xbc00u16)]);
    forms.add("abs.f16", "b16", ["b16"], &[([0xbc00u16], 0x3c00u16)]);
    forms.add("max.f16", "b16", half, &[([0x3c00u16, 0xbc00], 0x3c00u16), ([0x7e00, 0xbc00], 0xbc00)]);
    forms.check();
}

#[test]
fn numbers_are_told_apart() {
    let (nan, tiny) = (f32::NAN, f32::from_bits(1));
    let mut forms = Forms::default();
    for (test, yes, no) in [
        ("finite", 1.0, f32::INFINITY),
        ("infinite", f32::NEG_INFINITY, nan),
        ("number", f32::INFINITY, nan),
        ("notanumber", nan, 1.0),
        ("normal", 1.0, tiny),
        ("subnormal", tiny, 0.0),
    ] {
        let rows = [(vec![yes.bits()], 1), (vec![no.bits()], 0)];
        forms.add_bits(&format!("testp.{test}.f32"), "pred", &["f32"], &rows);
    }
    forms.check();
}
