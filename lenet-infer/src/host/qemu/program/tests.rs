use std::format;
use std::string::ToString;

use proptest::prelude::*;

use super::super::Core;
use super::sample::{ARM, RISCV, elf, vectors};
use super::*;

/// A program that fits a core, by architecture and profile if it is for Arm.
fn fitting(core: Core) -> Vec<u8> {
    let needs = core.needs();
    let Some(architecture) = needs.arm else {
        return elf(RISCV, &[(needs.start, &[0x6F, 0, 0, 0])], None);
    };
    let numbers = match architecture {
        Architecture::V6M => (12, b'M'),
        Architecture::V7M => (10, b'M'),
        Architecture::V7EM => (13, b'M'),
        Architecture::V8M => (17, b'M'),
        Architecture::V81M => (21, b'M'),
    };
    elf(ARM, &[(needs.start, &vectors(needs.start, 0x2000_1000))], Some(numbers))
}

fn found(core: Core, file: &[u8]) -> String {
    core.needs().check(file).unwrap_err()
}

#[test]
fn a_core_takes_programs_for_itself_and_for_smaller_ones_that_start_where_it_does() {
    let taken = Core::ALL.map(|core| {
        let takes = |other: &Core| core.needs().check(&fitting(*other)).is_ok();
        let names: Vec<_> = Core::ALL.into_iter().filter(takes).map(Core::name).collect();
        format!("{}: {}", core.name(), names.join(" "))
    });
    let expected = [
        "M0: M0",
        "M3: M0 M3",
        "M4: M0 M3 M4 M7",
        "M7: M0 M3 M4 M7",
        "M33: M33",
        "M55: M0 M3 M4 M7 M55",
        "RV32IMC: RV32IMC",
    ];
    assert_eq!(taken, expected);
}

#[test]
fn a_program_for_a_larger_or_another_core_is_named() {
    assert_eq!(found(Core::M0, &fitting(Core::M4)), "one for Armv7E-M");
    assert_eq!(found(Core::M4, &fitting(Core::M55)), "one for Armv8.1-M");
    assert_eq!(found(Core::M4, &fitting(Core::Rv32imc)), "one for RISC-V");
    assert_eq!(found(Core::Rv32imc, &fitting(Core::M4)), "one for Arm");
    assert_eq!(found(Core::M0, &elf(3, &[], None)), "one for another machine (number 3 of ELF)");
    let application_core = elf(ARM, &[(0, &vectors(0, 0x2000_1000))], Some((10, b'A')));
    let message = "one for an Arm core that is no Cortex-M (architecture 10 of the build attributes)";
    assert_eq!(found(Core::M7, &application_core), message);
}

#[test]
fn a_program_without_attributes_is_judged_by_its_addresses() {
    let program = |start, stack| elf(ARM, &[(start, &vectors(start, stack))], None);
    assert!(Core::M0.needs().check(&program(0, 0x2000_4000)).is_ok());
    let message = "one with its stack below 0x20040000, where the board has no memory";
    assert_eq!(found(Core::M0, &program(0, 0x2004_0000)), message);
    let message = "one that has nothing at 0x10000000, where the core starts";
    assert_eq!(found(Core::M33, &program(0, 0x2000_1000)), message);
    let message = "one that fills 12 bytes from 0x08000000 on, where the board has not so much memory";
    assert_eq!(found(Core::M4, &program(0x0800_0000, 0x2000_1000)), message);

    let mut arm_code = vectors(0, 0x2000_1000);
    arm_code[4] -= 1;
    let message = "one whose reset vector, 0x00000008, is not the address of Thumb code in it";
    assert_eq!(found(Core::M3, &elf(ARM, &[(0, &arm_code)], None)), message);
    assert_eq!(
        found(Core::Rv32imc, &elf(RISCV, &[(0x8000_1000, &[0; 4])], None)),
        "one that has nothing at 0x80000000, where the core starts"
    );
}

#[test]
fn a_program_larger_than_the_flash_is_refused() {
    let mut program = vectors(0, 0x2000_1000);
    program.resize(0x4_0000, 0);
    assert!(Core::M0.needs().check(&elf(ARM, &[(0, &program)], None)).is_ok());
    program.push(0);
    let message = "one that fills 262145 bytes from 0x00000000 on, where the board has not so much memory";
    assert_eq!(found(Core::M0, &elf(ARM, &[(0, &program)], None)), message);
}

#[test]
fn a_file_that_is_no_linked_program_is_named() {
    let program = fitting(Core::M4);
    let with = |at: usize, byte| {
        let mut file = program.clone();
        file[at] = byte;
        found(Core::M4, &file)
    };
    assert_eq!(found(Core::M4, b""), "an empty file");
    assert_eq!(found(Core::M4, b"#!/bin/sh\n"), "a file that is not ELF");
    assert_eq!(with(4, 2), "an ELF file that is not of 32 bits");
    assert_eq!(with(5, 2), "a big-endian ELF file");
    assert_eq!(with(16, 1), "an ELF file that is no linked program");
    assert!(found(Core::M4, &program[..40]).starts_with("a damaged ELF file ("));
    assert!(found(Core::M4, &program[..60]).starts_with("a damaged ELF file ("));
}

/// Every core, on the way to a verdict about a file.
fn judge(file: &[u8]) {
    for core in Core::ALL {
        if let Err(found) = core.needs().check(file) {
            assert!(!found.to_string().is_empty());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        judge(&bytes);
        // As far as the header goes, an ELF file.
        judge(&[&fitting(Core::M4)[..52], &bytes].concat());
    }

    #[test]
    fn any_change_of_a_program_is_judged(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        length in any::<prop::sample::Index>(),
    ) {
        for core in [Core::M4, Core::Rv32imc] {
            let mut file = fitting(core);
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            judge(&file);
            file.truncate(length.index(file.len()));
            judge(&file);
        }
    }
}
