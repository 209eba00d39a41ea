//! Functions in machine code that use the stack as a compiler or handwritten assembly does.

use super::*;
use crate::program::Isa;

const PUSH_R4_LR: u16 = 0xB510;
const POP_R4_PC: u16 = 0xBD10;
const SUB_SP_16: u16 = 0xB084;
const ADD_SP_16: u16 = 0xB004;
const BLX_R3: u16 = 0x4798;
const BX_LR: u16 = 0x4770;
/// The address of the first function.
const START: u32 = Program::ASSEMBLED;

/// Returns the bound of the first function of a program.
fn bound(isa: Isa, functions: &[&[u16]]) -> Result<u32> {
    let program = Program::assembled(isa, functions);
    Ok(Bounds::new(&program)?.of("f0")?.bytes)
}

fn thumb(functions: &[&[u16]]) -> u32 {
    bound(Isa::Thumb, functions).unwrap()
}

fn thumb_error(functions: &[&[u16]]) -> String {
    format!("{:#}", bound(Isa::Thumb, functions).unwrap_err())
}

/// Returns a `bl` at offset `from` in the program to offset `to`.
fn bl(from: i32, to: i32) -> [u16; 2] {
    let distance = to - (from + 4);
    [if distance < 0 { 0xF7FF } else { 0xF000 }, 0xF800 | (distance >> 1 & 0x7FF) as u16]
}

#[test]
fn registers_pushed_and_room_made_add_up() {
    let vpush_d8_d9 = [0xED2D, 0x8B04];
    let vpop_d8_d9 = [0xECBD, 0x8B04];
    let code = [&[PUSH_R4_LR], &vpush_d8_d9[..], &[SUB_SP_16, ADD_SP_16], &vpop_d8_d9, &[POP_R4_PC]].concat();
    assert_eq!(thumb(&[&code]), 8 + 16 + 16);
}

#[test]
fn a_store_that_moves_the_stack_pointer_counts() {
    let (str_r4, ldr_r4) = ([0xF84D, 0x4D04], [0xF85D, 0x4B04]);
    assert_eq!(thumb(&[&[&str_r4[..], &ldr_r4, &[BX_LR]].concat()]), 4);
}

#[test]
fn a_frame_from_a_register_is_followed_as_armv6m_makes_it() {
    // push {r4, r6, r7, lr}; mov r7, sp; ldr r6, =-1024; add sp, r6; mov sp, r7; pop {r4, r6, r7, pc}
    let code = [0xB5D0, 0x466F, 0x4E02, 0x44B5, 0x46BD, 0xBDD0, 0xBF00, 0xBF00, 0xFC00, 0xFFFF];
    assert_eq!(thumb(&[&code]), 16 + 1024);
}

#[test]
fn a_frame_that_is_aligned_takes_the_most_that_it_can() {
    // push {r6, r7, lr}; mov r7, sp; sub sp, #16; mov r6, sp; bfc r6, #0, #4; mov sp, r6; mov sp, r7; pop {r6, r7, pc}
    let code = [0xB5C0, 0x466F, SUB_SP_16, 0x466E, 0xF36F, 0x0603, 0x46B5, 0x46BD, 0xBDC0];
    assert_eq!(thumb(&[&code]), 12 + 16 + 12);
}

#[test]
fn a_loop_over_vectors_takes_no_stack() {
    // push {r4, lr}; dls lr, r1; vldrb.u8 q0, [r5], #16; le lr, .-4; pop {r4, pc}
    let code = [PUSH_R4_LR, 0xF041, 0xE001, 0xECB5, 0x1E10, 0xF00F, 0xC005, POP_R4_PC];
    assert_eq!(thumb(&[&code]), 8);
}

#[test]
fn a_call_adds_what_it_calls() {
    let call = bl(2, 8);
    let (caller, leaf) = ([PUSH_R4_LR, call[0], call[1], POP_R4_PC], [SUB_SP_16, ADD_SP_16, BX_LR]);
    assert_eq!(thumb(&[&caller, &leaf]), 8 + 16);
}

#[test]
fn a_call_through_a_constant_is_known() {
    // push {r4, lr}; ldr r3, =f1; blx r3; pop {r4, pc}
    let caller = [PUSH_R4_LR, 0x4B01, BLX_R3, POP_R4_PC, (START + 12) as u16 | 1, (START >> 16) as u16];
    assert_eq!(thumb(&[&caller, &[SUB_SP_16, ADD_SP_16, BX_LR]]), 8 + 16);
}

#[test]
fn a_jump_to_another_function_is_a_call_from_the_end() {
    let (pop_r4_lr, jump) = ([0xE8BD, 0x4010], 0xE000);
    let caller = [PUSH_R4_LR, pop_r4_lr[0], pop_r4_lr[1], jump, 0xBF00, 0xBF00];
    assert_eq!(thumb(&[&caller, &[SUB_SP_16, SUB_SP_16, ADD_SP_16, ADD_SP_16, BX_LR]]), 32);
}

#[test]
fn every_target_of_a_table_is_followed() {
    let tbb_r0 = [0xE8DF, 0xF000];
    let table = 0x0201;
    let code = [PUSH_R4_LR, tbb_r0[0], tbb_r0[1], table, POP_R4_PC, SUB_SP_16, ADD_SP_16, POP_R4_PC];
    assert_eq!(thumb(&[&code]), 8 + 16);
}

#[test]
fn a_conditional_return_may_go_on() {
    let it_eq = 0xBF08;
    assert_eq!(thumb(&[&[PUSH_R4_LR, it_eq, POP_R4_PC, SUB_SP_16, ADD_SP_16, POP_R4_PC]]), 8 + 16);
}

#[test]
fn a_function_that_calls_itself_has_no_bound() {
    let call = bl(2, 0);
    let found = thumb_error(&[&[PUSH_R4_LR, call[0], call[1], POP_R4_PC]]);
    assert!(found.contains("f0 calls itself"), "{found}");
}

#[test]
fn a_call_of_an_unknown_function_has_no_bound() {
    let found = thumb_error(&[&[PUSH_R4_LR, BLX_R3, POP_R4_PC]]);
    assert!(found.contains("0x10002 it goes to an address that is not known"), "{found}");
}

#[test]
fn a_stack_that_is_not_given_back_is_an_error() {
    let found = thumb_error(&[&[SUB_SP_16, BX_LR]]);
    assert!(found.contains("returns with 16 bytes"), "{found}");
    let mov_sp_r0 = 0x4685;
    let found = thumb_error(&[&[mov_sp_r0, BX_LR]]);
    assert!(found.contains("the stack pointer is not known"), "{found}");
}

#[test]
fn riscv_calls_and_frames_add_up() {
    // addi sp, sp, -16; sw ra, 12(sp); auipc ra, 0; jalr ra, 16(ra); lw ra, 12(sp); addi sp, sp, 16; ret; nop
    let caller = [0x1141, 0xC606, 0x0097, 0x0000, 0x80E7, 0x0100, 0x40B2, 0x0141, 0x8082, 0x0001];
    let leaf = [0x7139, 0x6121, 0x8082]; // addi sp, sp, -64; addi sp, sp, 64; ret
    assert_eq!(bound(Isa::RiscV, &[&caller, &leaf]).unwrap(), 16 + 64);
}

#[test]
fn a_riscv_call_through_a_pointer_has_no_bound() {
    // addi sp, sp, -16; jalr a0; addi sp, sp, 16; ret
    let found = bound(Isa::RiscV, &[&[0x1141, 0x9502, 0x0141, 0x8082]]).unwrap_err();
    assert!(format!("{found:#}").contains("not known"), "{found:#}");
}

#[test]
fn riscv_code_that_functions_share_may_move_the_stack_pointer() {
    // jal t0, f1; jal t0, f2; ret
    let caller = [0x02EF, 0x00C0, 0x02EF, 0x0100, 0x8082, 0x0001];
    let start = [0x7139, 0x8282, 0x0001, 0x0001]; // addi sp, sp, -64; jr t0
    let end = [0x6121, 0x8282]; // addi sp, sp, 64; jr t0
    let [start_only, both] =
        [&[&caller[..], &start, &start][..], &[&caller[..], &start, &end]].map(|functions| {
            let functions: Vec<&[u16]> = functions.to_vec();
            bound(Isa::RiscV, &functions)
        });
    assert_eq!(both.unwrap(), 64);
    assert!(format!("{:#}", start_only.unwrap_err()).contains("returns with 128 bytes"));
}
