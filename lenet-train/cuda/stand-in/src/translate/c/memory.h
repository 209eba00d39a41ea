/* Addresses. Those of global and local memory are the computer's own; those of shared memory count from the block's. */

static u32 shared_size;

/* A GPU refuses addresses that are no multiple of the access's size. */
INLINE u8 *in_memory(u64 address, u64 size) {
    if (__builtin_expect(address & (size - 1), 0)) stop("an address in memory that is not a multiple of the access's size");
    return (u8 *)address;
}

#if FIND_RACES
/* Who used a byte of shared memory last. Between two barriers of the block (`time`) its threads run at once, apart from
 * those of one warp that a barrier of the warp (`warp_time`) separates. */
struct use { u32 time, warp_time, thread; };
struct uses { struct use write, reads[2]; };
static struct uses *uses;
static u32 block_time, warp_times[32];

INLINE int at_once(const struct use *use, u32 thread) {
    return use->time == block_time && use->thread != thread &&
           (use->thread / 32 != thread / 32 || use->warp_time == warp_times[thread / 32]);
}
RARE __attribute__((noreturn)) void race(u32 at, u32 thread, u32 other) {
    static char text[200];
    snprintf(text, sizeof text, "threads %u and %u of the block use byte %u of shared memory without a barrier between them",
             other, thread, at);
    stop(text);
}
RARE void track(u32 at, u32 thread, int writes) {
    struct uses *u = &uses[at];
    struct use now = { block_time, warp_times[thread / 32], thread };
    if (at_once(&u->write, thread)) race(at, thread, u->write.thread);
    for (int i = 0; i < 2 && writes; i++)
        if (at_once(&u->reads[i], thread)) race(at, thread, u->reads[i].thread);
    if (writes) u->write = now;
    /* Two readers are enough to know that one is not the writer. */
    else if (!at_once(&u->reads[0], thread)) u->reads[0] = now;
    else u->reads[1] = now;
}
#endif

/* A place in shared memory that is read (0), written (1), or both at once by an atomic operation (2). */
INLINE u8 *in_shared(u8 *S, u32 thread, u32 at, u32 size, int use) {
    if (__builtin_expect(at & (size - 1), 0)) stop("an address in shared memory that is not a multiple of the access's size");
    if (__builtin_expect(at > shared_size || shared_size - at < size, 0)) stop("an address outside the block's shared memory");
#if FIND_RACES
    for (u32 i = 0; i < size && use < 2; i++) track(at + i, thread, use);
#endif
    return S + at;
}
