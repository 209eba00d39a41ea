//! Short programs in machine code, and what their runs take.

use super::*;
use crate::program::Isa;

/// Runs each instruction once, in order, but those at `jumped_to` after a jump.
fn cycles(core: Core, isa: Isa, code: &[u16], lengths: &[u32], jumped_to: &[usize]) -> u64 {
    let program = Program::assembled(isa, &[code]);
    let mut address = Program::ASSEMBLED;
    let mut run = Vec::new();
    for (at, length) in lengths.iter().enumerate() {
        let after = |distance| {
            let last = at.checked_sub(1).filter(|_| !jumped_to.contains(&at)).map(|last| lengths[last]);
            u64::from(last == Some(distance))
        };
        run.push(Executed { address, times: 1, after_two: after(2), after_four: after(4), unaligned: 0 });
        address += length;
    }
    Timing::new(&program, core).unwrap().cycles(&run).unwrap().into_values().sum()
}

/// `ldr r1, [r0]; ldr r2, [r0, #4]; ldr r3, [r2]; adds r1, r2, r3; push {r0, r1}`
const LOADS: [u16; 5] = [0x6801, 0x6842, 0x6813, 0x18D1, 0xB403];

#[test]
fn a_load_after_a_load_overlaps_unless_it_needs_its_result() {
    let run = |core| cycles(core, Isa::Thumb, &LOADS, &[2; 5], &[]);
    assert_eq!(run(Core::M4), 2 + 1 + 2 + 1 + 3);
    assert_eq!(run(Core::M3), run(Core::M4));
    assert_eq!(run(Core::M0), 2 + 2 + 2 + 1 + 3);
    // The second load is the target of a jump.
    assert_eq!(cycles(Core::M4, Isa::Thumb, &LOADS, &[2; 5], &[1]), 2 + 2 + 2 + 1 + 3);
}

#[test]
fn a_branch_takes_longer_when_it_is_taken() {
    let bne_next = [0xD1FF, 0xBF00, 0xBF00];
    let run = |core, jumped: &[usize]| cycles(core, Isa::Thumb, &bne_next, &[2; 3], jumped);
    for (core, taken) in [(Core::M0, 3), (Core::M0Plus, 2), (Core::M3, 3), (Core::M4, 3)] {
        // The last instruction of a run is not known to go on, and a `nop` takes the same either way.
        assert_eq!(run(core, &[]), 1 + 1 + 1, "{core:?}");
        assert_eq!(run(core, &[1]), taken + 1 + 1, "{core:?}");
    }
}

#[test]
fn a_long_multiplication_takes_one_cycle_on_m4_only() {
    let smlal_r4_r5_r1_r2 = [0xFBC1, 0x4502];
    let run = |core| cycles(core, Isa::Thumb, &smlal_r4_r5_r1_r2, &[4], &[]);
    assert_eq!([run(Core::M3), run(Core::M4)], [5, 1]);
}

#[test]
fn riscv_loads_and_jumps_stall_once_and_taken_branches_twice() {
    // lw a0, 0(a0); mul a0, a0, a1; bnez a0, +2; nop; ret
    let code = [0x4108, 0x0533, 0x02B5, 0xE109, 0x0001, 0x8082];
    let run = |jumped: &[usize]| cycles(Core::Rv32, Isa::RiscV, &code, &[2, 4, 2, 2, 2], jumped);
    assert_eq!(run(&[]), 2 + 1 + 1 + 1 + 2);
    assert_eq!(run(&[3]), 2 + 1 + 3 + 1 + 2);
}

#[test]
fn an_address_without_an_instruction_is_an_error() {
    let program = Program::assembled(Isa::Thumb, &[&LOADS]);
    let run = [Executed { address: 0, times: 1, after_two: 0, after_four: 0, unaligned: 0 }];
    assert!(Timing::new(&program, Core::M4).unwrap().cycles(&run).is_err());
}
