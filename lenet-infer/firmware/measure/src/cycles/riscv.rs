//! RV32IMC with two stages and a multiplier of one cycle, by the table of stalls in Ibex's reference guide.

use super::Cost;
use anyhow::{Context, Result};
use capstone::Insn;

/// The cycles of an instruction.
pub(super) fn cost(instruction: &Insn<'_>) -> Result<Cost> {
    let mnemonic = instruction.mnemonic().context("no mnemonic")?;
    let mnemonic = mnemonic.strip_prefix("c.").unwrap_or(mnemonic);
    let (cycles, taken) = match mnemonic {
        "lb" | "lbu" | "lh" | "lhu" | "lw" | "lwsp" | "sb" | "sh" | "sw" | "swsp" => (2, 0),
        "j" | "jal" | "jr" | "jalr" | "ret" => (2, 0),
        "mulh" | "mulhu" | "mulhsu" => (2, 0),
        "div" | "divu" | "rem" | "remu" => (37, 0),
        _ if ["beq", "bne", "blt", "bge", "bgt", "ble"].iter().any(|branch| mnemonic.starts_with(branch)) => {
            (1, 2)
        }
        _ => (1, 0),
    };
    let length = u32::try_from(instruction.len())?;
    Ok(Cost { length, alone: cycles, in_order: cycles, taken, ..Cost::default() })
}
