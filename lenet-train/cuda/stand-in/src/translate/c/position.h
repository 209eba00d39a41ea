/* Which block and which thread run. */

INLINE void place_block(struct position *at, u64 block) {
    at->ctaid_x = task->now[0] = block % task->grid[0];
    at->ctaid_y = task->now[1] = block / task->grid[0] % task->grid[1];
    at->ctaid_z = task->now[2] = block / task->grid[0] / task->grid[1];
#if FIND_RACES
    block_time++;
#endif
}

INLINE void place_thread(struct position *at, u32 index) {
    at->index = index;
    at->tid_x = index % task->block[0];
    at->tid_y = index / task->block[0] % task->block[1];
    at->tid_z = index / task->block[0] / task->block[1];
}

INLINE void start_tracking(void) {
#if FIND_RACES
    uses = calloc(shared_size + 1, sizeof *uses);
    block_time = 0;
    memset(warp_times, 0, sizeof warp_times);
#endif
}

INLINE void end_tracking(void) {
#if FIND_RACES
    free(uses);
#endif
}
