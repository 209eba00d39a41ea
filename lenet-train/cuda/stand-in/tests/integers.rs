//! Arithmetic of integers and bits, each form against exact results.

mod common;
use common::forms::Forms;

#[test]
fn sums_and_differences_wrap_around() {
    let mut forms = Forms::default();
    forms.add("add.s32", "s32", ["s32", "s32"], &[([1, -3], -2), ([i32::MAX, 1], i32::MIN)]);
    forms.add("add.u32", "u32", ["u32", "u32"], &[([u32::MAX, 2], 1u32)]);
    forms.add("add.s64", "s64", ["s64", "s64"], &[([i64::MAX, 1], i64::MIN), ([-5, 3], -2)]);
    forms.add("add.s16", "s16", ["s16", "s16"], &[([i16::MAX, 1], i16::MIN)]);
    forms.add(
        "add.sat.s32",
        "s32",
        ["s32", "s32"],
        &[([i32::MAX, 1], i32::MAX), ([i32::MIN, -1], i32::MIN), ([1, 2], 3)],
    );
    forms.add("sub.s32", "s32", ["s32", "s32"], &[([1, 3], -2), ([i32::MIN, 1], i32::MAX)]);
    forms.add("sub.sat.s32", "s32", ["s32", "s32"], &[([i32::MIN, 1], i32::MIN)]);
    forms.add("sub.u64", "u64", ["u64", "u64"], &[([0, 1], u64::MAX)]);
    forms.add("neg.s32", "s32", ["s32"], &[([5], -5), ([i32::MIN], i32::MIN)]);
    forms.add("abs.s32", "s32", ["s32"], &[([-5], 5), ([5], 5), ([i32::MIN], i32::MIN)]);
    forms.add("abs.s64", "s64", ["s64"], &[([-5], 5i64)]);
    forms.add("sad.u32", "u32", ["u32", "u32", "u32"], &[([3, 10, 100], 107u32), ([10, 3, 100], 107)]);
    forms.add("add.s32 , 7", "s32", ["s32"], &[([1], 8)]);
    forms.add("add.s32 , -7", "s32", ["s32"], &[([1], -6)]);
    forms.add("add.s32 , 0x10", "s32", ["s32"], &[([1], 17)]);
    forms.check();
}

#[test]
fn products_have_a_lower_and_an_upper_half() {
    let mut forms = Forms::default();
    forms.add("mul.lo.s32", "s32", ["s32", "s32"], &[([-3, 7], -21), ([0x10000, 0x10000], 0)]);
    forms.add("mul.lo.s64", "s64", ["s64", "s64"], &[([-3, 7], -21i64)]);
    forms.add("mul.lo.u16", "u16", ["u16", "u16"], &[([0xffff, 0xffff], 1u16)]);
    forms.add("mul.hi.u32", "u32", ["u32", "u32"], &[([u32::MAX, u32::MAX], 0xffff_fffeu32)]);
    forms.add("mul.hi.s32", "s32", ["s32", "s32"], &[([-1, 1], -1), ([i32::MIN, i32::MIN], 0x4000_0000)]);
    forms.add("mul.hi.u64", "u64", ["u64", "u64"], &[([u64::MAX, u64::MAX], u64::MAX - 1)]);
    forms.add("mul.hi.s64", "s64", ["s64", "s64"], &[([-1, 1], -1i64)]);
    forms.add("mul.wide.s32", "s64", ["s32", "s32"], &[([-3, 7], -21i64), ([i32::MIN, i32::MIN], 1 << 62)]);
    forms.add("mul.wide.u32", "u64", ["u32", "u32"], &[([u32::MAX, 2], 0x1_ffff_fffeu64)]);
    forms.add("mul.wide.s16", "s32", ["s16", "s16"], &[([-3, 7], -21i32)]);
    forms.add("mul24.lo.s32", "s32", ["s32", "s32"], &[([0x0100_0003, 5], 15), ([0x00ff_ffff, 2], -2)]);
    forms.add("mad.lo.s32", "s32", ["s32", "s32", "s32"], &[([-3, 7, 5], -16)]);
    forms.add("mad.hi.u32", "u32", ["u32", "u32", "u32"], &[([1 << 31, 4, 9], 11u32)]);
    let wide = vec![(vec![0xffff_fffd, 7, 5], 0xffff_ffff_ffff_fff0), (vec![4, 5, 1 << 40], (1 << 40) + 20)];
    forms.add_bits("mad.wide.s32", "s64", &["s32", "s32", "s64"], &wide);
    forms.add_bits(
        "mad.wide.u32",
        "u64",
        &["u32", "u32", "u64"],
        &[(vec![u32::MAX.into(), 2, 2], 0x2_0000_0000)],
    );
    forms.add("dp4a.s32.s32", "s32", ["b32", "b32", "b32"], &[([0x04fd_02ff_u32, 0x0101_0101, 10], 12i32)]);
    forms.add("dp4a.u32.u32", "u32", ["b32", "b32", "b32"], &[([0xff00_0001_u32, 0xff00_0002, 1], 65028u32)]);
    forms.check();
}

#[test]
fn quotients_round_toward_zero() {
    let mut forms = Forms::default();
    forms.add("div.s32", "s32", ["s32", "s32"], &[([7, 2], 3), ([-7, 2], -3), ([i32::MIN, -1], i32::MIN)]);
    forms.add("div.u32", "u32", ["u32", "u32"], &[([u32::MAX, 2], 0x7fff_ffffu32), ([1, 0], u32::MAX)]);
    forms.add("div.u64", "u64", ["u64", "u64"], &[([u64::MAX, 3], 0x5555_5555_5555_5555u64)]);
    forms.add("rem.s32", "s32", ["s32", "s32"], &[([7, 2], 1), ([-7, 2], -1), ([i32::MIN, -1], 0)]);
    forms.add("rem.u32", "u32", ["u32", "u32"], &[([7, 4], 3u32)]);
    forms.add("rem.s64", "s64", ["s64", "s64"], &[([-9, 4], -1i64)]);
    forms.add("min.s32", "s32", ["s32", "s32"], &[([-1, 1], -1)]);
    forms.add("min.u32", "u32", ["u32", "u32"], &[([u32::MAX, 1], 1u32)]);
    forms.add("max.s32", "s32", ["s32", "s32"], &[([-1, 1], 1)]);
    forms.add("max.u64", "u64", ["u64", "u64"], &[([u64::MAX, 1], u64::MAX)]);
    forms.add("max.s16", "s16", ["s16", "s16"], &[([-1, 1], 1i16)]);
    forms.check();
}

#[test]
fn bits_are_combined_and_shifted() {
    let mut forms = Forms::default();
    forms.add("and.b32", "b32", ["b32", "b32"], &[([0b1100u32, 0b1010], 0b1000u32)]);
    forms.add("or.b64", "b64", ["b64", "b64"], &[([0b1100u64, 0b1010], 0b1110u64)]);
    forms.add("xor.b16", "b16", ["b16", "b16"], &[([0b1100u16, 0b1010], 0b0110u16)]);
    forms.add("not.b32", "b32", ["b32"], &[([0u32], u32::MAX)]);
    forms.add("cnot.b32", "b32", ["b32"], &[([0u32], 1u32), ([5], 0)]);
    forms.add_bits(
        "shl.b32",
        "b32",
        &["b32", "u32"],
        &[(vec![1, 31], 1 << 31), (vec![1, 32], 0), (vec![1, 99], 0)],
    );
    forms.add_bits("shl.b64", "b64", &["b64", "u32"], &[(vec![1, 63], 1 << 63), (vec![1, 64], 0)]);
    forms.add_bits("shl.b16", "b16", &["b16", "u32"], &[(vec![0x8001, 1], 2), (vec![1, 16], 0)]);
    let negative = u64::from((-8i32).cast_unsigned());
    let shifted =
        [(vec![negative, 1], u64::from((-4i32).cast_unsigned())), (vec![negative, 32], 0xffff_ffff)];
    forms.add_bits("shr.s32", "s32", &["s32", "u32"], &shifted);
    forms.add_bits("shr.u32", "u32", &["u32", "u32"], &[(vec![negative, 28], 0xf), (vec![negative, 32], 0)]);
    forms.add_bits("shr.u64", "u64", &["u64", "u32"], &[(vec![u64::MAX, 60], 0xf), (vec![1, 64], 0)]);
    forms.add(
        "shf.l.wrap.b32",
        "b32",
        ["b32", "b32", "u32"],
        &[([0x8000_0000u32, 1, 4], 0x18u32), ([1, 2, 32], 2)],
    );
    forms.add("shf.l.clamp.b32", "b32", ["b32", "b32", "u32"], &[([7u32, 2, 40], 7u32)]);
    forms.add("shf.r.wrap.b32", "b32", ["b32", "b32", "u32"], &[([0x10u32, 3, 4], 0x3000_0001u32)]);
    forms.add("shf.r.clamp.b32", "b32", ["b32", "b32", "u32"], &[([7u32, 2, 40], 2u32)]);
    forms.check();
}

#[test]
fn bits_are_counted_and_moved() {
    let mut forms = Forms::default();
    forms.add("popc.b32", "u32", ["b32"], &[([0xf0f0u32], 8u32)]);
    forms.add_bits("popc.b64", "u32", &["b64"], &[(vec![u64::MAX], 64)]);
    forms.add("clz.b32", "u32", ["b32"], &[([1u32], 31u32), ([0], 32)]);
    forms.add_bits("clz.b64", "u32", &["b64"], &[(vec![1], 63), (vec![0], 64)]);
    forms.add("bfind.u32", "u32", ["u32"], &[([0x50u32], 6u32), ([0], u32::MAX)]);
    forms.add("bfind.s32", "u32", ["s32"], &[([-1], u32::MAX), ([-17], 4)]);
    forms.add("bfind.shiftamt.u32", "u32", ["u32"], &[([0x50u32], 25u32)]);
    forms.add("brev.b32", "b32", ["b32"], &[([0x8000_0001u32], 0x8000_0001u32), ([6], 0x6000_0000)]);
    forms.add("brev.b64", "b64", ["b64"], &[([1u64], 1u64 << 63)]);
    forms.add(
        "bfe.u32",
        "u32",
        ["u32", "u32", "u32"],
        &[([0xabcd_ef01u32, 8, 8], 0xefu32), ([1, 0, 0], 0), ([!0, 28, 8], 0xf)],
    );
    let field = [
        (vec![0x0000_f000, 12, 4], 0xffff_ffff),
        (vec![0x0000_7000, 12, 4], 7),
        (vec![0x8000_0000, 28, 8], 0xffff_fff8),
    ];
    forms.add_bits("bfe.s32", "s32", &["s32", "u32", "u32"], &field);
    forms.add(
        "bfi.b32",
        "b32",
        ["b32", "b32", "b32", "b32"],
        &[([0xff_u32, 0, 8, 4], 0xf00u32), ([0, u32::MAX, 4, 4], 0xffff_ff0f)],
    );
    forms.add_bits("bfi.b64", "b64", &["b64", "b64", "b32", "b32"], &[(vec![7, 1, 32, 32], 0x7_0000_0001)]);
    forms.add(
        "prmt.b32",
        "b32",
        ["b32", "b32", "b32"],
        &[([0x3322_1100_u32, 0x7766_5544, 0x7410], 0x7744_1100u32)],
    );
    forms.add("prmt.b32", "b32", ["b32", "b32", "b32"], &[([0x0000_0080_u32, 0, 0x8888], 0xffff_ffffu32)]);
    forms.add("lop3.b32 , 0xe8", "b32", ["b32", "b32", "b32"], &[([0b1100u32, 0b1010, 0b0110], 0b1110u32)]);
    forms.add("lop3.b32 , 0x96", "b32", ["b32", "b32", "b32"], &[([0b1100u32, 0b1010, 0b0001], 0b0111u32)]);
    forms.check();
}

#[test]
fn carries_make_wider_numbers() {
    let ptx = format!(
        "{}.visible .entry wide(.param .u64 out)\n{{ .reg .b64 %out; .reg .b32 %r<9>; .reg .b64 %q<9>;\n\
         ld.param.u64 %out, [out]; mov.u32 %r0, 0xffffffff; mov.u32 %r1, 5;\n\
         add.cc.u32 %r2, %r0, 1; addc.u32 %r3, %r1, 0; st.global.u32 [%out], %r2; st.global.u32 [%out+4], %r3;\n\
         sub.cc.u32 %r2, %r1, %r0; subc.u32 %r3, %r1, 0; st.global.u32 [%out+8], %r2; st.global.u32 [%out+12], %r3;\n\
         mad.lo.cc.u32 %r2, %r0, %r0, %r0; madc.hi.u32 %r3, %r0, %r0, 0;\n\
         st.global.u32 [%out+16], %r2; st.global.u32 [%out+20], %r3;\n\
         add.cc.u64 %q0, -1, -1; addc.cc.u64 %q1, -1, 0; addc.u64 %q2, 0, 0;\n\
         st.global.u64 [%out+24], %q0; st.global.u64 [%out+32], %q1; st.global.u64 [%out+40], %q2; ret; }}",
        common::HEAD
    );
    let out = common::Buffer::new(&[0u32; 12]);
    assert_eq!(common::Launch::new(&ptx, "wide", 1).run(&[out.address]), 0);
    // 0x5_ffffffff + 1, 0x5_00000005 - 0x0_ffffffff, (2^32 - 1)^2 + (2^32 - 1), 2^128 - 1 + 2^64 - 1.
    let words = out.read::<u32>();
    assert_eq!(words[..6], [0, 6, 6, 4, 0, 0xffff_ffff]);
    assert_eq!(words[6..], [0xffff_fffe, 0xffff_ffff, 0, 0, 1, 0]);
}
