/*
 * old_caller.c - a program as it was written and built for the first header there was.
 *
 * - Built with that header and its symbols, run on the library at hand: exit code 0.
 * - Whatever is not as it was then: a line with its place, exit code 1.
 */
#include <pendio/pendio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(condition) must((condition), #condition, __LINE__)

static struct pendio_loop *loop;
static struct pendio_pool *pool;
static int called_count;

static void must(int holds, const char *what, int line)
{
    if (holds)
        return;
    printf("old_caller.c:%d: %s\n", line, what);
    exit(1);
}

/* ---- the nouns ------------------------------------------------------------------------------ */

static void begin(void)
{
    struct pendio_loop_options loop_options = {.size = sizeof loop_options, .operation_count = 8};
    struct pendio_pool_options pool_options = {
        .size = sizeof pool_options, .context_count = 4, .slice_bytes = 64};

    MUST(pendio_version() >= 0x000100);
    MUST(pendio_loop_explain(-1) != NULL);
    MUST(pendio_loop_create(&loop_options, &loop) == 0);
    MUST(pendio_pool_create(loop, &pool_options, &pool) == 0);
}

static struct pendio_context *take(uint64_t user_data)
{
    struct pendio_context *context;

    MUST(pendio_pool_get(pool, &context) == 0);
    MUST(pendio_context_set_user_data(context, user_data) == 0);
    return context;
}

static struct pendio_completion next_record(uint64_t user_data, unsigned int operation)
{
    struct pendio_completion record;

    memset(&record, 0xff, sizeof record);
    MUST(pendio_loop_turn(loop, -1, &record, 1) == 1);
    MUST(record.user_data == user_data && record.operation == operation);
    return record;
}

/* ---- what it does with them ----------------------------------------------------------------- */

static void wait_a_moment(void)
{
    struct pendio_context *context = take(11);
    struct pendio_completion record;

    MUST(pendio_timer(context, 1000) == PENDIO_PENDING);
    MUST(pendio_context_run(context) != 0);
    record = next_record(11, PENDIO_OPERATION_TIMER);
    MUST(record.context == context && record.error == 0 && record.flags == 0);
    MUST(pendio_pool_put(context) == 0);
}

static void talk(void)
{
    struct pendio_context *hear = take(21);
    struct pendio_context *say = take(22);
    struct pendio_completion record;
    pendio_handle ears;
    pendio_handle mouth;
    char words[] = "from before";
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(pendio_handle_adopt(loop, pair[0], &ears) == 0);
    MUST(pendio_handle_adopt(loop, pair[1], &mouth) == 0);
    MUST(pendio_receive(hear, ears) == PENDIO_PENDING);
    MUST(pendio_context_set_memory(say, words, sizeof words) == 0);
    MUST(pendio_context_set_policy(say, PENDIO_TRY) == 0);
    MUST(pendio_send(say, mouth) == PENDIO_DONE);
    record = next_record(21, PENDIO_OPERATION_RECEIVE);
    MUST(record.bytes == sizeof words && record.handle == ears);
    MUST(memcmp((const void *)(uintptr_t)record.memory, words, sizeof words) == 0);
    MUST(pendio_receive(hear, ears) == PENDIO_PENDING);
    MUST(pendio_cancel(loop, pendio_context_run(hear)) == 0);
    MUST((next_record(21, PENDIO_OPERATION_RECEIVE).flags & PENDIO_BY_CANCEL) != 0);
    MUST(pendio_handle_close(loop, ears, PENDIO_GRACEFUL) == 0);
    MUST(pendio_close(say, mouth, PENDIO_GRACEFUL) == PENDIO_PENDING);
    MUST(next_record(22, PENDIO_OPERATION_CLOSE).error == 0);
    MUST(pendio_pool_put(hear) == 0 && pendio_pool_put(say) == 0);
}

static void count_call(const struct pendio_completion *completion, void *state)
{
    MUST(state == &called_count && completion->user_data == 31);
    called_count++;
}

static void be_called(void)
{
    struct pendio_context *context = take(31);

    MUST(pendio_context_set_callback(context, count_call, &called_count) == 0);
    MUST(pendio_context_set_deadline(context, UINT64_C(60) * 1000000000) == 0);
    MUST(pendio_nop(context, loop) == PENDIO_PENDING);
    while (called_count == 0)
        MUST(pendio_loop_turn(loop, -1, NULL, 0) == 0);
    MUST(pendio_pool_put(context) == 0);
}

/* Its statistics end where the ones of today go on; what lies behind is its own. */
static void count(void)
{
    struct {
        struct pendio_loop_statistics statistics;
        uint64_t own;
    } seen = {.own = 42};

    seen.statistics.size = sizeof seen.statistics;
    MUST(pendio_loop_post(loop, 1, 2) == 0);
    MUST(next_record(1, PENDIO_OPERATION_POST).value == 2);
    MUST(pendio_loop_stats(loop, &seen.statistics) == 0);
    MUST(seen.own == 42 && seen.statistics.size == sizeof seen.statistics);
    MUST(seen.statistics.backend == PENDIO_BACKEND_URING);
    MUST(seen.statistics.posts == 1 && seen.statistics.pool_contexts == 4);
    MUST(seen.statistics.started == seen.statistics.done + seen.statistics.pending);
    MUST(seen.statistics.delivered_callback == 1 && seen.statistics.pool_in_use == 0);
}

int main(void)
{
    uint64_t leaked_count = 7;

    begin();
    wait_a_moment();
    talk();
    be_called();
    count();
    MUST(pendio_loop_destroy(loop, -1, &leaked_count) == 0 && leaked_count == 0);
    return 0;
}
