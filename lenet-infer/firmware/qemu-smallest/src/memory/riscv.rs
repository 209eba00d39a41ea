//! As `arm`, for the calls of this instruction set.

use core::arch::global_asm;

global_asm!(
    ".section .text.memory, \"ax\", %progbits",
    ".option push",
    ".option arch, +c",
    ".global memset",
    // a0 the memory, a1 the byte, a2 the number of bytes.
    "memset:",
    "add a3, a0, a2",
    "j 3f",
    "2:",
    "addi a3, a3, -1",
    "sb a1, 0(a3)",
    "3:",
    "bne a3, a0, 2b",
    "ret",
    ".global memcpy",
    // a0 where to, a1 where from, a2 the number of bytes.
    "memcpy:",
    "add a3, a0, a2",
    "add a1, a1, a2",
    "j 3f",
    "2:",
    "addi a3, a3, -1",
    "addi a1, a1, -1",
    "lbu a4, 0(a1)",
    "sb a4, 0(a3)",
    "3:",
    "bne a3, a0, 2b",
    "ret",
    ".option pop",
);
