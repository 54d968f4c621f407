/* live.c - what every program of load shares: sizes by arguments, progress, counts, the verdict. */
#include "live.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, MISUSED = 2, SETTLE_ROUNDS = 100, SETTLE_NS = 10000000 };

static const int64_t patience_ns = INT64_C(20) * 1000000000;

/* ---- arguments ------------------------------------------------------------------------------ */

static void set_all(const struct live_option *options, size_t option_count, uint64_t share)
{
    for (size_t i = 0; i < option_count; i++)
        if (options[i].full != 0)
            *options[i].value = options[i].full >= share ? options[i].full / share : 1;
}

static bool set_one(const struct live_option *options, size_t option_count, const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals != NULL ? (size_t)(equals - argument) : 0;
    char *end = NULL;

    for (size_t i = 0; equals != NULL && i < option_count; i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, argument, length) == 0) {
            *options[i].value = strtoull(equals + 1, &end, 10);
            return end != equals + 1 && *end == '\0';
        }
    return false;
}

void live_options(int argc, char **argv, const struct live_option *options, size_t option_count)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "full") == 0) {
            set_all(options, option_count, 1);
        } else if (strcmp(argv[i], "tenth") == 0) {
            set_all(options, option_count, 10);
        } else if (!set_one(options, option_count, argv[i])) {
            fprintf(stderr, "usage: %s [full | tenth] [NAME=NUMBER ...], NAME one of:", argv[0]);
            for (size_t k = 0; k < option_count; k++)
                fprintf(stderr, " %s", options[k].name);
            fputc('\n', stderr);
            exit(MISUSED);
        }
    }
}

/* ---- verdict and figures -------------------------------------------------------------------- */

_Noreturn void live_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void live_need_descriptors(uint64_t count)
{
    struct rlimit limit;

    live_check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    if (limit.rlim_max < count) {
        printf("skipped: needs %" PRIu64 " descriptors; raise the hard limit (ulimit -Hn)\n",
               count);
        exit(SKIPPED);
    }
    if (limit.rlim_cur < count) {
        limit.rlim_cur = limit.rlim_max;
        live_check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    }
}

uint64_t live_descriptor_count(void)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t count = 0;

    live_check(directory != NULL, "/proc/self/fd cannot be read; mount /proc");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

uint64_t live_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void live_progress(const char *what, uint64_t done_count, uint64_t total_count)
{
    static uint64_t next_ns;
    uint64_t now_ns = live_now_ns();
    bool is_last = done_count == total_count;

    if (!isatty(STDERR_FILENO) || (now_ns < next_ns && !is_last))
        return;
    next_ns = now_ns + 100000000;
    fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 "%s", what, done_count, total_count,
            is_last ? "\n" : "");
}

void live_report(const char *what, uint64_t count, uint64_t begin_ns)
{
    double seconds = (double)(live_now_ns() - begin_ns) / 1e9;
    struct rusage usage;

    live_check(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    printf("%s: %" PRIu64 " in %.2f s, %.0f/s, peak memory %.1f MiB\n", what, count, seconds,
           (double)count / seconds, (double)usage.ru_maxrss / 1024);
    fflush(stdout);
}

uint64_t live_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- loop ----------------------------------------------------------------------------------- */

void live_bench_init(struct live_bench *bench, const struct pendio_loop_options *options,
                     uint32_t slice_bytes)
{
    const struct pendio_pool_options pool_options = {.size = sizeof pool_options,
                                                     .context_count = options->operation_count,
                                                     .slice_bytes = slice_bytes};
    int status;

    bench->descriptor_count = live_descriptor_count();
    status = pendio_loop_create(options, &bench->loop);
    if (status < 0) {
        printf("skipped: %s\n", pendio_loop_explain(status));
        exit(SKIPPED);
    }
    status = pendio_pool_create(bench->loop, &pool_options, &bench->pool);
    live_check(status == 0, "pool: %d", status);
}

struct pendio_loop_statistics live_statistics(const struct live_bench *bench)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};

    live_check(pendio_loop_stats(bench->loop, &statistics) == 0, "statistics");
    return statistics;
}

static void check_equal(const char *what, uint64_t found, uint64_t wanted)
{
    live_check(found == wanted, "%s: %" PRIu64 ", not %" PRIu64, what, found, wanted);
}

/* What is closed without a context is closed when the kernel has said its last word on it. */
static struct pendio_loop_statistics settled_statistics(const struct live_bench *bench)
{
    struct pendio_loop_statistics statistics = live_statistics(bench);

    for (int round = 0; round < SETTLE_ROUNDS && statistics.handles_open != 0; round++) {
        live_check(pendio_loop_turn(bench->loop, SETTLE_NS, NULL, 0) == 0, "turn");
        statistics = live_statistics(bench);
    }
    return statistics;
}

void live_bench_fini(struct live_bench *bench)
{
    struct pendio_loop_statistics statistics = settled_statistics(bench);
    uint64_t leaked_count = 0;

    check_equal("started", statistics.started, statistics.done + statistics.pending);
    check_equal("delivered", statistics.delivered, statistics.pending);
    check_equal("delivered by record or callback",
                statistics.delivered_record + statistics.delivered_callback, statistics.delivered);
    check_equal("completions that did not fit", statistics.completion_overflows, 0);
    check_equal("completions of runs that were over", statistics.stale_completions, 0);
    check_equal("contexts in use", statistics.pool_in_use, 0);
    check_equal("buffers in use", statistics.buffers_in_use, 0);
    check_equal("handles open", statistics.handles_open, 0);
    live_check(pendio_loop_destroy(bench->loop, -1, &leaked_count) == 0, "destroy");
    check_equal("operations left in the kernel", leaked_count, 0);
    check_equal("descriptors", live_descriptor_count(), bench->descriptor_count);
}

int live_turn(struct live_bench *bench, struct pendio_completion *ret_completions, uint32_t count)
{
    uint64_t before = live_statistics(bench).delivered;
    int answer = pendio_loop_turn(bench->loop, patience_ns, ret_completions, count);

    live_check(answer >= 0, "turn: %d", answer);
    live_check(answer > 0 || live_statistics(bench).delivered != before,
               "nothing came for twenty seconds");
    return answer;
}
