// A stand-in for Zephyr's header. The sample uses nothing of it but what it includes.

#ifndef ZEPHYR_KERNEL_H
#define ZEPHYR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif
