//! Threads that wait for one another: barriers, exchanges within a warp, and what must not pass.

mod common;
use common::{Buffer, HEAD, Launch, apart, is_apart, stopped};

/// A kernel of one parameter, `out`, an array of u32; each thread stores `%result` at its place, with all blocks in order.
fn kernel(code: &str) -> String {
    format!(
        "{HEAD}.visible .entry kernel(.param .u64 out)\n{{\n.reg .pred %p<9>; .reg .b32 %r<20>; .reg .b64 %q<9>;\n\
         .reg .b64 %out; .reg .b32 %tid, %result;\n.shared .align 4 .b8 values[4096];\n\
         ld.param.u64 %out, [out]; mov.u32 %tid, %tid.x;\n{code}\n\
         mov.u32 %r18, %ctaid.x; mov.u32 %r19, %ntid.x; mad.lo.u32 %r18, %r18, %r19, %tid; mul.wide.u32 %q7, %r18, 4;\n\
         add.u64 %q8, %out, %q7; st.global.u32 [%q8], %result; ret;\n}}"
    )
}

fn run(code: &str, grid: u32, block: u32) -> Vec<u32> {
    let out = Buffer::new(&vec![0u32; (grid * block) as usize]);
    let mut launch = Launch::new(&kernel(code), "kernel", block);
    launch.grid = grid;
    assert_eq!(launch.run(&[out.address]), 0);
    out.read()
}

/// The sum of the numbers from 1 to the block's size, added up by halves in shared memory.
const SUM: &str = "add.u32 %r1, %tid, 1; shl.b32 %r2, %tid, 2; st.shared.u32 [%r2], %r1; mov.u32 %r3, %ntid.x;
    loop: shr.u32 %r3, %r3, 1; bar.sync 0; setp.eq.u32 %p1, %r3, 0; @%p1 bra done; setp.ge.u32 %p2, %tid, %r3; @%p2 bra loop;
    shl.b32 %r4, %r3, 2; add.u32 %r4, %r4, %r2; ld.shared.u32 %r5, [%r4]; ld.shared.u32 %r6, [%r2]; add.u32 %r5, %r5, %r6;
    st.shared.u32 [%r2], %r5; bra.uni loop;
    done: ld.shared.u32 %result, [values];";

#[test]
fn a_sum_over_a_block_needs_its_barriers() {
    let sums = || run(SUM, 3, 256);
    if is_apart() {
        println!("sums: {:?}", sums().iter().filter(|&&sum| sum == 256 * 257 / 2).count());
        return;
    }
    assert!(sums().iter().all(|&sum| sum == 256 * 257 / 2));
    for (options, all_right) in [
        (vec![("STAND_IN_ORDER", "reverse")], true),
        (vec![("STAND_IN_FIND", "races")], true),
        (vec![("STAND_IN_WITHOUT", "barriers")], false),
        (vec![("STAND_IN_WITHOUT", "barriers"), ("STAND_IN_ORDER", "reverse")], false),
    ] {
        let output = apart("a_sum_over_a_block_needs_its_barriers", &options);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{options:?}: {text}");
        assert_eq!(text.contains("sums: 768\n"), all_right, "{options:?}: {text}");
    }
}

#[test]
fn a_missing_barrier_is_found_as_a_race() {
    // Reads the neighbor's number without waiting for it.
    let code =
        "shl.b32 %r2, %tid, 2; st.shared.u32 [%r2], %tid; xor.b32 %r3, %r2, 4; ld.shared.u32 %result, [%r3];";
    if is_apart() {
        run(code, 1, 64);
        return;
    }
    let message = stopped("a_missing_barrier_is_found_as_a_race", &[("STAND_IN_FIND", "races")]);
    assert!(
        message.contains("threads 0 and 1 of the block use byte 4 of shared memory without a barrier"),
        "{message}"
    );
}

#[test]
fn a_write_after_a_read_is_found_as_a_race() {
    // All read the first number, and the last thread overwrites it.
    let code = "setp.eq.u32 %p1, %tid, 0; @%p1 st.shared.u32 [values], 5; bar.sync 0; ld.shared.u32 %result, [values];
        setp.eq.u32 %p2, %tid, 63; @%p2 st.shared.u32 [values], 6;";
    if is_apart() {
        run(code, 1, 64);
        return;
    }
    let message = stopped("a_write_after_a_read_is_found_as_a_race", &[("STAND_IN_FIND", "races")]);
    assert!(
        message.contains("and 63 of the block use byte 0 of shared memory without a barrier"),
        "{message}"
    );
}

#[test]
fn a_barrier_of_a_warp_orders_its_threads_but_not_others() {
    let code = |other: u32| {
        format!(
            "shl.b32 %r2, %tid, 2; st.shared.u32 [%r2], %tid; bar.warp.sync -1; xor.b32 %r3, %r2, {}; \
             ld.shared.u32 %result, [%r3];",
            other * 4
        )
    };
    if is_apart() {
        assert_eq!(run(&code(1), 1, 64)[..4], [1, 0, 3, 2]);
        run(&code(32), 1, 64);
        return;
    }
    let options = [("STAND_IN_FIND", "races")];
    let message = stopped("a_barrier_of_a_warp_orders_its_threads_but_not_others", &options);
    assert!(message.contains("threads 32 and 0 of the block use byte 128"), "{message}");
}

#[test]
fn threads_that_ended_are_not_waited_for() {
    let code = "mov.u32 %result, 1; setp.lt.u32 %p1, %tid, 8; @%p1 bra early; bar.sync 0; mov.u32 %result, 2; early: ";
    let expected: Vec<u32> = (0..64).map(|thread| if thread < 8 { 1 } else { 2 }).collect();
    assert_eq!(run(code, 1, 64), expected);
}

#[test]
fn threads_at_different_barriers_stop_the_program() {
    let code = "mov.u32 %result, 1; setp.lt.u32 %p1, %tid, 8; @%p1 bra other; bar.sync 0; bra join; other: bar.sync 0; join: ";
    if is_apart() {
        run(code, 1, 64);
        return;
    }
    let message = stopped("threads_at_different_barriers_stop_the_program", &[]);
    assert!(message.contains("wait at different barriers: threads 0 and 8 of the block"), "{message}");
}

#[test]
fn registers_keep_their_values_while_a_thread_waits() {
    // Values from before the barrier, and of a loop around it.
    let code = "mul.lo.u32 %r1, %tid, 3; mov.u32 %r2, 0; mov.u32 %r3, 100;
        again: bar.sync 0; add.u32 %r3, %r3, %r1; add.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, 4; @%p1 bra again; mov.u32 %result, %r3;";
    assert_eq!(run(code, 1, 4), [100, 112, 124, 136]);
}

#[test]
fn blocks_and_threads_have_three_indices() {
    let ptx = format!(
        "{HEAD}.visible .entry places(.param .u64 out)\n{{ .reg .b64 %q<3>; .reg .b32 %r<12>; ld.param.u64 %q0, [out];\n\
         mov.u32 %r0, %tid.x; mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ctaid.y;\n\
         mov.u32 %r5, %ntid.x; mov.u32 %r6, %ntid.y; mov.u32 %r7, %nctaid.x; mad.lo.u32 %r8, %r2, %r6, %r1;\n\
         mad.lo.u32 %r8, %r8, %r5, %r0; mad.lo.u32 %r9, %r4, %r7, %r3; mad.lo.u32 %r9, %r9, 12, %r8;\n\
         mul.wide.u32 %q1, %r9, 4; add.u64 %q2, %q0, %q1; mad.lo.u32 %r10, %r4, 10, %r3; mad.lo.u32 %r10, %r10, 10, %r2;\n\
         mad.lo.u32 %r10, %r10, 10, %r1; mad.lo.u32 %r10, %r10, 10, %r0; st.global.u32 [%q2], %r10; ret; }}"
    );
    let out = Buffer::new(&[0u32; 6 * 12]);
    let function = common::function(&ptx, "places").unwrap();
    let argument = std::ptr::from_ref(&out.address).cast::<u8>();
    // SAFETY: the kernel has one parameter.
    let status = unsafe {
        cuda::driver::module::cuLaunchKernel(
            function,
            2,
            3,
            1,
            3,
            2,
            2,
            0,
            0,
            &raw const argument,
            std::ptr::null(),
        )
    };
    assert_eq!(status, 0);
    let mut expected = Vec::new();
    for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
        for thread in [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112] {
            expected.push(y * 10_000 + x * 1000 + thread);
        }
    }
    assert_eq!(out.read::<u32>(), expected);
}

#[test]
fn values_move_between_the_threads_of_a_warp() {
    let lanes = |value: &dyn Fn(u32) -> u32| (0..32).map(value).collect::<Vec<u32>>();
    let shuffle = |code: &str| run(&format!("add.u32 %r1, %tid, 100; {code}"), 1, 32);
    let found = shuffle("shfl.sync.bfly.b32 %result|%p1, %r1, 5, 31, -1;");
    assert_eq!(found, lanes(&|lane| 100 + (lane ^ 5)));
    let found = shuffle("shfl.sync.down.b32 %result, %r1, 4, 31, 0xffffffff;");
    assert_eq!(found, lanes(&|lane| 100 + if lane + 4 < 32 { lane + 4 } else { lane }));
    let found = shuffle("shfl.sync.up.b32 %result, %r1, 4, 0, -1;");
    assert_eq!(found, lanes(&|lane| 100 + if lane >= 4 { lane - 4 } else { lane }));
    let found = shuffle("shfl.sync.idx.b32 %result, %r1, 9, 31, -1;");
    assert_eq!(found, lanes(&|_| 109));
    // In parts of 8 lanes: 0x1807 as `__shfl_down_sync(mask, value, 3, 8)` has it.
    let found =
        shuffle("shfl.sync.down.b32 %result|%p1, %r1, 3, 0x181f, -1; @!%p1 add.u32 %result, %result, 1000;");
    assert_eq!(found, lanes(&|lane| if lane % 8 + 3 < 8 { 103 + lane } else { 1100 + lane }));
}

#[test]
fn a_sum_over_a_warp_by_shuffles() {
    let code = "mov.u32 %r1, %tid; mov.u32 %r2, 16; again: shfl.sync.bfly.b32 %r3, %r1, %r2, 31, -1; add.u32 %r1, %r1, %r3;
        shr.u32 %r2, %r2, 1; setp.ne.u32 %p1, %r2, 0; @%p1 bra again; mov.u32 %result, %r1;";
    let warps: Vec<u32> = (0..64).map(|thread| if thread < 32 { 496 } else { 1520 }).collect();
    assert_eq!(run(code, 2, 64), [&warps[..], &warps[..]].concat());
}

#[test]
fn threads_of_a_warp_vote_and_add_up() {
    let odd = "and.b32 %r1, %tid, 1; setp.eq.u32 %p1, %r1, 1;";
    assert_eq!(run(&format!("{odd} vote.sync.ballot.b32 %result, %p1, -1;"), 1, 32)[0], 0xaaaa_aaaa);
    for (name, of_odd, of_all) in [("all", 0, 1), ("any", 1, 1), ("uni", 0, 1)] {
        let vote = format!("vote.sync.{name}.pred %p2, %p1, -1; selp.u32 %result, 1, 0, %p2;");
        assert_eq!(run(&format!("{odd} {vote}"), 1, 32), [of_odd; 32], "{name}");
        assert_eq!(run(&format!("setp.lt.u32 %p1, %tid, 32; {vote}"), 1, 32), [of_all; 32], "{name}");
    }
    for (name, result) in
        [("add.u32", 496u32), ("min.u32", 0), ("max.u32", 31), ("or.b32", 31), ("and.b32", 0), ("xor.b32", 0)]
    {
        assert_eq!(run(&format!("redux.sync.{name} %result, %tid, -1;"), 1, 32), [result; 32], "{name}");
    }
    let negative = "sub.u32 %r1, %tid, 5; redux.sync.min.s32 %result, %r1, -1;";
    assert_eq!(run(negative, 1, 32)[7], (-5i32).cast_unsigned());
}

#[test]
fn threads_of_a_block_learn_at_a_barrier_how_many_agree() {
    let below = |limit: u32| format!("setp.lt.u32 %p1, %tid, {limit};");
    for (limit, count, all, any) in [(0, 0, 0, 0), (50, 50, 0, 1), (96, 96, 1, 1)] {
        let below = below(limit);
        assert_eq!(run(&format!("{below} bar.red.popc.u32 %result, 0, %p1;"), 1, 96), [count; 96]);
        for (name, expected) in [("and", all), ("or", any)] {
            let code =
                format!("{below} barrier.cta.red.{name}.pred %p2, 0, %p1; selp.u32 %result, 1, 0, %p2;");
            assert_eq!(run(&code, 1, 96), [expected; 96], "{name} below {limit}");
        }
    }
}

#[test]
fn half_a_warp_may_exchange_on_its_own() {
    let code = "mov.u32 %result, 7; setp.ge.u32 %p1, %tid, 16; @%p1 bra skip; shfl.sync.bfly.b32 %result, %tid, 1, 31, 0xffff; skip: bar.sync 0;";
    let expected: Vec<u32> = (0..32).map(|lane| if lane < 16 { lane ^ 1 } else { 7 }).collect();
    assert_eq!(run(code, 1, 32), expected);
}

#[test]
fn a_thread_that_does_not_come_stops_the_program() {
    let code = "mov.u32 %result, 7; setp.ge.u32 %p1, %tid, 16; @%p1 bra skip; shfl.sync.bfly.b32 %result, %tid, 1, 31, -1; skip: bar.sync 0;";
    if is_apart() {
        run(code, 1, 32);
        return;
    }
    let message = stopped("a_thread_that_does_not_come_stops_the_program", &[]);
    assert!(
        message.contains("a warp's threads wait for one that does not come: threads 0 and 0"),
        "{message}"
    );
}
