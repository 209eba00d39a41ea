/* A QEMU plugin that counts the instructions executed from the entry of one function to the entry of another.
 *
 *     cc -O2 -shared -fPIC -DAPI=2 count.c -o libcount.so
 *     qemu-system-... -plugin ./libcount.so,start=bench_start,stop=bench_stop,flash=FIRST-LAST,out=FILE
 *
 * Each time execution reaches `stop` after `start`, FILE gets a line `at ADDRESS N T F U` for each instruction that was
 * executed: N times, of them T times right after the instruction two bytes before it, and F times right after the one four
 * bytes before it. Which of the two is its neighbor follows from the program: QEMU does not know the size of an instruction
 * that crosses a page. U times the bytes from the first to the last that it loaded or stored lay in more words of 64 bits
 * than they fill. Then it gets a line `pair N W` with the number of all, and the number of words that they loaded
 * from flash, which has the addresses FIRST to LAST: several loads of an instruction from one word count once. At the end
 * it gets a line `function N NAME` for each function that executed N of all counted instructions. An instruction whose
 * condition fails counts as executed, as it does on silicon.
 *
 * API is the version of the plugin interface that QEMU accepts: 1 up to QEMU 8.2, 2 for QEMU 9.0 to 11.0, and 7 from QEMU
 * 11.1 on. What this file uses is the same from version 1 to 6. In version 7, what is registered for a plugin is called
 * with data of the plugin's choice instead of the plugin's number. Debian packages no header for the interface, so this
 * file declares what it uses. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined API || (API != 1 && API != 2 && API != 7)
#error "expected -DAPI=1, -DAPI=2 or -DAPI=7: the version of the plugin interface"
#endif

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum register_access { NO_REGISTERS };

#if API < 7
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
#else
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(struct qemu_plugin_tb *, void *), void *);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(void *), void *);
#endif
typedef uint32_t access;
/* QEMU 7.2 takes one kind alone for the other. */
enum access_kind { READS_AND_WRITES = 3 };
bool qemu_plugin_mem_is_store(access);
unsigned qemu_plugin_mem_size_shift(access);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned, access, uint64_t, void *),
                                      enum register_access, enum access_kind, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                            enum register_access, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = API;

/* A function of the program, with its name in the symbol table. */
struct function {
    const char *name;
    uint64_t executed;
    struct function *next;
};

/* An instruction of the program. QEMU may translate it more than once. */
struct instruction {
    uint64_t address;
    struct function *function;
    uint64_t executed, after_two, after_four, unaligned;
    struct instruction *next;
};

#define BUCKETS 4096

static const char *start_name, *stop_name;
static FILE *out;
static struct function *functions;
static struct instruction *instructions[BUCKETS];
static bool counting;
static uint64_t counted, last;
static uint64_t flash_first = 1, flash_last, flash_words;
/* The last word that the current instruction has loaded. No word has the number NONE. */
#define NONE UINT64_MAX
static uint64_t loaded;
/* The instruction that executes, and the addresses of its accesses: none if the first is not below the end. */
static struct instruction *current;
static uint64_t access_first, access_end;

static struct function *function_named(const char *name) {
    for (struct function *known = functions; known; known = known->next)
        if (!strcmp(known->name, name))
            return known;
    struct function *added = calloc(1, sizeof *added);
    if (!added || !(added->name = strdup(name)))
        abort();
    added->next = functions;
    return functions = added;
}

static struct instruction *instruction_at(uint64_t address, const char *name) {
    struct instruction **bucket = &instructions[address / 2 % BUCKETS];
    for (struct instruction *known = *bucket; known; known = known->next)
        if (known->address == address)
            return known;
    struct instruction *added = calloc(1, sizeof *added);
    if (!added)
        abort();
    *added = (struct instruction){.address = address, .function = function_named(name), .next = *bucket};
    return *bucket = added;
}

static void write_pair(void) {
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct instruction *known = instructions[i]; known; known = known->next) {
            if (known->executed)
                fprintf(out, "at %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", known->address,
                        known->executed, known->after_two, known->after_four, known->unaligned);
            known->executed = known->after_two = known->after_four = known->unaligned = 0;
        }
    fprintf(out, "pair %" PRIu64 " %" PRIu64 "\n", counted, flash_words);
}

/* Ends the instruction that executes. */
static void end_current(void) {
    uint64_t bytes = access_end - access_first;
    if (current && access_first < access_end && (access_end + 7) / 8 - access_first / 8 > (bytes + 7) / 8)
        current->unaligned++;
    access_first = UINT64_MAX;
    access_end = 0;
}

static void access_memory(unsigned cpu, access kind, uint64_t address, void *data) {
    (void)cpu, (void)data;
    if (!counting)
        return;
    uint64_t end = address + (UINT64_C(1) << qemu_plugin_mem_size_shift(kind));
    access_first = address < access_first ? address : access_first;
    access_end = end > access_end ? end : access_end;
    if (qemu_plugin_mem_is_store(kind))
        return;
    for (uint64_t word = address / 4; word < (end + 3) / 4; word++) {
        if (word == loaded)
            continue;
        loaded = word;
        flash_words += word >= flash_first / 4 && word <= flash_last / 4;
    }
}

static void execute(unsigned cpu, void *data) {
    struct instruction *instruction = data;
    struct function *function = instruction->function;
    (void)cpu;
    if (!counting) {
        if (strcmp(function->name, start_name))
            return;
        counting = true;
        current = NULL;
        counted = 0;
        last = 0;
        flash_words = 0;
    } else if (!strcmp(function->name, stop_name)) {
        counting = false;
        end_current();
        write_pair();
        return;
    }
    end_current();
    current = instruction;
    counted++;
    function->executed++;
    instruction->executed++;
    instruction->after_two += instruction->address == last + 2;
    instruction->after_four += instruction->address == last + 4;
    last = instruction->address;
    loaded = NONE;
}

static void translate(struct qemu_plugin_tb *block) {
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        const char *name = qemu_plugin_insn_symbol(insn);
        struct instruction *instruction = instruction_at(qemu_plugin_insn_vaddr(insn), name ? name : "?");
        qemu_plugin_register_vcpu_insn_exec_cb(insn, execute, NO_REGISTERS, instruction);
        qemu_plugin_register_vcpu_mem_cb(insn, access_memory, NO_REGISTERS, READS_AND_WRITES, NULL);
    }
}

static void finish(void) {
    for (struct function *known = functions; known; known = known->next)
        if (known->executed)
            fprintf(out, "function %" PRIu64 " %s\n", known->executed, known->name);
    fclose(out);
}

/* What QEMU calls, with the arguments of its version. */
#if API < 7
static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    translate(block);
}

static void on_exit_of_qemu(plugin_id id, void *data) {
    (void)id, (void)data;
    finish();
}

static void install(plugin_id id) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
}
#else
static void on_translation(struct qemu_plugin_tb *block, void *data) {
    (void)data;
    translate(block);
}

static void on_exit_of_qemu(void *data) {
    (void)data;
    finish();
}

static void install(plugin_id id) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
}
#endif

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "start=", 6))
            start_name = strdup(argv[i] + 6);
        else if (!strncmp(argv[i], "stop=", 5))
            stop_name = strdup(argv[i] + 5);
        else if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "w");
        else if (!strncmp(argv[i], "flash=", 6) &&
                 sscanf(argv[i] + 6, "%" SCNu64 "-%" SCNu64, &flash_first, &flash_last) != 2)
            flash_first = 1, flash_last = 0;
    }
    if (!start_name || !stop_name || !out || flash_first > flash_last) {
        fprintf(stderr, "count: expected start=FUNCTION,stop=FUNCTION,flash=FIRST-LAST,out=FILE (a file that can be "
                        "written)\n");
        return 1;
    }
    install(id);
    return 0;
}
