/* Runs the threads of a kernel that waits: each in turn up to where it waits, until those that it waits for are there. */

enum state { RUNS, WAITS, ENDED };
struct block {
    u32 threads;
    struct kept *kept;
    u8 *state;
};

RARE __attribute__((noreturn)) void stuck(const char *why, u32 thread, u32 other) {
    static char text[200];
    snprintf(text, sizeof text, "%s: threads %u and %u of the block", why, thread, other);
    stop(text);
}

/* What a thread of a warp gets from the others. `members` take part; of others a GPU promises nothing. */
static void give(struct block *b, u32 first, u32 members, u32 lane, struct exchange *got) {
    struct exchange *mine = &b->kept[first + lane].exchange;
    u32 clamp = mine->c & 31, segment = mine->c >> 8 & 31, from = lane, inside = 1, result = 0, count = 0;
    u32 highest = (lane & segment) | (clamp & ~segment);
    *got = *mine;
    switch (mine->kind) {
    case SHUFFLE_UP: from = lane - (mine->b & 31); inside = (s32)from >= (s32)highest; break;
    case SHUFFLE_DOWN: from = lane + (mine->b & 31); inside = from <= highest; break;
    case SHUFFLE_BFLY: from = lane ^ (mine->b & 31); inside = from <= highest; break;
    case SHUFFLE_IDX: from = (lane & segment) | (mine->b & 31 & ~segment); inside = from <= highest; break;
    default:
        for (u32 i = 0; i < 32; i++) {
            if (!(members >> i & 1)) continue;
            u32 value = b->kept[first + i].exchange.value;
            if (mine->kind <= VOTE_BALLOT) result |= (value != 0) << i;
            else if (!count) result = value;
            else switch (mine->kind) {
                case REDUCE_ADD: result += value; break;
                case REDUCE_MIN: result = min_u32(result, value); break;
                case REDUCE_MAX: result = max_u32(result, value); break;
                case REDUCE_MIN_SIGNED: result = min_s32(result, value); break;
                case REDUCE_MAX_SIGNED: result = max_s32(result, value); break;
                case REDUCE_AND: result &= value; break;
                case REDUCE_OR: result |= value; break;
                default: result ^= value;
            }
            count++;
        }
        if (mine->kind == VOTE_ALL) result = result == members;
        if (mine->kind == VOTE_ANY) result = result != 0;
        if (mine->kind == VOTE_UNI) result = result == 0 || result == members;
        got->value = result;
        return;
    }
    got->b = inside;
    if (!inside) from = lane;
    got->value = members >> from & 1 ? b->kept[first + from].exchange.value : 0xffffffffu;
}

/* Releases the threads that a thread of a warp waits for, itself among them, if all are there. */
static int release_members(struct block *b, u32 first, u32 lane) {
    struct exchange *mine = &b->kept[first + lane].exchange, got[32];
    u32 members = 0;
    if (!(mine->mask >> lane & 1)) stop("a thread of a warp waits for others, and is not in its own mask");
    for (u32 i = 0; i < 32 && first + i < b->threads; i++) {
        struct kept *other = &b->kept[first + i];
        if (!(mine->mask >> i & 1) || b->state[first + i] == ENDED) continue;
        if (b->state[first + i] != WAITS || other->place != b->kept[first + lane].place || other->exchange.mask != mine->mask) return 0;
        members |= 1u << i;
    }
    for (u32 i = 0; i < 32; i++)
        if (members >> i & 1) give(b, first, members, i, &got[i]);
    for (u32 i = 0; i < 32; i++) {
        if (!(members >> i & 1)) continue;
        b->kept[first + i].exchange = got[i];
        b->state[first + i] = RUNS;
    }
#if FIND_RACES
    if (got[lane].kind == WARP_BARRIER) warp_times[first / 32]++;
#endif
    return 1;
}

/* Releases all of a block's threads, which must wait at one barrier. Each gets the sum of what they bring, and how many
 * they are. */
static void release_block(struct block *b) {
    u32 first = b->threads, sum = 0, count = 0;
    for (u32 i = 0; i < b->threads; i++) {
        if (b->state[i] == ENDED) continue;
        if (first == b->threads) first = i;
        struct kept *a = &b->kept[first], *c = &b->kept[i];
        if (a->exchange.kind != BARRIER) stuck("a warp's threads wait for one that does not come", first, i);
        if (c->exchange.kind != BARRIER) stuck("a warp's threads wait for one that does not come", i, first);
        if (a->place != c->place || a->exchange.mask != c->exchange.mask) stuck("wait at different barriers", first, i);
        b->state[i] = RUNS;
        sum += c->exchange.value;
        count++;
    }
    for (u32 i = 0; i < b->threads; i++) {
        b->kept[i].exchange.value = sum;
        b->kept[i].exchange.b = count;
    }
#if FIND_RACES
    block_time++;
#endif
}

static void run_block(struct block *b, struct position *at, u8 *S) {
    for (u32 left = b->threads; left;) {
        for (u32 i = 0; i < b->threads; i++) {
            u32 t = task->reverse ? b->threads - 1 - i : i;
            if (b->state[t] != RUNS) continue;
            place_thread(at, t);
            if (thread(*at, S, &b->kept[t])) b->state[t] = WAITS;
            else b->state[t] = ENDED, left--;
        }
        int released = 0;
        for (u32 t = 0; t < b->threads; t++)
            if (b->state[t] == WAITS && b->kept[t].exchange.kind != BARRIER) released |= release_members(b, t / 32 * 32, t % 32);
        if (!released) release_block(b);
    }
}

void run(const struct task *given) {
    task = given;
    shared_size = STATIC_SHARED + task->dynamic_shared;
    u64 blocks = (u64)task->grid[0] * task->grid[1] * task->grid[2];
    u32 threads = task->block[0] * task->block[1] * task->block[2];
    struct block b = { threads, aligned_alloc(16, sizeof *b.kept * threads), malloc(threads) };
    u8 *S = aligned_alloc(256, (shared_size + 256) / 256 * 256);
    start_tracking();
    for (u64 n = 0; n < blocks; n++) {
        struct position at;
        place_block(&at, task->reverse ? blocks - 1 - n : n);
        memset(b.kept, 0, sizeof *b.kept * threads);
        memset(b.state, RUNS, threads);
        memset(S, 0xff, shared_size);
        run_block(&b, &at, S);
    }
    end_tracking();
    free(b.kept);
    free(b.state);
    free(S);
}
