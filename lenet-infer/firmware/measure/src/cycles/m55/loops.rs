//! Low-overhead loops, conditional selects and long shifts.

use super::helium::{Fields, long};
use super::{FLAGS, LINK, PREDICATE, REFILL, Work, core};

impl Fields {
    /// Loops, whose instructions have 0xF000 with a size or an option and a register as their first half.
    pub(super) fn of_loop(self, address: u32) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xFF80 != 0xF000 {
            return None;
        }
        let distance = (second & 0x07FE) << 1 | second >> 10 & 2;
        match second & 0xF001 {
            // The end of a loop. Its first turn and its last are a branch [L]; in those between, it is not executed.
            // Assumed: the last costs as much as a branch.
            0xC001 if self.n() == 15 => {
                let start = (address + 4).wrapping_sub(distance);
                Some(Work { cycles: 1 + REFILL, ends_loop: Some(start), ..long(LINK, LINK, 1) })
            }
            // The start of one that may be skipped.
            0xC001 => Some(Work { taken: REFILL, ..long(core(self.n()), LINK, 1) }),
            // The number of lanes that are left.
            0xE001 if second & 0x0800 != 0 => Some(long(core(self.n()), PREDICATE, 1)),
            0xE001 => Some(long(core(self.n()), LINK, 1)),
            _ => None,
        }
    }

    /// Conditional selects and long shifts.
    pub(super) fn on_core_registers(self) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xFFF0 != 0xEA50 {
            return None;
        }
        // A select cannot read register 13, whose number is that of a long shift by a register.
        if second & 0xC000 == 0x8000 && second & 0x000F != 0x000D {
            let reads = core(self.n()) | core(self.m()) | FLAGS;
            return Some(long(reads, core((second >> 8) as usize), 1));
        }
        let shifts_long = second & 0x800D == 0x000D || second & 0x000F == 0x000D;
        shifts_long.then(|| {
            let both = core((second >> 8) as usize) | core(self.n() & !1);
            let by = if second & 0x000F == 0x000D { core(self.t()) } else { 0 };
            long(both | by, both, 2)
        })
    }
}
