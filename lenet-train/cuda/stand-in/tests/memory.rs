//! Loads, stores, state spaces, atomic operations, moves and calls.

mod common;
use common::{Buffer, HEAD, Launch, stopped};

/// Runs a kernel with one parameter, `out`, on some threads, with the address in `%out` and the thread in `%tid`.
fn run(declarations: &str, code: &str, threads: u32, out: &Buffer) {
    assert_eq!(Launch::new(&kernel(declarations, code), "kernel", threads).run(&[out.address]), 0);
}

fn kernel(declarations: &str, code: &str) -> String {
    format!(
        "{HEAD}{declarations}\n.visible .entry kernel(.param .u64 out)\n{{\n.reg .pred %p<9>; .reg .b16 %h<9>;\n\
         .reg .b32 %r<20>; .reg .f32 %f<20>; .reg .b64 %q<20>; .reg .f64 %d<9>; .reg .b64 %out; .reg .b32 %tid;\n\
         ld.param.u64 %out, [out]; mov.u32 %tid, %tid.x;\n{code}\nret;\n}}"
    )
}

#[test]
fn loads_extend_by_their_type() {
    let out = Buffer::new(&[0xffu64, 0, 0, 0, 0]);
    let code = "ld.global.u8 %r1, [%out]; ld.global.s8 %r2, [%out]; ld.global.s16 %r3, [%out]; ld.global.nc.u16 %h1, [%out];
        cvt.u32.u16 %r4, %h1; ld.volatile.global.s8 %h2, [%out]; cvt.s32.s16 %r5, %h2;
        st.global.u32 [%out+8], %r1; st.global.u32 [%out+12], %r2; st.global.u32 [%out+16], %r3;
        st.global.u32 [%out+20], %r4; st.global.u32 [%out+24], %r5; st.global.u8 [%out+28], 0x1fe; st.u16 [%out+30], %h1;";
    run("", code, 1, &out);
    assert_eq!(out.read::<u32>()[2..], [0xff, u32::MAX, 0xff, 0xff, u32::MAX, 0x00ff_00fe, 0, 0]);
}

#[test]
fn vectors_are_loaded_and_stored() {
    let out = Buffer::new(&[1u32, 2, 3, 4, 0, 0, 0, 0]);
    let code = "ld.global.v4.u32 {%r1, %r2, %r3, _}, [%out]; st.global.v2.b32 [%out+16], {%r3, %r1};
        ld.global.nc.v2.f32 {%f1, %f2}, [%out+8]; st.global.v2.f32 [%out+24], {%f2, 0f3F800000};";
    run("", code, 1, &out);
    assert_eq!(out.read::<u32>()[4..], [3, 1, 4, 0x3f80_0000]);
}

#[test]
fn variables_of_the_module_keep_their_values_between_kernels() {
    let declarations = ".global .align 4 .u32 count = 40;\n.const .align 4 .b8 table[8] = {1, 0, 0, 0, 2};\n.global .f32 half = 0f3F000000;";
    let code = "ld.global.u32 %r1, [count]; add.u32 %r1, %r1, 1; st.global.u32 [count], %r1; st.global.u32 [%out], %r1;
        mov.u64 %q1, table; ld.const.u32 %r2, [table+4]; cvta.const.u64 %q2, %q1; ld.u32 %r3, [%q2];
        st.global.u32 [%out+4], %r2; st.global.u32 [%out+8], %r3; ld.global.f32 %f1, [half]; st.global.f32 [%out+12], %f1;";
    let out = Buffer::new(&[0u32; 4]);
    let launch = Launch::new(&kernel(declarations, code), "kernel", 1);
    assert_eq!(launch.run(&[out.address]), 0);
    assert_eq!(out.read::<u32>(), [41, 2, 1, 0x3f00_0000]);
    assert_eq!(launch.run(&[out.address]), 0);
    assert_eq!(out.read::<u32>()[0], 42);
}

#[test]
fn each_thread_has_local_memory_and_its_block_shared_memory() {
    let code = ".local .align 8 .b8 depot[16]; .shared .align 4 .b8 sum[8];
        mov.u64 %q1, depot; cvta.local.u64 %q2, %q1; st.local.u32 [%q1+4], %tid; ld.u32 %r1, [%q2+4];
        setp.ne.u32 %p1, %tid, 0; @%p1 bra skip; st.shared.u32 [sum+4], 100;
        skip: bar.sync 0;
        mov.u32 %r2, sum; cvt.u64.u32 %q3, %r2; cvta.shared.u64 %q4, %q3; cvta.to.shared.u64 %q5, %q4;
        atom.shared.add.u32 %r3, [%q5+4], %r1; bar.sync 0; ld.u32 %r4, [%q4+4]; ld.local.u32 %r5, [depot+4];
        mad.lo.u32 %r6, %r5, 1000, %r4; mul.wide.u32 %q6, %tid, 4; add.u64 %q7, %out, %q6; st.global.u32 [%q7], %r6;";
    let out = Buffer::new(&[0u32; 4]);
    run("", code, 4, &out);
    assert_eq!(out.read::<u32>(), [106, 1106, 2106, 3106]);
}

#[test]
fn dynamic_shared_memory_lies_behind_the_static_one() {
    let declarations = ".extern .shared .align 16 .b8 dynamic[];";
    let code = ".shared .align 4 .b8 own[20]; mov.u32 %r1, dynamic; mov.u32 %r2, own; mov.u32 %r3, %dynamic_smem_size;
        mad.lo.u32 %r4, %tid, 4, %r1; st.shared.u32 [%r4], %tid; bar.sync 0; xor.b32 %r5, %tid, 3; mad.lo.u32 %r5, %r5, 4, %r1;
        ld.shared.u32 %r6, [%r5]; mul.wide.u32 %q1, %tid, 4; add.u64 %q2, %out, %q1; st.global.u32 [%q2], %r6;
        st.global.u32 [%out+16], %r1; st.global.u32 [%out+20], %r2; st.global.u32 [%out+24], %r3;";
    let out = Buffer::new(&[0u32; 7]);
    let mut launch = Launch::new(&kernel(declarations, code), "kernel", 4);
    launch.dynamic_shared = 16;
    assert_eq!(launch.run(&[out.address]), 0);
    assert_eq!(out.read::<u32>(), [3, 2, 1, 0, 32, 0, 16]);
}

#[test]
fn atomic_operations_return_what_was_there() {
    let code = "atom.global.add.u32 %r1, [%out], 5; atom.global.add.f32 %f1, [%out+4], 0f3F800000; atom.global.min.s32 %r2, [%out+8], -3;
        atom.global.max.u32 %r3, [%out+12], 7; atom.global.exch.b32 %r4, [%out+16], 9; atom.global.cas.b32 %r5, [%out+20], 1, 8;
        atom.global.cas.b32 %r6, [%out+20], 1, 9; atom.global.inc.u32 %r7, [%out+24], 1; red.global.add.u64 [%out+32], -1;
        atom.global.and.b32 %r8, [%out+28], 6; red.relaxed.gpu.global.or.b32 [%out+28], 8; atom.global.dec.u32 %r9, [%out+40], 5;
        add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3; add.u32 %r1, %r1, %r4; add.u32 %r1, %r1, %r5; add.u32 %r1, %r1, %r6;
        add.u32 %r1, %r1, %r7; add.u32 %r1, %r1, %r8; add.u32 %r1, %r1, %r9; st.global.u32 [%out+44], %r1;";
    let out = Buffer::new(&[1u32, 2f32.to_bits(), 1, 1, 1, 1, 1, 5, 0, 1, 0, 0]);
    run("", code, 1, &out);
    let expected = [6, 3f32.to_bits(), (-3i32).cast_unsigned(), 7, 9, 8, 0, 12, u32::MAX, 0, 5];
    assert_eq!(out.read::<u32>()[..11], expected);
    // 1 of each, 8 of the second `cas`, 5 of `and`, 0 of `dec`.
    assert_eq!(out.read::<u32>()[11], 6 + 8 + 5);
}

#[test]
fn values_are_packed_and_unpacked() {
    let code = "mov.b64 %q1, {%tid, 7}; mov.b64 {%r1, %r2}, %q1; mov.b32 {%h1, %h2}, 0x12345678; mov.b32 %r3, {%h2, %h1};
        mov.b64 {_, %r4}, 0d4000000000000000; mov.f64 %d1, 0d3FF8000000000000; mov.b64 %q2, %d1;
        st.global.u32 [%out], %r2; st.global.u32 [%out+4], %r3; st.global.u32 [%out+8], %r4; st.global.u64 [%out+16], %q2;";
    let out = Buffer::new(&[0u64; 3]);
    run("", code, 1, &out);
    assert_eq!(out.read::<u64>(), [0x5678_1234_0000_0007, 0x4000_0000, 1.5f64.to_bits()]);
}

#[test]
fn functions_are_called_with_parameters_and_return_values() {
    let declarations = ".func (.param .b32 result) twice_plus(.param .b32 a, .param .align 4 .b8 b[8]);
        .func (.param .b32 result) twice_plus(.param .b32 a, .param .align 4 .b8 b[8])
        { .reg .b32 %r<4>; ld.param.u32 %r1, [a]; ld.param.u32 %r2, [b+4]; mad.lo.u32 %r3, %r1, 2, %r2; st.param.b32 [result], %r3; ret; }";
    let code = "{ .param .b32 first; st.param.b32 [first], 20; .param .align 4 .b8 second[8]; st.param.b32 [second+4], 2; .param .b32 back;
        call.uni (back), twice_plus, (first, second); ld.param.b32 %r1, [back]; } st.global.u32 [%out], %r1;";
    let out = Buffer::new(&[0u32]);
    run(declarations, code, 1, &out);
    assert_eq!(out.read::<u32>(), [42]);
}

#[test]
fn names_in_braces_are_their_own() {
    let code = "mov.u32 %r1, 1; { .reg .b32 %r1, inner; mov.u32 %r1, 5; mov.u32 inner, %r1; } { .reg.b32 inner; mov.u32 inner, 7; }
        st.global.u32 [%out], %r1;";
    let out = Buffer::new(&[0u32]);
    run("", code, 1, &out);
    assert_eq!(out.read::<u32>(), [1]);
}

#[test]
fn memory_that_was_not_written_is_nan() {
    let out = Buffer::unwritten(8);
    assert!(out.read::<f32>().iter().all(|x| x.is_nan()));
    assert!(out.read::<f64>()[0].is_nan());
}

#[test]
fn an_address_that_is_no_multiple_of_its_size_stops() {
    if common::is_apart() {
        run("", "st.global.u32 [%out+2], 1;", 1, &Buffer::new(&[0u32; 2]));
    } else {
        let message = stopped("an_address_that_is_no_multiple_of_its_size_stops", &[]);
        assert!(
            message.contains("not a multiple of the access's size\n  in kernel `kernel`, block (0, 0, 0)"),
            "{message}"
        );
    }
}

#[test]
fn shared_memory_has_an_end() {
    if common::is_apart() {
        run("", ".shared .align 4 .b8 few[16]; st.shared.u32 [few+16], 1;", 1, &Buffer::new(&[0u32; 2]));
    } else {
        let message = stopped("shared_memory_has_an_end", &[]);
        assert!(message.contains("an address outside the block's shared memory"), "{message}");
    }
}

#[test]
fn guarded_memory_has_an_end() {
    let code = "mul.wide.u32 %q1, %tid, 4; add.u64 %q2, %out, %q1; st.global.u32 [%q2], 1;";
    if common::is_apart() {
        run("", code, 3, &Buffer::new(&[0u32; 2]));
    } else {
        let message = stopped("guarded_memory_has_an_end", &[("STAND_IN_MEMORY", "guarded")]);
        assert!(
            message.contains("which is in no allocation\n  in kernel `kernel`, block (0, 0, 0)"),
            "{message}"
        );
    }
}

#[test]
fn a_failed_assertion_names_itself() {
    let declarations = ".extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);
        .global .align 1 .b8 what[4] = {97, 60, 98}; .global .align 1 .b8 file[5] = {97, 46, 99, 117};
        .global .align 1 .b8 function[2] = {102};";
    let code = "{ .param .b64 p0; .param .b64 p1; .param .b32 p2; .param .b64 p3; .param .b64 p4;
        mov.u64 %q1, what; cvta.global.u64 %q1, %q1; st.param.b64 [p0], %q1; mov.u64 %q2, file; st.param.b64 [p1], %q2;
        st.param.b32 [p2], 37; mov.u64 %q3, function; st.param.b64 [p3], %q3; st.param.b64 [p4], 1;
        call.uni __assertfail, (p0, p1, p2, p3, p4); }";
    if common::is_apart() {
        run(declarations, code, 1, &Buffer::new(&[0u32; 2]));
    } else {
        let message = stopped("a_failed_assertion_names_itself", &[]);
        assert!(message.contains("a.cu:37: f: thread (0, 0, 0): the assertion `a<b` failed"), "{message}");
    }
}
