/* Runs the threads of a kernel that does not wait: one after another, each to its end. */
void run(const struct task *given) {
    task = given;
    u32 shared = STATIC_SHARED + task->dynamic_shared;
    shared_size = shared;
    u32 threads = task->block[0] * task->block[1] * task->block[2];
    u64 blocks = (u64)task->grid[0] * task->grid[1] * task->grid[2];
    u8 *S = aligned_alloc(256, (shared + 256) / 256 * 256);
    static struct kept kept;
    start_tracking();
    for (u64 n = 0; n < blocks; n++) {
        u64 block = task->reverse ? blocks - 1 - n : n;
        struct position at;
        place_block(&at, block);
        memset(S, 0xff, shared);
        for (u32 i = 0; i < threads; i++) {
            place_thread(&at, task->reverse ? threads - 1 - i : i);
            thread(at, S, &kept);
        }
    }
    end_tracking();
    free(S);
}
