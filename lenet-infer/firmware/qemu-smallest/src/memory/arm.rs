//! The functions that the compiler calls to copy and to clear memory, a byte at a time: in 32 bytes, where those that come
//! with it take 870 because they are made for speed. A row of the image is all that is copied often.

use core::arch::global_asm;

global_asm!(
    ".section .text.memory, \"ax\", %progbits",
    ".macro function name",
    ".global \\name",
    ".thumb_func",
    "\\name:",
    ".endm",
    // r0 the memory, r1 the number of bytes.
    "function __aeabi_memclr",
    "function __aeabi_memclr4",
    "movs r2, #0",
    "b 3f",
    "2:",
    "strb r2, [r0, r1]",
    "3:",
    "subs r1, #1",
    "bhs 2b",
    "bx lr",
    // r0 where to, r1 where from, r2 the number of bytes.
    "function __aeabi_memcpy",
    "function __aeabi_memcpy4",
    "b 3f",
    "2:",
    "ldrb r3, [r1, r2]",
    "strb r3, [r0, r2]",
    "3:",
    "subs r2, #1",
    "bhs 2b",
    "bx lr",
    ".purgem function",
);
