/*
 * instructions.c - does a case of the instruction bench so many rounds, for callgrind to count.
 *
 * Usage: bench_instructions runtime|raw CASE ROUNDS, in a folder that can be written to;
 *        bench_instructions compiler says what it was made with.
 *
 * Happy path:  the stage is set -> each round: messages are laid out, the round, they are looked
 *              at. pnd_bench_measured() is what is to be counted.
 * Failures:    one line on stderr; exit 2 for misuse, 77 where there is no io_uring, else 1.
 */
#include "instructions.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_SKIPPED = 77 };

#ifdef __clang__
#define COMPILER       "clang"
#define COMPILER_MAJOR __clang_major__
#else
#define COMPILER       "gcc"
#define COMPILER_MAJOR __GNUC__
#endif

/* ---- the stage ------------------------------------------------------------------------------ */

const unsigned char pnd_bench_message[] = "to be sent back as it is";

static int set_sockets(struct pnd_bench_stage *stage)
{
    for (int i = 0; i < PND_BENCH_BATCH; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            return -errno;
        stage->near[i] = pair[0];
        stage->far[i] = pair[1];
    }
    return 0;
}

static int set_file(struct pnd_bench_stage *stage)
{
    unsigned char block[PND_BENCH_BLOCK_BYTES] = {1};
    char path[] = "instructions.XXXXXX";

    stage->file = mkstemp(path);
    if (stage->file < 0 || unlink(path) < 0)
        return -errno;
    for (int i = 0; i < PND_BENCH_FILE_BLOCKS; i++)
        if (write(stage->file, block, sizeof block) != (ssize_t)sizeof block)
            return -EIO;
    return fsync(stage->file) < 0 ? -errno : 0;
}

static int lay_out(const struct pnd_bench_stage *stage)
{
    for (int i = 0; i < PND_BENCH_BATCH; i++)
        if (write(stage->far[i], pnd_bench_message, sizeof pnd_bench_message) !=
            (ssize_t)sizeof pnd_bench_message)
            return -EIO;
    return 0;
}

static int look_at(int descriptor)
{
    unsigned char seen[PND_BENCH_MESSAGE_BYTES];

    if (read(descriptor, seen, sizeof seen) != (ssize_t)sizeof seen ||
        memcmp(seen, pnd_bench_message, sizeof seen) != 0)
        return -EBADMSG;
    return 0;
}

static int look_at_all(const struct pnd_bench_stage *stage)
{
    int status = 0;

    for (int i = 0; status == 0 && i < PND_BENCH_BATCH; i++)
        status = look_at(stage->far[i]);
    return status;
}

static int look_at_gathered(const struct pnd_bench_stage *stage)
{
    int status = 0;

    for (int i = 0; status == 0 && i < PND_BENCH_GATHERED; i++)
        status = look_at(stage->far[0]);
    return status;
}

/* What becomes of the messages of a round; NULL: there are none. */
static const struct stage_case {
    const char *name;
    int (*lay_out)(const struct pnd_bench_stage *stage);
    int (*look_at)(const struct pnd_bench_stage *stage);
} cases[PND_BENCH_CASE_COUNT] = {
    [PND_BENCH_NOP] = {"nop", NULL, NULL},
    [PND_BENCH_ECHO] = {"echo", lay_out, look_at_all},
    [PND_BENCH_READ] = {"read", NULL, NULL},
    [PND_BENCH_GATHER] = {"gather", NULL, look_at_gathered},
};

/* ---- rounds --------------------------------------------------------------------------------- */

/* Found by its name: counting begins and ends here. */
int pnd_bench_measured(pnd_bench_round_fn *round) __attribute__((noinline));

int pnd_bench_measured(pnd_bench_round_fn *round)
{
    int status = round();

    __asm__ volatile("" ::: "memory"); /* no jump out of here: it returns */
    return status;
}

static int do_rounds(const struct stage_case *stage_case, pnd_bench_round_fn *round,
                     const struct pnd_bench_stage *stage, long round_count)
{
    int status = 0;

    for (long i = 0; status == 0 && i < round_count; i++) {
        if (stage_case->lay_out != NULL)
            status = stage_case->lay_out(stage);
        if (status == 0)
            status = pnd_bench_measured(round);
        if (status == 0 && stage_case->look_at != NULL)
            status = stage_case->look_at(stage);
    }
    return status;
}

static int do_case(const struct pnd_bench_side *side, uint32_t index, long round_count)
{
    const struct stage_case *stage_case = &cases[index];
    struct pnd_bench_stage stage = {.file = -1};
    int status = set_sockets(&stage);

    if (status == 0 && index == PND_BENCH_READ)
        status = set_file(&stage);
    if (status == 0)
        status = side->open(&stage);
    if (status < 0)
        return status;
    if (index == PND_BENCH_ECHO)
        status = side->echo_begin();
    if (status == 0)
        status = do_rounds(stage_case, side->rounds[index], &stage, round_count);
    side->close();
    return status;
}

/* PND_BENCH_CASE_COUNT: there is none of that name. */
static uint32_t find_case(const char *name)
{
    uint32_t index = 0;

    while (index < PND_BENCH_CASE_COUNT && strcmp(name, cases[index].name) != 0)
        index++;
    return index;
}

static const struct pnd_bench_side *find_side(const char *name)
{
    if (strcmp(name, pnd_bench_runtime.name) == 0)
        return &pnd_bench_runtime;
    return strcmp(name, pnd_bench_raw.name) == 0 ? &pnd_bench_raw : NULL;
}

int main(int argument_count, char **arguments)
{
    const struct pnd_bench_side *side = argument_count == 4 ? find_side(arguments[1]) : NULL;
    long round_count = argument_count == 4 ? strtol(arguments[3], NULL, 10) : 0;
    uint32_t index = argument_count == 4 ? find_case(arguments[2]) : PND_BENCH_CASE_COUNT;
    int status;

    if (argument_count == 2 && strcmp(arguments[1], "compiler") == 0) {
        printf("%s %d\n", COMPILER, COMPILER_MAJOR);
        return EXIT_SUCCESS;
    }
    if (side == NULL || index == PND_BENCH_CASE_COUNT || round_count < 1) {
        fprintf(stderr, "usage: %s runtime|raw CASE ROUNDS\n", arguments[0]);
        return EXIT_USAGE;
    }
    status = do_case(side, index, round_count);
    if (status == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s %s: %s\n", side->name, arguments[2], strerror(-status));
    return status == -ENOSYS || status == -EPERM ? EXIT_SKIPPED : EXIT_FAILURE;
}
