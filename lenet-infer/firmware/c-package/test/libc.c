// What a compiler expects of every C library.

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int byte, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((char *)to)[i] = (char)byte;
    return to;
}
