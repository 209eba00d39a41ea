/* What a translated kernel is compiled with: types, and what the driver gives to `run`. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned __int128 u128;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef __int128 s128;

#define INLINE static inline __attribute__((always_inline, unused))
#define RARE static __attribute__((noinline, cold, unused))

/* A launch. The same as `Task` in src/compile.rs. */
struct task {
    const u8 *params;
    /* The address of each variable of the module. */
    const u64 *globals;
    u32 grid[3];
    u32 block[3];
    u32 dynamic_shared;
    /* Whether blocks and threads run in descending order. */
    u32 reverse;
    /* Prints why, and ends the program. */
    void (*stop)(const char *why);
    /* Which block runs, for messages. */
    volatile u32 *now;
};

/* Which thread runs. `index` counts within the block. */
struct position {
    u32 tid_x, tid_y, tid_z;
    u32 ctaid_x, ctaid_y, ctaid_z;
    u32 index;
};

/* Why a thread waits, and what it brings and gets. */
enum kind {
    BARRIER, WARP_BARRIER,
    SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_BFLY, SHUFFLE_IDX,
    VOTE_ALL, VOTE_ANY, VOTE_UNI, VOTE_BALLOT,
    REDUCE_ADD, REDUCE_MIN, REDUCE_MAX, REDUCE_MIN_SIGNED, REDUCE_MAX_SIGNED, REDUCE_AND, REDUCE_OR, REDUCE_XOR
};
struct exchange {
    enum kind kind;
    /* The threads of the warp that take part; the number of a block's barrier. */
    u32 mask;
    u32 value, b, c;
};

static const struct task *task;

RARE __attribute__((noreturn)) void stop(const char *why) {
    task->stop(why);
    abort();
}

/* What `assert` in a kernel calls: addresses of strings. */
RARE __attribute__((noreturn)) void assertion_failed(struct position at, u8 *what, u8 *file, u8 *line, u8 *function, u8 *size) {
    static char text[1000];
    (void)size;
    snprintf(text, sizeof text, "%s:%u: %s: thread (%u, %u, %u): the assertion `%s` failed", *(char **)file, *(u32 *)line,
             *(char **)function, at.tid_x, at.tid_y, at.tid_z, *(char **)what);
    stop(text);
}
