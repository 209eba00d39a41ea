//! Short programs in machine code, and what their runs take.

use super::super::{Core, Executed, Timing};
use crate::program::{Isa, Program};

/// Runs each instruction once, in order.
fn cycles(code: &[u16]) -> u64 {
    each(code).into_iter().sum()
}

/// Runs each instruction once, in order, and returns the cycles of each.
fn each(code: &[u16]) -> Vec<u64> {
    let (mut run, mut at) = (Vec::new(), 0);
    while at < code.len() {
        let length = length(code[at]);
        let last = run.last().map(|&(_, length)| length);
        let after = |distance| u64::from(last == Some(distance));
        let address = Program::ASSEMBLED + 2 * at as u32;
        let (after_two, after_four) = (after(2), after(4));
        run.push((Executed { address, times: 1, after_two, after_four, unaligned: 0 }, length));
        at += length as usize / 2;
    }
    let run: Vec<_> = run.into_iter().map(|(executed, _)| executed).collect();
    timed(code, &run)
}

fn length(first: u16) -> u32 {
    if first >> 11 >= 0b11101 { 4 } else { 2 }
}

/// Returns the cycles of each instruction.
fn timed(code: &[u16], run: &[Executed]) -> Vec<u64> {
    let program = Program::assembled(Isa::Thumb, &[code]);
    Timing::new(&program, Core::M55).unwrap().cycles(run).unwrap().into_values().collect()
}

const VLDRB_Q0_R0: [u16; 2] = [0xED90, 0x1E00];
const VLDRB_Q1_R1: [u16; 2] = [0xED91, 0x3E00];
const VEOR_Q1_Q1_Q3: [u16; 2] = [0xFF02, 0x2156];
const VMLADAVA_R0_Q0_Q1: [u16; 2] = [0xEEF0, 0x0F22];
const VMLADAVA_R2_Q0_Q1: [u16; 2] = [0xEEF0, 0x2F22];
const STR_R0_R5: [u16; 2] = [0xF8C5, 0x0000];
const ADD_R1_R0_1: [u16; 2] = [0xF100, 0x0101];

#[test]
fn neighbors_overlap_if_they_need_different_units() {
    assert_eq!(each(&[VLDRB_Q1_R1, VEOR_Q1_Q1_Q3, VMLADAVA_R0_Q0_Q1].concat()), [1, 1, 1]);
    assert_eq!(each(&[VLDRB_Q0_R0, VLDRB_Q1_R1, VEOR_Q1_Q1_Q3].concat()), [1, 2, 1]);
    assert_eq!(each(&[VMLADAVA_R0_Q0_Q1, VMLADAVA_R2_Q0_Q1].concat()), [1, 2]);
}

#[test]
fn a_sum_takes_three_cycles_until_it_is_read_and_two_until_it_is_added_to_or_stored() {
    assert_eq!(each(&[VMLADAVA_R0_Q0_Q1, ADD_R1_R0_1].concat()), [1, 3]);
    assert_eq!(each(&[VMLADAVA_R0_Q0_Q1, VMLADAVA_R0_Q0_Q1].concat()), [1, 2]);
    assert_eq!(each(&[VMLADAVA_R0_Q0_Q1, STR_R0_R5].concat()), [1, 2]);
    assert_eq!(each(&[VMLADAVA_R0_Q0_Q1, VMLADAVA_R2_Q0_Q1, ADD_R1_R0_1].concat()), [1, 2, 1]);
}

#[test]
fn a_product_of_lanes_takes_two_cycles_and_a_narrowed_vector_three() {
    let vmulh_q6_q6_q7 = [0xFE1D, 0xCE0F];
    let vshr_q6_q6_7 = [0xFF99, 0xC05C];
    let vqmovunt_q6_q5 = [0xEE35, 0xDE8B];
    assert_eq!(each(&[vmulh_q6_q6_q7, vshr_q6_q6_7].concat()), [1, 2]);
    assert_eq!(each(&[vqmovunt_q6_q5, vmulh_q6_q6_q7].concat()), [1, 3]);
}

#[test]
fn a_gathering_load_takes_a_cycle_per_element_and_its_offsets_are_read_four_cycles_before() {
    let vldrb_u8_q0_r0_q6 = [0xFC90, 0x0E0C];
    let vldrb_u32_q3_r4_q6 = [0xFC94, 0x6F0C];
    let vstrb_16_q6_r9_q7 = [0xEC89, 0xCE8E];
    let nop_w = [0xF3AF, 0x8000];
    assert_eq!(each(&[vldrb_u8_q0_r0_q6, nop_w].concat()), [16, 1]);
    assert_eq!(each(&[vldrb_u32_q3_r4_q6, nop_w].concat()), [4, 1]);
    assert_eq!(each(&[vstrb_16_q6_r9_q7, nop_w].concat()), [8, 1]);
    let vldrw_u32_q0_q1_4 = [0xFD92, 0x1E01];
    assert_eq!(each(&[vldrw_u32_q0_q1_4, nop_w].concat()), [4, 1]);
    let vadd_i32_q6_q6_r0 = [0xEE2D, 0xCF40];
    assert_eq!(each(&[vadd_i32_q6_q6_r0, vldrb_u32_q3_r4_q6].concat()), [1, 8]);
}

#[test]
fn an_interleaving_load_moves_half_of_two_registers() {
    let vld20_32_q4_q5_r5 = [0xFC95, 0x9F00];
    let vld21_32_q4_q5_r5 = [0xFCB5, 0x9F20];
    let vmax_s32_q4_q4_q5 = [0xEF28, 0x864A];
    let code = [vld20_32_q4_q5_r5, vld21_32_q4_q5_r5, vmax_s32_q4_q4_q5].concat();
    assert_eq!(each(&code), [1, 2, 2]);
}

#[test]
fn a_load_or_a_product_is_read_two_cycles_later_and_a_load_after_a_store_waits() {
    let ldr_r1_r0 = [0xF8D0, 0x1000];
    let add_r2_r1_1 = [0xF101, 0x0201];
    let mul_r1_r0_r0 = [0xFB00, 0xF100];
    let add_r1_r0_r0_lsl_1 = [0xEB00, 0x0140];
    for first in [ldr_r1_r0, mul_r1_r0_r0, add_r1_r0_r0_lsl_1] {
        assert_eq!(each(&[first, add_r2_r1_1].concat()), [1, 2]);
    }
    assert_eq!(each(&[ADD_R1_R0_1, add_r2_r1_1].concat()), [1, 1]);
    assert_eq!(each(&[STR_R0_R5, ldr_r1_r0].concat()), [1, 2]);
    assert_eq!(each(&[STR_R0_R5, ADD_R1_R0_1, ADD_R1_R0_1, ldr_r1_r0].concat()), [1, 1, 1, 1]);
}

#[test]
fn several_words_take_a_cycle_each_and_one_more_and_a_division_twelve() {
    let stm_r5_r0_r2_r4_r6 = [0xC555];
    let push_r4_lr = [0xB510];
    let vpush_d8_d15 = [0xED2D, 0x8B10];
    let strd_r0_r2_r5 = [0xE9C5, 0x0200];
    let udiv_r0_r1_r2 = [0xFBB1, 0xF0F2];
    assert_eq!(cycles(&stm_r5_r0_r2_r4_r6), 5);
    assert_eq!(cycles(&push_r4_lr), 3);
    assert_eq!(cycles(&vpush_d8_d15), 17);
    assert_eq!(cycles(&strd_r0_r2_r5), 2);
    assert_eq!(cycles(&udiv_r0_r1_r2), 12);
}

#[test]
fn two_short_instructions_start_together_if_one_is_simple_and_the_second_needs_no_result_of_the_first() {
    let (movs_r2_1, ands_r0_r1, eors_r3_r4, adds_r0_2) = (0x2201, 0x4008, 0x4063, 0x3002);
    assert_eq!(each(&[ands_r0_r1, movs_r2_1]), [1, 0]);
    assert_eq!(each(&[movs_r2_1, ands_r0_r1]), [1, 0]);
    assert_eq!(each(&[ands_r0_r1, eors_r3_r4]), [1, 1]);
    assert_eq!(each(&[ands_r0_r1, adds_r0_2]), [1, 1]);
    // Not in one word.
    assert_eq!(each(&[eors_r3_r4, ands_r0_r1, movs_r2_1]), [1, 1, 1]);
}

#[test]
fn a_branch_that_is_taken_takes_four_cycles_and_one_more_to_an_instruction_in_two_words() {
    let [bne, nop] = [0xD1FF, 0xBF00];
    let at = |offset, times, after_two| Executed {
        address: Program::ASSEMBLED + offset,
        times,
        after_two,
        after_four: 0,
        unaligned: 0,
    };
    // What is executed last is not known to go on.
    assert_eq!(timed(&[bne, nop], &[at(0, 1, 0), at(2, 1, 1)]), [1, 1]);
    assert_eq!(timed(&[bne, nop, nop], &[at(0, 1, 0), at(4, 1, 0)]), [4, 1]);
    let code = [&[bne, nop, nop][..], &ADD_R1_R0_1].concat();
    assert_eq!(timed(&code, &[at(0, 1, 0), at(6, 1, 0)]), [4, 2]);
}

/// Returns the cycles of a loop of two instructions of four bytes and its end, for so many turns.
fn of_loop(body: [[u16; 2]; 2], turns: u64) -> Vec<u64> {
    let dls_lr_r1 = [0xF041, 0xE001];
    let le_back_8 = [0xF00F, 0xC007];
    let code = [dls_lr_r1, body[0], body[1], le_back_8, ADD_R1_R0_1].concat();
    let run: Vec<_> = [(1, 0), (turns, 1), (turns, turns), (turns, turns), (1, 1)]
        .into_iter()
        .zip((Program::ASSEMBLED..).step_by(4))
        .map(|((times, after_four), address)| Executed {
            address,
            times,
            after_two: 0,
            after_four,
            unaligned: 0,
        })
        .collect();
    timed(&code, &run)
}

#[test]
fn the_end_of_a_loop_takes_time_in_the_first_turn_and_in_the_last() {
    let body = [VLDRB_Q1_R1, VMLADAVA_R0_Q0_Q1];
    assert_eq!(of_loop(body, 10), [1, 10, 10, 8, 1]);
    assert_eq!(of_loop(body, 1), [1, 1, 1, 4, 1]);
    // The sum is read a cycle later than in the next turn, where its unit is free by then.
    assert_eq!(of_loop([VMLADAVA_R0_Q0_Q1; 2], 10), [1, 19, 20, 8, 1]);
}

#[test]
fn an_access_that_is_not_aligned_takes_a_cycle_more() {
    let unaligned = |code: &[u16], unaligned| {
        let address = Program::ASSEMBLED;
        timed(code, &[Executed { address, times: 1, after_two: 0, after_four: 0, unaligned }])
    };
    assert_eq!(unaligned(&VLDRB_Q0_R0, 0), [1]);
    assert_eq!(unaligned(&VLDRB_Q0_R0, 1), [2]);
    let vld20_32_q4_q5_r5 = [0xFC95, 0x9F00];
    assert_eq!(unaligned(&vld20_32_q4_q5_r5, 1), [3]);
}

/// Returns what an instruction of Armv8.1-M reads and writes, as numbers of core registers and then of vector registers.
fn registers(first: u16, second: u16) -> [Vec<String>; 2] {
    let [[a, b], [c, d]] = [first, second].map(u16::to_le_bytes);
    let work = super::helium::work(0x100, &[a, b, c, d]).unwrap();
    [work.reads | work.offsets, work.written()].map(|set| {
        let name = |number: u32| match number {
            0..=15 => format!("r{number}"),
            16 => "flags".to_owned(),
            17..=24 => format!("q{}", number - 17),
            _ => "p0".to_owned(),
        };
        (0..26).filter(|number| set >> number & 1 != 0).map(name).collect()
    })
}

#[test]
fn encodings_tell_what_is_read_and_written() {
    for (first, second, reads, writes, text) in [
        (0xEEFE, 0x0F22, "r0 q1 q7", "r0", "vmlava.s8 r0, q7, q1"),
        (0xEEF8, 0x0F00, "q0 q4", "r0", "vmlav.s8 r0, q4, q0"),
        (0xEEF1, 0x2F22, "r2 q1", "r2", "vaddva.s8 r2, q1"),
        (0xFEE2, 0x1F00, "r1 q0", "r1", "vmaxv.u8 r1, q0"),
        (0xFEB0, 0x2F42, "q1", "q1", "vmovlb.u16 q1, q1"),
        (0xEEA3, 0x0FC4, "r4 q0", "r4 q0", "vshlc q0, r4, #3"),
        (0xEE29, 0x8F40, "r0 q4", "q4", "vadd.i32 q4, q4, r0"),
        (0xEE01, 0x1E66, "r6 q0", "q0", "vmul.i8 q0, q0, r6"),
        (0xEE21, 0x4E43, "r3 q0 q2", "q2", "vmla.s32 q2, q0, r3"),
        (0xEE39, 0x9E62, "r2 q4", "q4", "vshl.s32 q4, r2"),
        (0xEE35, 0xCE89, "q4 q6", "q6", "vqmovunb.s32 q6, q4"),
        (0xFE0B, 0xCE0F, "q5 q7", "q6", "vmulh.u8 q6, q5, q7"),
        (0xFE0B, 0x0F63, "r3 q5 p0", "p0", "vcmp.u8 cs, q5, r3"),
        (0xFE71, 0x0F4D, "p0", "p0", "vpst"),
        (0xEE03, 0x0F6E, "r2", "r2 q0", "vidup.u8 q0, r2, #1"),
        (0xEEAE, 0x4B10, "r4", "q7", "vdup.32 q7, r4"),
        (0xEED0, 0x2B10, "q0", "r2", "vmov.u8 r2, q0[0]"),
        (0xEE22, 0x6B10, "r6 q1", "q1", "vmov.32 q1[1], r6"),
        (0xEC09, 0x2F04, "q1", "r4 r9", "vmov r4, r9, q1[2], q1[0]"),
        (0xFF80, 0x6E50, "", "q3", "vmov.i8 q3, #0x80"),
        (0xFF99, 0xC05C, "q6", "q6", "vshr.u16 q6, q6, #7"),
        (0xFFA8, 0x2554, "q1 q2", "q1", "vsli.32 q1, q2, #8"),
        (0xFFB9, 0x63C6, "q3", "q3", "vneg.s32 q3, q3"),
        (0xFF1C, 0xC65E, "q6 q7", "q6", "vmin.u16 q6, q6, q7"),
        (0xEC89, 0xCE8E, "r9 q6 q7", "", "vstrb.16 q6, [r9, q7]"),
        (0xECB5, 0x1E10, "r5", "r5 q0", "vldrb.u8 q0, [r5], #16"),
        (0xFD94, 0x4F20, "r4", "q2", "vldrb.u32 q2, [r4, #32]"),
        (0xFD92, 0x1E01, "q1", "q0", "vldrw.u32 q0, [q1, #4]"),
        (0xFCB5, 0x9F20, "r5 q4 q5", "r5 q4 q5", "vld21.32 {q4, q5}, [r5]!"),
        (0xEDD0, 0xAFE0, "r0", "p0", "vldr p0, [r0, #384]"),
        (0xEEED, 0x0A10, "r0", "p0", "vmsr p0, r0"),
        (0xF005, 0xE801, "r5", "p0", "vctp.8 r5"),
        (0xF006, 0xE001, "r6", "r14", "dlstp.8 lr, r6"),
        (0xEA5A, 0x8131, "r1 r10 flags", "r1", "csel r1, r10, r1, lo"),
        (0xEA50, 0x01CF, "r0 r1", "r0 r1", "lsll r0, r1, #3"),
        (0xEA54, 0xA50D, "r4 r5 r10", "r4 r5", "lsll r4, r5, r10"),
        (0xFD98, 0x0F00, "r0", "q0", "vldrh.u32 q0, [r0]"),
        (0xED89, 0x0F00, "r1 q0", "", "vstrh.32 q0, [r1]"),
    ] {
        assert_eq!(registers(first, second).map(|all| all.join(" ")), [reads, writes], "{text}");
    }
}
