//! The instructions of Armv8.1-M as steps: Helium, low-overhead loops and conditional selects.
//!
//! The disassembler does not know them. None can move the stack pointer, and few write a core register, so the fields of
//! an encoding are enough. Where several instructions share fields, a register counts as written if one of them writes
//! it. What is known about that register is then lost, which makes a bound an error at worst, and never too small.

use crate::step::{Flow, Operation, Register, Step, Target};

const STACK: Register = 13;
const LINK: Register = 14;

/// Returns the step of the instruction at `address`, or `None` if it is not one of these.
pub(crate) fn step(address: u32, bytes: &[u8]) -> Option<Step> {
    let [a, b, c, d, ..] = *bytes else { return None };
    let (first, second) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    let fields = Fields { first, second };
    fields.loop_step(address).or_else(|| Some(next(fields.written()?)))
}

/// A step to the next instruction, with writes of unknown values.
fn next(written: Vec<Register>) -> Step {
    let writes = written.into_iter().filter(|to| *to < STACK || *to == LINK);
    let writes = writes.map(|to| (to, Operation::Other)).collect();
    Step { length: 4, conditional: false, flow: Flow::Next, writes }
}

/// The two halves of an encoding.
#[derive(Clone, Copy)]
struct Fields {
    first: u16,
    second: u16,
}

impl Fields {
    /// The register or number in `bits` bits of the first half, from bit `from` on.
    fn of_first(self, from: u32, bits: u32) -> Register {
        usize::from(self.first >> from) & ((1 << bits) - 1)
    }

    /// The same of the second half.
    fn of_second(self, from: u32, bits: u32) -> Register {
        usize::from(self.second >> from) & ((1 << bits) - 1)
    }

    /// The base of a load or store. Where elements change their size, it has three bits, and the fourth is the size.
    fn base(self) -> Register {
        if self.second & 0x1000 == 0 { self.of_first(0, 3) } else { self.of_first(0, 4) }
    }

    /// The instructions of a low-overhead loop, whose first half is 0xF000 with a size or an option and a register.
    fn loop_step(self, address: u32) -> Option<Step> {
        if self.first & 0xFF80 != 0xF000 {
            return None;
        }
        let distance = u32::from(self.second & 0x07FE) << 1 | u32::from(self.second >> 10 & 2);
        let is_end = self.of_first(0, 4) == 15;
        match self.second & 0xF001 {
            // LE and LETP jump back, or go on to the next instruction.
            0xC001 if is_end => Some(branch((address + 4).wrapping_sub(distance))),
            // WLS and WLSTP jump over the loop, or go on into it.
            0xC001 => Some(branch(address + 4 + distance)),
            // DLS and DLSTP set the counter; LCTP and VCTP write no register.
            0xE001 => Some(next(vec![LINK])),
            _ => None,
        }
    }

    /// The core registers that may be written by any other instruction of these, or `None` if it is not one.
    fn written(self) -> Option<Vec<Register>> {
        let Self { first, second } = self;
        if first & 0xFFF0 == 0xEA50 {
            // A select cannot read register 13, whose number is that of a long shift by a register.
            let selects = second & 0xC000 == 0x8000 && second & 0x000F != 0x000D;
            let shifts_long = second & 0x800D == 0x000D || second & 0x000F == 0x000D;
            return match (selects, shifts_long) {
                (true, _) => Some(vec![self.of_second(8, 4)]),
                (_, true) => Some(vec![self.of_second(8, 4), self.of_first(0, 4) & !1]),
                _ => None,
            };
        }
        // VMRS and VMSR, which move the predicate as well, and moves between a core register and lanes.
        let predicate = first & 0xFFE0 == 0xEEE0 && second & 0x0FFF == 0x0A10;
        let lane = first & 0xFF00 == 0xEE00 && second & 0x0F1F == 0x0B10;
        if predicate || lane {
            return Some(if first & 0x0010 == 0 { vec![] } else { vec![self.of_second(12, 4)] });
        }
        // Vectors only, as in Neon.
        if first & 0xEF00 == 0xEF00 {
            return Some(vec![]);
        }
        // What is left are the encodings of coprocessors 14 and 15 in both spaces.
        if first & 0xEC00 != 0xEC00 || second & 0x0E00 != 0x0E00 {
            return None;
        }
        let is_memory = first & 0x0200 == 0;
        let has_lanes = first & 0xFFA0 == 0xEC00 && second & 0x1F00 == 0x0F00;
        Some(match (is_memory, has_lanes) {
            (true, true) if first & 0x0010 == 0 => vec![self.of_first(0, 4), self.of_second(0, 4)],
            (true, true) => vec![],
            // A base register that moves.
            (true, false) if first & 0x0020 != 0 => vec![self.base()],
            (true, false) => vec![],
            // Sums of vectors, alone or as the lower of two; the upper of two; what is shifted in.
            (false, _) if first & 0x0080 != 0 => {
                let shifted_in = if second & 0x1FF0 == 0x0FC0 { self.of_second(0, 4) } else { STACK };
                let sum = self.of_second(13, 3) << 1;
                vec![self.of_second(12, 4), sum, self.of_first(4, 3) << 1 | 1, shifted_in]
            }
            // The start of a sequence, which moves on.
            (false, _) if first & 1 != 0 && second & 0x0F70 == 0x0F60 => vec![self.of_first(1, 3) << 1],
            (false, _) => vec![],
        })
    }
}

fn branch(to: u32) -> Step {
    let writes = vec![(LINK, Operation::Other)];
    Step { length: 4, conditional: true, flow: Flow::Jump(Target::Address(to)), writes }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the step of an instruction at 0x100.
    fn at_0x100(first: u16, second: u16) -> Option<Step> {
        let [[a, b], [c, d]] = [first, second].map(u16::to_le_bytes);
        step(0x100, &[a, b, c, d])
    }

    fn written(first: u16, second: u16) -> Vec<Register> {
        let step = at_0x100(first, second).unwrap();
        assert_eq!((step.flow, step.conditional, step.length), (Flow::Next, false, 4));
        step.writes.into_iter().map(|(to, _)| to).collect()
    }

    fn goes_to(first: u16, second: u16) -> Flow {
        let step = at_0x100(first, second).unwrap();
        assert!(step.conditional);
        step.flow
    }

    #[test]
    fn the_end_of_a_loop_jumps_back_and_its_head_over_it() {
        let to = |address| Flow::Jump(Target::Address(address));
        assert_eq!(goes_to(0xF00F, 0xC003), to(0x100)); // le lr, .
        assert_eq!(goes_to(0xF01F, 0xC005), to(0xFC)); // letp lr, .-4
        assert_eq!(goes_to(0xF043, 0xC03F), to(0x180)); // wls lr, r3, .+128
        assert_eq!(goes_to(0xF00F, 0xC803), to(0xFE)); // le lr, .-2
    }

    #[test]
    fn the_start_of_a_loop_writes_its_counter() {
        assert_eq!(written(0xF041, 0xE001), [LINK]); // dls lr, r1
        assert_eq!(written(0xF006, 0xE001), [LINK]); // dlstp.8 lr, r6
    }

    #[test]
    fn a_select_and_a_long_shift_write_their_results() {
        assert_eq!(written(0xEA51, 0x8002), [0]); // csel r0, r1, r2, eq
        assert_eq!(written(0xEA5F, 0x930F), [3]); // cset r3, ne
        assert_eq!(written(0xEA54, 0x175F), [7, 4]); // lsrl r4, r7, #5
        assert_eq!(written(0xEA52, 0x432D), [3, 2]); // asrl r2, r3, r4
        assert_eq!(written(0xEA54, 0xA50D), [5, 4]); // lsll r4, r5, r10
    }

    #[test]
    fn sums_counters_lanes_and_bases_that_move_are_written() {
        assert!(written(0xEEF0, 0xCF22).contains(&12)); // vmladava.s8 r12, q0, q1
        assert!(written(0xEEF0, 0xEF02).contains(&LINK)); // vmladav.s8 lr, q0, q1
        assert!(written(0xEE03, 0x0F6E).contains(&2)); // vidup.u8 q0, r2, #1
        assert!([4, 7].iter().all(|to| written(0xEEB2, 0x4E04).contains(to))); // vmlaldav.s16 r4, r7, q1, q2
        assert!(written(0xEEA3, 0x0FC4).contains(&4)); // vshlc q0, r4, #3
        assert_eq!(written(0xEC09, 0x2F04), [9, 4]); // vmov r4, r9, q1[2], q1[0]
        assert_eq!(written(0xECB5, 0x1E10), [5]); // vldrb.u8 q0, [r5], #16
        assert_eq!(written(0xFCB5, 0x9F20), [5]); // vld21.32 {q4, q5}, [r5]!
        assert_eq!(written(0xFCBA, 0x0F04), [2]); // vldrh.u32 q0, [r2], #8
    }

    #[test]
    fn a_base_that_stays_and_lanes_that_are_set_leave_all_registers() {
        assert!(written(0xED9D, 0xFF34).is_empty()); // vldrw.u32 q7, [sp, #208]
        assert!(written(0xFC95, 0x9F00).is_empty()); // vld20.32 {q4, q5}, [r5]
        assert!(written(0xEC89, 0xCE8E).is_empty()); // vstrb.16 q6, [r9, q7]
        assert!(written(0xEC19, 0x2F04).is_empty()); // vmov q1[2], q1[0], r4, r9
        assert!(written(0xFF1C, 0xC65E).is_empty()); // vmin.u16 q6, q6, q7
    }

    #[test]
    fn a_predicate_and_a_lane_come_from_a_register_or_go_to_one() {
        assert!(written(0xEEED, 0x6A10).is_empty()); // vmsr p0, r6
        assert_eq!(written(0xEEFD, 0x6A10), [6]); // vmrs r6, p0
        assert!(written(0xEEF1, 0xFA10).is_empty()); // vmrs APSR_nzcv, fpscr
        assert_eq!(written(0xEE12, 0x3B10), [3]); // vmov.32 r3, q1[0]
        assert!(written(0xEEAE, 0x4B10).is_empty()); // vdup.32 q7, r4
    }

    #[test]
    fn what_the_disassembler_knows_is_left_to_it() {
        assert_eq!(at_0x100(0xED2D, 0x8B10), None); // vpush {d8-d15}
        assert_eq!(at_0x100(0xF000, 0xF802), None); // bl
        assert_eq!(at_0x100(0xF04F, 0x30FF), None); // mov.w r0, #-1
        assert_eq!(at_0x100(0xEA50, 0x0001), None); // orrs.w r0, r0, r1
        assert_eq!(at_0x100(0xE92D, 0x4FF0), None); // push.w {r4-r11, lr}
    }
}
