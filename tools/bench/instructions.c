/*
 * instructions.c - does a case of the instruction bench so many rounds, for callgrind to count.
 *
 * Usage: bench_instructions runtime|raw nop|echo|read ROUNDS, in a folder that can be written to;
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

typedef int round_fn(void);

/* ---- the stage ------------------------------------------------------------------------------ */

static const unsigned char message[PND_BENCH_MESSAGE_BYTES] = "to be sent back as it is";

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
        if (write(stage->far[i], message, sizeof message) != (ssize_t)sizeof message)
            return -EIO;
    return 0;
}

static int look_at(const struct pnd_bench_stage *stage)
{
    unsigned char seen[PND_BENCH_MESSAGE_BYTES];

    for (int i = 0; i < PND_BENCH_BATCH; i++)
        if (read(stage->far[i], seen, sizeof seen) != (ssize_t)sizeof seen ||
            memcmp(seen, message, sizeof seen) != 0)
            return -EBADMSG;
    return 0;
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* Found by its name: counting begins and ends here. */
int pnd_bench_measured(round_fn *round) __attribute__((noinline));

int pnd_bench_measured(round_fn *round)
{
    int status = round();

    __asm__ volatile("" ::: "memory"); /* no jump out of here: it returns */
    return status;
}

static int do_rounds(round_fn *round, const struct pnd_bench_stage *echoes, long round_count)
{
    int status = 0;

    for (long i = 0; status == 0 && i < round_count; i++) {
        if (echoes != NULL)
            status = lay_out(echoes);
        if (status == 0)
            status = pnd_bench_measured(round);
        if (status == 0 && echoes != NULL)
            status = look_at(echoes);
    }
    return status;
}

static int do_case(const struct pnd_bench_side *side, const char *name, long round_count)
{
    struct pnd_bench_stage stage = {.file = -1};
    bool is_echo = strcmp(name, "echo") == 0;
    bool is_read = strcmp(name, "read") == 0;
    round_fn *round = is_echo ? side->echo : is_read ? side->read : side->nop;
    int status = set_sockets(&stage);

    if (status == 0 && is_read)
        status = set_file(&stage);
    if (status == 0)
        status = side->open(&stage);
    if (status < 0)
        return status;
    if (is_echo)
        status = side->echo_begin();
    if (status == 0)
        status = do_rounds(round, is_echo ? &stage : NULL, round_count);
    side->close();
    return status;
}

static bool is_case(const char *name)
{
    return strcmp(name, "nop") == 0 || strcmp(name, "echo") == 0 || strcmp(name, "read") == 0;
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
    int status;

    if (argument_count == 2 && strcmp(arguments[1], "compiler") == 0) {
        printf("%s %d\n", COMPILER, COMPILER_MAJOR);
        return EXIT_SUCCESS;
    }
    if (side == NULL || !is_case(arguments[2]) || round_count < 1) {
        fprintf(stderr, "usage: %s runtime|raw nop|echo|read ROUNDS\n", arguments[0]);
        return EXIT_USAGE;
    }
    status = do_case(side, arguments[2], round_count);
    if (status == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s %s: %s\n", side->name, arguments[2], strerror(-status));
    return status == -ENOSYS || status == -EPERM ? EXIT_SKIPPED : EXIT_FAILURE;
}
