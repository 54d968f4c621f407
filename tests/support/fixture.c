/*
 * fixture.c - a loop with a pool, connected pairs of every family, and waiting that ends.
 *
 * Happy path:  init counts descriptors and makes loop and pool; fini counts again.
 * Failures:    every helper asserts what it needs, so that a test says only what it is about.
 */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SEEN_LIMIT = 1 << 16, HARVEST_LIMIT = 4096, SKIPPED = 77 };

static const int64_t turn_ns = 200000000;
static const int64_t patience_ns = INT64_C(20) * 1000000000;

/* ---- suite ---------------------------------------------------------------------------------- */

static int ring_status(void)
{
    struct pendio_loop *loop = NULL;
    int status = pendio_loop_create(NULL, &loop);

    if (status == 0)
        status = pendio_loop_destroy(loop, -1, NULL);
    return status;
}

int fixture_run(const char *name, const struct fixture_case *cases, size_t case_count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int status = ring_status();
    int failure_count;

    tcase_set_timeout(tcase, 30);
    for (size_t i = 0; i < case_count; i++)
        tcase_add_loop_test(tcase, cases[i].test, 0,
                            cases[i].repeat_count == 0 ? 1 : cases[i].repeat_count);
    suite_add_tcase(suite, tcase);
    if (status < 0) {
        printf("skipped: %s\n", pendio_loop_explain(status));
        srunner_free(runner);
        return SKIPPED;
    }
    srunner_run_all(runner, CK_ENV);
    failure_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failure_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int fixture_count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;

    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* ---- loop ----------------------------------------------------------------------------------- */

/* Those of the test, and looks before sleeping where the suite is run with them. */
static struct pendio_loop_options options_of(const struct pendio_loop_options *options)
{
    const char *spin_ns = getenv("FIXTURE_SPIN_NS");
    struct pendio_loop_options all = {.size = sizeof all};

    if (options != NULL)
        all = *options;
    if (spin_ns != NULL && all.spin_ns == 0)
        all.spin_ns = strtoull(spin_ns, NULL, 10);
    return all;
}

void fixture_init_with(struct fixture *fixture, const struct pendio_loop_options *options,
                       uint32_t context_count, uint64_t slice_bytes)
{
    const struct pendio_pool_options pool = {
        .size = sizeof pool, .context_count = context_count, .slice_bytes = slice_bytes};
    const struct pendio_loop_options all = options_of(options);

    *fixture = (struct fixture){.harvest_count = HARVEST_LIMIT,
                                .descriptor_count = fixture_count_descriptors()};
    fixture->seen = calloc(SEEN_LIMIT, sizeof *fixture->seen);
    ck_assert_ptr_nonnull(fixture->seen);
    ck_assert_int_eq(pendio_loop_create(&all, &fixture->loop), 0);
    ck_assert_int_eq(pendio_pool_create(fixture->loop, &pool, &fixture->pool), 0);
}

void fixture_init(struct fixture *fixture)
{
    fixture_init_with(fixture, NULL, 64, 4096);
}

static void check_statistics(struct fixture *fixture)
{
    struct pendio_loop_statistics stats = fixture_stats(fixture);

    ck_assert_uint_eq(stats.started, stats.done + stats.pending);
    ck_assert_uint_eq(stats.delivered, stats.pending);
    ck_assert_uint_eq(stats.delivered, stats.delivered_callback + stats.delivered_record);
    ck_assert_uint_eq(stats.done, stats.done_known_end + stats.done_known_error + stats.done_empty +
                                      stats.done_tried + stats.done_direct + stats.done_cached +
                                      stats.done_collected);
    ck_assert_uint_eq(stats.refused, stats.refused_invalid + stats.refused_handle +
                                         stats.refused_busy + stats.refused_no_capacity +
                                         stats.refused_shutdown);
    ck_assert_uint_eq(stats.completion_overflows, 0);
    ck_assert_uint_eq(stats.stale_completions, 0);
}

void fixture_discard(struct fixture *fixture)
{
    uint64_t leaked_count = 1;

    if (!fixture->destroyed) {
        ck_assert_int_eq(pendio_loop_destroy(fixture->loop, patience_ns, &leaked_count), 0);
        ck_assert_uint_eq(leaked_count, 0);
    }
    ck_assert_int_eq(fixture_count_descriptors(), fixture->descriptor_count);
    free(fixture->seen);
}

void fixture_fini(struct fixture *fixture)
{
    ck_assert_uint_eq(fixture->read_count, fixture->seen_count);
    if (!fixture->destroyed)
        check_statistics(fixture);
    fixture_discard(fixture);
}

struct pendio_loop_statistics fixture_stats(struct fixture *fixture)
{
    struct pendio_loop_statistics stats = {.size = sizeof stats};

    ck_assert_int_eq(pendio_loop_stats(fixture->loop, &stats), 0);
    return stats;
}

/* ---- contexts and deliveries ---------------------------------------------------------------- */

struct pendio_context *fixture_get(struct fixture *fixture)
{
    struct pendio_context *context = NULL;

    ck_assert_int_eq(pendio_pool_get(fixture->pool, &context), 0);
    return context;
}

struct pendio_context *fixture_over(struct fixture *fixture, void *memory, size_t byte_count)
{
    struct pendio_context *context = fixture_get(fixture);

    ck_assert_int_eq(pendio_context_set_memory(context, memory, byte_count), 0);
    return context;
}

struct pendio_context *fixture_called(struct fixture *fixture, void *memory, size_t byte_count)
{
    struct pendio_context *context = fixture_over(fixture, memory, byte_count);

    ck_assert_int_eq(pendio_context_set_callback(context, fixture_collect, fixture), 0);
    return context;
}

void fixture_collect(const struct pendio_completion *completion, void *state)
{
    struct fixture *fixture = state;

    ck_assert_uint_lt(fixture->seen_count, SEEN_LIMIT);
    fixture->seen[fixture->seen_count++] = *completion;
}

int fixture_turn(struct fixture *fixture, int64_t timeout_ns)
{
    static struct pendio_completion records[HARVEST_LIMIT];
    int count = pendio_loop_turn(fixture->loop, timeout_ns, records, fixture->harvest_count);

    for (int i = 0; i < count; i++)
        fixture_collect(&records[i], fixture);
    return count;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void fixture_wait(struct fixture *fixture, uint32_t count)
{
    int64_t end_ns = now_ns() + patience_ns;

    while (fixture->seen_count - fixture->read_count < count) {
        ck_assert_int_ge(fixture_turn(fixture, turn_ns), 0);
        ck_assert_msg(now_ns() < end_ns, "waited for %u deliveries, %u came", count,
                      fixture->seen_count - fixture->read_count);
    }
}

const struct pendio_completion *fixture_next(struct fixture *fixture)
{
    if (fixture->read_count == fixture->seen_count)
        fixture_wait(fixture, 1);
    return &fixture->seen[fixture->read_count++];
}

void fixture_quiet(struct fixture *fixture)
{
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fixture_turn(fixture, 1000000), 0);
    ck_assert_uint_eq(fixture->read_count, fixture->seen_count);
}

void fixture_expect_receive(struct fixture *fixture, pendio_handle handle, uint32_t strategy,
                            uint32_t reason)
{
    uint32_t is_strategy, is_reason;

    ck_assert_int_eq(pendio_handle_get_receive(fixture->loop, handle, &is_strategy, &is_reason), 0);
    ck_assert_uint_eq(is_reason, reason);
    ck_assert_uint_eq(is_strategy, strategy);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static unsigned char pattern(uint64_t seed, size_t index)
{
    uint64_t word =
        (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ index * UINT64_C(0xD6E8FEB86659FD93);

    return (unsigned char)(word >> 32 ^ word >> 56);
}

void fixture_fill(void *memory, size_t byte_count, uint64_t seed)
{
    unsigned char *bytes = memory;

    for (size_t i = 0; i < byte_count; i++)
        bytes[i] = pattern(seed, i);
}

bool fixture_is_filled(const void *memory, size_t byte_count, uint64_t seed)
{
    const unsigned char *bytes = memory;

    for (size_t i = 0; i < byte_count; i++)
        if (bytes[i] != pattern(seed, i))
            return false;
    return true;
}

void fixture_put(int descriptor, const void *bytes, size_t byte_count)
{
    const char *from = bytes;

    while (byte_count != 0) {
        ssize_t count = write(descriptor, from, byte_count);

        ck_assert_int_gt(count, 0);
        from += count;
        byte_count -= (size_t)count;
    }
}

void fixture_take(int descriptor, void *ret_bytes, size_t byte_count)
{
    char *to = ret_bytes;

    while (byte_count != 0) {
        ssize_t count = read(descriptor, to, byte_count);

        ck_assert_int_gt(count, 0);
        to += count;
        byte_count -= (size_t)count;
    }
}

void fixture_drain(struct fixture *fixture, int descriptor, size_t byte_count)
{
    char scratch[64 * 1024];
    int64_t end_ns = now_ns() + patience_ns;

    while (byte_count != 0) {
        size_t most = byte_count < sizeof scratch ? byte_count : sizeof scratch;
        ssize_t count = recv(descriptor, scratch, most, MSG_DONTWAIT);

        ck_assert(count > 0 || (count < 0 && errno == EAGAIN));
        byte_count -= count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(fixture, count > 0 ? 0 : 1000000), 0);
        ck_assert_msg(now_ns() < end_ns, "%zu bytes did not come", byte_count);
    }
}

void fixture_reset(int descriptor)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    ck_assert_int_eq(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    ck_assert_int_eq(close(descriptor), 0);
}

void fixture_file(struct fixture_file *ret_file)
{
    int descriptor;

    snprintf(ret_file->directory, sizeof ret_file->directory, "/tmp/pendio-contract-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(ret_file->directory));
    snprintf(ret_file->path, sizeof ret_file->path, "%s/file", ret_file->directory);
    descriptor = open(ret_file->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
}

void fixture_remove(const struct fixture_file *file)
{
    ck_assert_int_eq(unlink(file->path), 0);
    ck_assert_int_eq(rmdir(file->directory), 0);
}
