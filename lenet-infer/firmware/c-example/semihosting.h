// Prints from an emulated board through the debugger's channel.

#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

void print(const char *text);
void print_number(int32_t number);
// Ends the emulation with this exit status.
__attribute__((noreturn)) void leave(int status);

#endif
