/* What the image needs of an RP2040's boot ROM, in place of Raspberry Pi's own.

   After a reset, the ROM copies the second stage from the start of flash to the end of RAM and starts it there with
   LR = 0, which tells it to start the program. Later the program looks functions up by two letters: it finds the table
   and the function that searches it by the half-words at 0x14 and 0x18. rp2040-hal wants those here; a lookup of any
   other returns 0.

   The real ROM checks the second stage's checksum before it starts it. The emulator does that, in image.mjs. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ FLASH, 0x10000000
    .equ STAGE_2, 0x20041f00        /* The last 256 bytes of RAM. */
    .equ STAGE_2_BYTES, 256

    .org 0
    .word STAGE_2                   /* The stack, below the second stage. */
    .word reset + 1

    .org 0x10
    .byte 'M', 'u', 1               /* The magic number and the layout's version. */
    .byte 2                         /* The version of a chip of step B1. */
    .hword functions                /* 0x14 */
    .hword 0                        /* 0x16: no data. */
    .hword lookup + 1               /* 0x18 */

    .balign 4
functions:
    .ascii "MC"
    .hword copy + 1
    .ascii "C4"
    .hword copy_words + 1
    .ascii "MS"
    .hword set + 1
    .ascii "S4"
    .hword set_words + 1
    .ascii "L3"
    .hword leading_zeros + 1
    .hword 0

    .balign 2
    .thumb_func
reset:
    ldr r0, =STAGE_2
    ldr r1, =FLASH
    ldr r2, =STAGE_2_BYTES
    bl copy
    ldr r0, =STAGE_2 + 1
    movs r1, #0
    mov lr, r1
    bx r0

/* Returns the function in table r0 whose two letters are r1, or 0. */
    .thumb_func
lookup:
    ldrh r2, [r0]
    cmp r2, #0
    beq 1f
    ldrh r3, [r0, #2]
    adds r0, #4
    cmp r1, r2
    bne lookup
    mov r0, r3
    bx lr
1:  movs r0, #0
    bx lr

/* Copies r2 bytes from r1 to r0, and returns r0. copy_words does it by words, as far as it can. */
    .thumb_func
copy_words:
    push {r0, lr}
1:  subs r2, #4
    bcc 2f
    ldmia r1!, {r3}
    stmia r0!, {r3}
    b 1b
2:  adds r2, #4
    bl copy
    pop {r0, pc}

    .thumb_func
copy:
    mov r12, r0
1:  subs r2, #1
    bcc 2f
    ldrb r3, [r1]
    strb r3, [r0]
    adds r0, #1
    adds r1, #1
    b 1b
2:  mov r0, r12
    bx lr

/* Sets r2 bytes from r0 on to r1, and returns r0. set_words does it by words, as far as it can. */
    .thumb_func
set_words:
    push {r0, lr}
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
1:  subs r2, #4
    bcc 2f
    stmia r0!, {r1}
    b 1b
2:  adds r2, #4
    bl set
    pop {r0, pc}

    .thumb_func
set:
    mov r12, r0
1:  subs r2, #1
    bcc 2f
    strb r1, [r0]
    adds r0, #1
    b 1b
2:  mov r0, r12
    bx lr

/* Returns how many of the upper bits of r0 are 0. */
    .thumb_func
leading_zeros:
    movs r1, #32
    cmp r0, #0
    beq 2f
    movs r1, #0
1:  cmp r0, #0
    bmi 2f
    adds r1, #1
    lsls r0, #1
    b 1b
2:  mov r0, r1
    bx lr

    .balign 4
    .pool
