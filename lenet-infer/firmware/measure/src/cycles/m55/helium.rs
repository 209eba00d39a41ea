//! The instructions of Armv8.1-M, of which Helium is here.
//!
//! The disassembler does not know them, so their fields are read from the encodings. Those on floating-point lanes, which
//! the measured programs do not have, count as the slowest.

use super::{Access, PREDICATE, Registers, Unit, Work, core, vector};

/// Cycles of the two beats of a vector instruction.
const BEATS: u64 = 2;
/// Cycles until a sum across a vector can be read, one less where a vector instruction or a store reads it \[L\].
const SUM: u64 = 3;
/// Cycles until a vector can be read whose lanes were narrowed \[L\].
const NARROWED: u64 = 3;
/// The most cycles until the largest or the smallest lane can be read \[L\].
const EXTREME: u64 = 4;

/// Returns what the instruction at `address` does, or `None` if it is not one of these.
pub(super) fn work(address: u32, bytes: &[u8]) -> Option<Work> {
    let [a, b, c, d, ..] = *bytes else { return None };
    let (first, second) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    let fields = Fields { first: first.into(), second: second.into() };
    fields
        .of_loop(address)
        .or_else(|| fields.on_core_registers())
        .or_else(|| fields.between_registers())
        .or_else(|| fields.in_memory())
        .or_else(|| fields.reduction())
        .or_else(|| fields.with_scalar())
        .or_else(|| fields.lane_by_lane())
}

/// An instruction of four bytes.
pub(super) fn long(reads: Registers, writes: Registers, latency: u64) -> Work {
    Work { reads, writes: vec![(writes, latency)], ..Work::new(4) }
}

/// A vector instruction on registers.
fn beats(unit: Unit, reads: Registers, writes: Registers, latency: u64) -> Work {
    Work { unit: Some((unit, BEATS)), ..long(reads, writes, latency) }
}

/// The two halves of an encoding.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) first: u32,
    pub(super) second: u32,
}

impl Fields {
    /// The core register or the number in four bits of the first half.
    pub(super) fn n(self) -> usize {
        (self.first & 15) as usize
    }

    /// The core register in the top bits of the second half.
    pub(super) fn t(self) -> usize {
        (self.second >> 12) as usize
    }

    /// The core register in the lowest bits of the second half.
    pub(super) fn m(self) -> usize {
        (self.second & 15) as usize
    }

    /// The register with an even number that a sum is added to.
    fn sum(self) -> Registers {
        core((self.second >> 13 << 1) as usize)
    }

    fn qd(self) -> Registers {
        vector((self.second >> 13) as usize)
    }

    fn qn(self) -> Registers {
        vector((self.first >> 1) as usize)
    }

    fn qm(self) -> Registers {
        vector((self.second >> 1) as usize)
    }

    /// Bits 8 to 11 of the second half.
    fn group(self) -> u32 {
        self.second >> 8 & 15
    }

    /// Moves of the predicate, of lanes, and of a core register to all lanes.
    fn between_registers(self) -> Option<Work> {
        let Self { first, second } = self;
        let to_core = first & 0x0010 != 0;
        if first & 0xFFE0 == 0xEEE0 && second & 0x0FFF == 0x0A10 {
            let (from, to) = (PREDICATE, core(self.t()));
            let (reads, writes) = if to_core { (from, to) } else { (to, from) };
            return Some(Work { unit: Some((Unit::Multiply, 1)), ..long(reads, writes, 1) });
        }
        if first & 0xFF00 == 0xEE00 && second & 0x0F1F == 0x0B10 {
            return Some(match (to_core, first & 0x0080 != 0) {
                (true, _) => beats(Unit::Multiply, self.qn(), core(self.t()), 1),
                // To all lanes.
                (false, true) => beats(Unit::Integer, core(self.t()), self.qn(), 1),
                // To a lane, by either unit [L].
                (false, false) => beats(Unit::Integer, core(self.t()) | self.qn(), self.qn(), 1),
            });
        }
        (first & 0xFFA0 == 0xEC00 && second & 0x1F00 == 0x0F00).then(|| {
            let both = core(self.n()) | core(self.m());
            if first & 0x0010 == 0 {
                beats(Unit::Multiply, self.qd(), both, 1)
            } else {
                beats(Unit::Integer, self.qd() | both, self.qd(), 1)
            }
        })
    }

    /// Loads and stores.
    fn in_memory(self) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xEE00 != 0xEC00 || second & 0x0E00 != 0x0E00 {
            return None;
        }
        let access = if first & 0x0010 == 0 { Access::Store } else { Access::Load };
        let (before, after) = (first & 0x0100 != 0, first & 0x0020 != 0);
        if first & 0x0040 != 0 {
            // The predicate.
            let (reads, writes) = if access == Access::Load { (0, PREDICATE) } else { (PREDICATE, 0) };
            let work = long(reads | core(self.n()), writes, 2);
            return Some(Work { unit: Some((Unit::Memory, 1)), access, ..work });
        }
        let wide = second & 0x1000 != 0;
        let from_vector = first & 0xFF00 == 0xFD00 && wide;
        let interleaved = first & 0xFF00 == 0xFC00 && wide;
        let scattered = from_vector || !before && !after;
        let base = match (from_vector, scattered || wide) {
            (true, _) => 0,
            (false, true) => core(self.n()),
            // Where elements change their size, it has three bits, and the fourth is the size.
            (false, false) => core(self.n() & 7),
        };
        let moved = match (from_vector, after) {
            (_, false) => 0,
            (true, true) => self.qn(),
            (false, true) => base,
        };
        let latency = match (interleaved, scattered) {
            (true, _) => 2,      // 1 [L], 2 [S]
            (false, true) => 2,  // [L]
            (false, false) => 1, // [L]
        };
        let mut reads = base;
        let mut writes = vec![(moved, 1)];
        match (access, interleaved) {
            (Access::Load, false) => writes.push((self.qd(), latency)),
            // Each writes a part of two or four registers.
            (Access::Load, true) => {
                let all = self.several();
                reads |= all;
                writes.push((all, latency));
            }
            (_, true) => reads |= self.several(),
            (_, false) => reads |= self.qd(),
        }
        let mut work = Work { access, reads, writes, unit: Some((Unit::Memory, BEATS)), ..Work::new(4) };
        // By [H] an access that is not aligned takes one more where it is as wide as the bus: one of each beat.
        work.unaligned = if interleaved { 2 } else { 1 };
        if scattered && !interleaved {
            // Two elements per cycle from the tightly-coupled data memory, if they are in different banks; one from others [H].
            // Addresses in a vector are those of words or double words.
            let size = if from_vector { 2 | second >> 8 & 1 } else { second >> 7 & 3 };
            let elements = 16 >> size;
            work.unit = Some((Unit::Memory, elements));
            work.cycles = elements;
            work.unaligned = 0;
            work.offsets = if from_vector { self.qn() } else { self.qm() };
        }
        Some(work)
    }

    /// The registers of an interleaving load or store: two or four, of which the first one is given.
    fn several(self) -> Registers {
        let count = if self.second & 1 == 0 { 2 } else { 4 };
        (0..count).fold(0, |all, more| all | vector((self.second >> 13) as usize + more))
    }

    /// Sums across a vector, extremes, and shifts by a constant that change the size of lanes.
    fn reduction(self) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xEF80 != 0xEE80 || second & 0x0E10 != 0x0E00 {
            return None;
        }
        let has_scalar = first & 0x0070 == 0x0060;
        Some(match (self.group(), second >> 6 & 3, second & 1) {
            // To lanes of twice the size: 1 [L], 2 [S].
            (15, 1, _) => beats(Unit::Integer, self.qm(), self.qd(), 2),
            // A shift of the whole vector, with bits from a core register.
            (15, 3, _) if first & 0xFFE0 == 0xEEA0 => {
                let both = self.qd() | core(self.m());
                beats(Unit::Integer, both, both, 1)
            }
            (15, 3, _) => beats(Unit::Integer, self.qd() | self.qm(), self.qd(), NARROWED),
            (15, _, 0) if has_scalar => {
                beats(Unit::Integer, self.qm() | core(self.t()), core(self.t()), EXTREME)
            }
            // A sum of absolute differences [L].
            (15, _, 1) => {
                let reads = self.qn() | self.qm() | core(self.t());
                beats(Unit::Integer, reads, core(self.t()), 3)
            }
            (group, ..) => {
                let high = first >> 4 & 7;
                let sum = self.sum() | if high == 7 { 0 } else { core((high << 1 | 1) as usize) };
                let of_products = group == 14 || first & 1 == 0;
                let others =
                    if of_products { self.qn() } else { 0 } | if second & 0x0020 == 0 { 0 } else { sum };
                // Two registers are read a cycle later [S].
                let sums = high == 7;
                Work { sums, ..beats(Unit::Multiply, self.qm() | others, sum, SUM) }
            }
        })
    }

    /// Arithmetic with a core register or of lanes of two sizes, comparisons and selections.
    fn with_scalar(self) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xEE80 != 0xEE00 || second & 0x0E00 != 0x0E00 {
            return None;
        }
        let top = first & 0x0030 == 0x0030;
        let (qd, qn, qm) = (self.qd(), self.qn(), self.qm());
        let other = if second & 0x0040 == 0 { qm } else { core(self.m()) };
        let is_odd = first & 1 != 0;
        Some(if self.group() == 15 {
            match (is_odd, first & 0x1000 != 0) {
                // The condition of a block, or its opposite: a unit of its own, one cycle [L].
                (true, true) if top && second & 0x0FFF == 0x0F4D => long(PREDICATE, PREDICATE, 1),
                (true, true) if top => beats(Unit::Integer, qn | qm | PREDICATE, qd, 1),
                (true, true) => beats(Unit::Multiply, qn | other | PREDICATE, PREDICATE, 1),
                // A sequence, which may wrap at a core register.
                (true, false) if second & 0x0070 == 0x0060 => {
                    let start = core((first >> 1 << 1) as usize & 14);
                    let limit = second >> 1 & 7;
                    let limit = if limit == 7 { 0 } else { core((limit << 1 | 1) as usize) };
                    beats(Unit::Integer, start | limit, qd | start, 1)
                }
                _ => beats(Unit::Integer, qn | other, qd, 1),
            }
        } else {
            match (second & 0x0060, top) {
                // A shift by a core register: 1 alone, 2 with rounding or saturation [L].
                (0x0060, true) => {
                    let is_plain = first & 3 == 1 && second & 0x0080 == 0;
                    beats(Unit::Integer, qd | other, qd, if is_plain { 1 } else { 2 })
                }
                (0x0060, false) => beats(Unit::Multiply, qn | other, qd, 2),
                (0x0040, _) => beats(Unit::Multiply, qd | qn | other, qd, 2),
                (_, true) if is_odd && second & 1 != 0 => beats(Unit::Integer, qd | qm, qd, NARROWED),
                _ if is_odd => beats(Unit::Multiply, qn | qm, qd, 2),
                _ => beats(Unit::Multiply, qd | qn | qm, qd, 2),
            }
        })
    }

    /// Arithmetic of lanes as in Neon.
    fn lane_by_lane(self) -> Option<Work> {
        let Self { first, second } = self;
        if first & 0xEF00 != 0xEF00 {
            return None;
        }
        let (qd, qn, qm) = (self.qd(), self.qn(), self.qm());
        let bit_4 = second & 0x0010 != 0;
        let inserts = first & 0x1000 != 0;
        Some(match (first & 0x0080 != 0, self.group()) {
            // A constant: 2 in the multiplier [L], 1 in either unit [S].
            (true, group) if bit_4 && first & 0x0038 == 0 => {
                let changes = second & 0x0100 != 0 && group < 12;
                beats(Unit::Multiply, if changes { qd } else { 0 }, qd, 2)
            }
            // Shifts by a constant: with insertion 1 [L], 2 [S]; with rounding or saturation 2 [L].
            (true, 4 | 5) if bit_4 && inserts => beats(Unit::Integer, qd | qm, qd, 2),
            (true, 0 | 5) if bit_4 => beats(Unit::Integer, qm, qd, 1),
            (true, 2 | 4 | 6 | 7) if bit_4 => beats(Unit::Integer, qm, qd, 2),
            // Of one vector. Those on whole numbers take 1 [L].
            (true, group) if !bit_4 && first & 0xFFB2 == 0xFFB0 && group != 7 => {
                beats(Unit::Integer, qm, qd, 1)
            }
            (true, _) => beats(Unit::Multiply, qd | qm, qd, EXTREME),
            (false, 0..=3 | 6..=8) => beats(Unit::Integer, qn | qm, qd, 1),
            (false, 4) if !bit_4 => beats(Unit::Integer, qn | qm, qd, 1),
            (false, 4 | 5) => beats(Unit::Integer, qn | qm, qd, 2),
            (false, 9 | 11) => beats(Unit::Multiply, qn | qm, qd, 2),
            (false, _) => beats(Unit::Multiply, qd | qn | qm, qd, EXTREME),
        })
    }
}
