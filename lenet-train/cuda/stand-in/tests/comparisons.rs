//! Comparisons, predicates, selections and conversions, each form against exact results.

mod common;
use common::forms::{Bits, Forms};

#[test]
fn integers_are_compared_by_their_sign() {
    let mut forms = Forms::default();
    for (name, less, equal, greater) in
        [("eq", 0, 1, 0), ("ne", 1, 0, 1), ("lt", 1, 0, 0), ("le", 1, 1, 0), ("gt", 0, 0, 1), ("ge", 0, 1, 1)]
    {
        let signed = |a: i32, b: i32| vec![a.bits(), b.bits()];
        let rows = [(signed(-1, 1), less), (signed(4, 4), equal), (signed(1, -1), greater)];
        forms.add_bits(&format!("setp.{name}.s32"), "pred", &["s32", "s32"], &rows);
        // As unsigned numbers, -1 is the greatest.
        let rows = [(signed(1, -1), less), (signed(-1, -1), equal), (signed(-1, 1), greater)];
        forms.add_bits(&format!("setp.{name}.u32"), "pred", &["u32", "u32"], &rows);
    }
    for (name, less, equal, greater) in [("lo", 1, 0, 0), ("ls", 1, 1, 0), ("hi", 0, 0, 1), ("hs", 0, 1, 1)] {
        let rows = [(vec![1, u64::MAX], less), (vec![3, 3], equal), (vec![u64::MAX, 1], greater)];
        forms.add_bits(&format!("setp.{name}.u64"), "pred", &["u64", "u64"], &rows);
    }
    forms.add_bits("setp.eq.b32", "pred", &["b32", "b32"], &[(vec![1, 1], 1), (vec![1, 2], 0)]);
    forms.add_bits("setp.eq.s16", "pred", &["b16", "b16"], &[(vec![0xffff, 0xffff], 1)]);
    forms.check();
}

#[test]
fn nan_is_unordered() {
    let mut forms = Forms::default();
    for (name, less, equal, greater, unordered) in [
        ("eq", 0, 1, 0, 0),
        ("ne", 1, 0, 1, 0),
        ("lt", 1, 0, 0, 0),
        ("le", 1, 1, 0, 0),
        ("gt", 0, 0, 1, 0),
        ("ge", 0, 1, 1, 0),
        ("equ", 0, 1, 0, 1),
        ("neu", 1, 0, 1, 1),
        ("ltu", 1, 0, 0, 1),
        ("leu", 1, 1, 0, 1),
        ("gtu", 0, 0, 1, 1),
        ("geu", 0, 1, 1, 1),
        ("num", 1, 1, 1, 0),
        ("nan", 0, 0, 0, 1),
    ] {
        let row = |a: f32, b: f32, result| (vec![a.bits(), b.bits()], result);
        let rows = [
            row(1.0, 2.0, less),
            row(0.0, -0.0, equal),
            row(2.0, 1.0, greater),
            row(f32::NAN, 1.0, unordered),
            row(1.0, f32::NAN, unordered),
        ];
        forms.add_bits(&format!("setp.{name}.f32"), "pred", &["f32", "f32"], &rows);
    }
    forms.check();
}

#[test]
fn comparisons_are_combined_with_predicates() {
    let mut forms = Forms::default();
    for (name, table) in [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])] {
        let rows: Vec<_> = (0..4u64).map(|i| (vec![i >> 1, 1, i & 1], table[i as usize])).collect();
        forms.add_bits(&format!("setp.eq.{name}.s32"), "pred", &["s32", "s32", "pred"], &rows);
        let rows: Vec<_> = (0..4u64).map(|i| (vec![i >> 1, i & 1], table[i as usize])).collect();
        forms.add_bits(&format!("{name}.pred"), "pred", &["pred", "pred"], &rows);
    }
    forms.add_bits("not.pred", "pred", &["pred"], &[(vec![0], 1), (vec![1], 0)]);
    forms.add_bits("mov.pred", "pred", &["pred"], &[(vec![0], 0), (vec![1], 1)]);
    forms.add_bits("selp.f32", "f32", &["f32", "f32", "pred"], &[(vec![5, 6, 1], 5), (vec![5, 6, 0], 6)]);
    forms.add_bits("selp.b64", "b64", &["b64", "b64", "pred"], &[(vec![u64::MAX, 6, 1], u64::MAX)]);
    forms.add_bits("selp.u16", "u16", &["b16", "b16", "pred"], &[(vec![5, 6, 0], 6)]);
    forms.add_bits(
        "slct.u32.s32",
        "u32",
        &["u32", "u32", "s32"],
        &[(vec![5, 6, 0], 5), (vec![5, 6, 0xffff_ffff], 6)],
    );
    forms.add_bits("set.lt.u32.s32", "u32", &["s32", "s32"], &[(vec![1, 2], 0xffff_ffff), (vec![2, 1], 0)]);
    let (one, two) = (1f32.bits(), 2f32.bits());
    forms.add_bits("set.lt.f32.f32", "f32", &["f32", "f32"], &[(vec![one, two], one), (vec![two, one], 0)]);
    forms.check();
}

#[test]
fn a_comparison_with_two_destinations_gives_both_answers() {
    let ptx = format!(
        "{}.visible .entry both(.param .u64 out)\n{{ .reg .b64 %out; .reg .b32 %r<3>; .reg .pred %p<4>;\n\
         ld.param.u64 %out, [out]; mov.u32 %r0, 3; setp.lt.u32 %p0|%p1, %r0, 4;\n\
         selp.u32 %r1, 1, 0, %p0; selp.u32 %r2, 1, 0, %p1;\n\
         @%p0 add.u32 %r1, %r1, 10; @!%p0 add.u32 %r1, %r1, 20; @%p1 add.u32 %r2, %r2, 10; @!%p1 add.u32 %r2, %r2, 20;\n\
         st.global.v2.u32 [%out], {{%r1, %r2}}; ret; }}",
        common::HEAD
    );
    let out = common::Buffer::new(&[0u32; 2]);
    assert_eq!(common::Launch::new(&ptx, "both", 1).run(&[out.address]), 0);
    assert_eq!(out.read::<u32>(), [11, 20]);
}

#[test]
fn integers_become_wider_and_narrower() {
    let mut forms = Forms::default();
    forms.add_bits("cvt.s64.s32", "s64", &["s32"], &[(vec![0xffff_fffe], u64::MAX - 1)]);
    forms.add_bits("cvt.u64.u32", "u64", &["u32"], &[(vec![0xffff_fffe], 0xffff_fffe)]);
    forms.add_bits("cvt.u32.u64", "u32", &["u64"], &[(vec![0x1_2345_6789], 0x2345_6789)]);
    // 8 bits of a wider register, and into one.
    forms.add_bits("cvt.s32.s8", "s32", &["b32"], &[(vec![0x1ff], 0xffff_ffff), (vec![0x17f], 0x7f)]);
    forms.add_bits("cvt.u32.u8", "u32", &["b32"], &[(vec![0x1ff], 0xff)]);
    forms.add_bits("cvt.s8.s32", "b32", &["s32"], &[(vec![0x180], 0xffff_ff80)]);
    forms.add_bits("cvt.u16.u32", "u16", &["u32"], &[(vec![0x1_ffff], 0xffff)]);
    forms.add_bits(
        "cvt.sat.s8.s32",
        "b32",
        &["s32"],
        &[(vec![200], 127), (vec![0xffff_ff00], 0xffff_ff80), (vec![5], 5)],
    );
    forms.add_bits("cvt.sat.u8.s32", "b32", &["s32"], &[(vec![300], 255), (vec![0xffff_ffff], 0)]);
    forms.add_bits("cvt.sat.s32.u32", "s32", &["u32"], &[(vec![0xffff_ffff], 0x7fff_ffff)]);
    forms.check();
}

#[test]
fn numbers_become_whole_in_four_ways() {
    let mut forms = Forms::default();
    for (name, results) in [
        ("rzi", [2, 2, -2, -2, 3]),
        ("rni", [2, 3, -2, -3, 4]),
        ("rmi", [2, 2, -3, -3, 3]),
        ("rpi", [3, 3, -2, -2, 4]),
    ] {
        for (x, result) in [2.5f32, 2.75, -2.5, -2.75, 3.5].into_iter().zip(results) {
            forms.add(&format!("cvt.{name}.s32.f32"), "s32", ["f32"], &[([x], result)]);
            forms.add(&format!("cvt.{name}.f32.f32"), "f32", ["f32"], &[([x], result as f32)]);
            forms.add(&format!("cvt.{name}.s64.f64"), "s64", ["f64"], &[([f64::from(x)], i64::from(result))]);
        }
    }
    forms.add(
        "cvt.rni.f32.f32",
        "f32",
        ["f32"],
        &[([-0.25], -0.0f32), ([0.5], 0.0), ([8_388_609.0], 8_388_609.0)],
    );
    forms.add("cvt.rzi.s32.f32", "s32", ["f32"], &[([3e9], i32::MAX), ([-3e9], i32::MIN), ([f32::NAN], 0)]);
    forms.add(
        "cvt.rzi.u32.f32",
        "u32",
        ["f32"],
        &[([3e9], 3_000_000_000u32), ([-1.0], 0), ([1e10], u32::MAX)],
    );
    forms.add(
        "cvt.rzi.u64.f32",
        "u64",
        ["f32"],
        &[([-1.0], 0u64), ([1e30], u64::MAX), ([f32::NAN], 1 << 63)],
    );
    forms.add("cvt.rzi.s64.f64", "s64", ["f64"], &[([f64::NAN], i64::MIN), ([1e30], i64::MAX)]);
    forms.add_bits(
        "cvt.rzi.u8.f32",
        "b32",
        &["f32"],
        &[(vec![300f32.bits()], 255), (vec![(-1f32).bits()], 0)],
    );
    forms.check();
}

#[test]
fn integers_become_floats_in_four_roundings() {
    // Between 2^24 and 2^24 + 2, and its negative.
    let (whole, down, up) = ((1 << 24) + 1, 16_777_216f32, 16_777_218f32);
    let mut forms = Forms::default();
    for (mode, positive, negative) in
        [("rn", down, -down), ("rz", down, -down), ("rm", down, -up), ("rp", up, -down)]
    {
        forms.add(
            &format!("cvt.{mode}.f32.s32"),
            "f32",
            ["s32"],
            &[([whole], positive), ([-whole], negative)],
        );
    }
    forms.add("cvt.rn.f32.u32", "f32", ["u32"], &[([u32::MAX], 4_294_967_296f32)]);
    forms.add("cvt.rn.f32.u64", "f32", ["u64"], &[([u64::MAX], 18_446_744_073_709_551_616f32)]);
    forms.add("cvt.rn.f64.s64", "f64", ["s64"], &[([-3i64], -3f64)]);
    forms.add("cvt.rn.f64.u32", "f64", ["u32"], &[([u32::MAX], 4_294_967_295f64)]);
    forms.check();
}

#[test]
fn floats_become_wider_and_narrower() {
    let between = 1.0 + 2f64.powi(-24) + 2f64.powi(-50);
    let (one, next) = (1f32, 1f32.next_up());
    let mut forms = Forms::default();
    forms.add("cvt.f64.f32", "f64", ["f32"], &[([0.1f32], f64::from(0.1f32))]);
    for (mode, result) in [("rn", next), ("rz", one), ("rm", one), ("rp", next)] {
        forms.add(&format!("cvt.{mode}.f32.f64"), "f32", ["f64"], &[([between], result)]);
    }
    forms.add("cvt.rn.f32.f64", "f32", ["f64"], &[([1e300], f32::INFINITY)]);
    forms.add("cvt.rz.f32.f64", "f32", ["f64"], &[([1e300], f32::MAX)]);
    forms.add(
        "cvt.sat.f32.f32",
        "f32",
        ["f32"],
        &[([1.5], 1f32), ([-0.5], 0.0), ([0.25], 0.25), ([f32::NAN], 0.0)],
    );
    forms.add("cvt.ftz.f64.f32", "f64", ["f32"], &[([f32::from_bits(1)], 0f64)]);
    forms.add_bits(
        "cvt.rn.f16.f32",
        "b16",
        &["f32"],
        &[(vec![1f32.bits()], 0x3c00), (vec![1e9f32.bits()], 0x7c00)],
    );
    forms.add_bits(
        "cvt.f32.f16",
        "f32",
        &["b16"],
        &[(vec![0x3c00], 1f32.bits()), (vec![1], 2f32.powi(-24).bits())],
    );
    forms.check();
}
