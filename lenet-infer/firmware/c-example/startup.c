// Start-up code for a Cortex-M or an RV32 core, and the functions that main prints with.

#include "semihosting.h"
#include <stddef.h>

int main(void);

// From the linker script.
extern uint32_t stack_top, data_start, data_end, data_source, bss_start, bss_end;

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static void semihosting(int operation, const void *argument) {
#ifdef __riscv
    register int a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    // The three instructions in this order are the call, uncompressed and within a page.
    __asm__ volatile(".option push\n .option norvc\n .balign 16\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
#else
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
#endif
}

void print(const char *text) { semihosting(SYS_WRITE0, text); }

void print_number(int32_t number) {
    char text[12];
    char *at = text + sizeof text;
    uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    *--at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    print(at);
}

void leave(int status) {
    const uint32_t block[] = {APPLICATION_EXIT, (uint32_t)status};
    semihosting(SYS_EXIT_EXTENDED, block);
    for (;;)
        ;
}

static _Noreturn void start(void) {
    for (uint32_t *to = &data_start, *from = &data_source; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    leave(main());
}

static __attribute__((aligned(4))) _Noreturn void fault(void) {
    print("fault\n");
    leave(1);
}

#ifdef __riscv

// The core starts here, at the first address, and comes back for a fault.
__attribute__((naked, section(".vectors"), used)) void reset(void) {
    __asm__ volatile("la sp, stack_top\n la t0, %0\n csrw mtvec, t0\n tail %1" : : "i"(fault), "i"(start));
}

#else

_Noreturn void reset(void) {
#if defined __ARM_FP || defined __ARM_FEATURE_MVE
    // The floating-point registers, which the vector registers overlap.
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
#endif
    start();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    &stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};

#endif
