/*
 * live.h - what every program of load shares: sizes by arguments, progress, counts, the verdict.
 *
 * Happy path:  live_options() -> work, live_progress() now and then -> live_report() -> exit 0.
 * Failures:    live_check() ends the program with one line and exit 1; 77 where the machine does
 *              not have what it takes.
 *
 * Sizes are fit for every build; the word `full` makes them those of the acceptance, and `tenth`
 * a tenth of that, for sanitizers.
 */
#ifndef LIVE_H
#define LIVE_H

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An argument `name=number`. */
struct live_option {
    const char *name;
    uint64_t *value;
    uint64_t full; /* under the word `full` */
};

/* Reads the arguments; one that is not understood ends the program with exit 2. */
void live_options(int argc, char **argv, const struct live_option *options, size_t option_count);

_Noreturn void live_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define live_check(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            live_fail(__FILE__, __LINE__, __VA_ARGS__);                                            \
    } while (0)

/* Skips the program unless that many descriptors may be open. */
void live_need_descriptors(uint64_t count);

/* Open descriptors of the process. */
uint64_t live_descriptor_count(void);

/* A line on stderr, ten times a second at most, if that is a terminal. */
void live_progress(const char *what, uint64_t done_count, uint64_t total_count);

/* One line on stdout: what was done, how fast, and the largest memory it took. */
void live_report(const char *what, uint64_t count, uint64_t begin_ns);

uint64_t live_now_ns(void);

/* Never the same twice, always the same from one seed; `state` is not 0. */
uint64_t live_random(uint64_t *state);

/* The byte at a place of a stream of its own. */
static inline unsigned char live_byte(uint64_t stream, uint64_t place)
{
    uint64_t word =
        (stream + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ place * UINT64_C(0xD6E8FEB86659FD93);

    return (unsigned char)(word >> 32 ^ word >> 56);
}

struct live_bench {
    struct pendio_loop *loop;
    struct pendio_pool *pool;
    uint64_t descriptor_count; /* open before */
};

/* A loop, and a pool of all its operations; skips the program where there is no io_uring. */
void live_bench_init(struct live_bench *bench, const struct pendio_loop_options *options,
                     uint32_t slice_bytes);

/* Nothing in use, every pending answer delivered, no completion lost, descriptors as before. */
void live_bench_fini(struct live_bench *bench);

struct pendio_loop_statistics live_statistics(const struct live_bench *bench);

/* Fails when nothing was delivered for twenty seconds. */
int live_turn(struct live_bench *bench, struct pendio_completion *ret_completions, uint32_t count);

#endif
