/*
 * behaviour.c - a ledger of starts beside a fixture, and what tests of behaviours share.
 *
 * Happy path:  every accepted start is noted with its answer -> what is delivered is looked up by
 *              context -> the end compares: one delivery for a pending run, none for a done one.
 * Failures:    asserted, with the run that was told of too often or not at all.
 */
#include "behaviour.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct fixture fixture;

enum { STARTS_LIMIT = 1 << 16 };

static struct {
    pendio_run run;
    int answer;
} starts[STARTS_LIMIT];
static uint32_t start_count;
static struct pendio_completion outcome; /* of a done start, where behaviour_outcome() puts it */

/* ---- ledger --------------------------------------------------------------------------------- */

void behaviour_begin_with(const struct pendio_loop_options *options, uint32_t context_count,
                          uint64_t slice_bytes)
{
    start_count = 0;
    fixture_init_with(&fixture, options, context_count, slice_bytes);
}

void behaviour_begin(void)
{
    behaviour_begin_with(NULL, 64, 4096);
}

int behaviour_note(const struct pendio_context *context, int answer)
{
    struct pendio_completion result;

    ck_assert_msg(answer == PENDIO_DONE || answer == PENDIO_PENDING, "refused: %d", answer);
    ck_assert_uint_lt(start_count, STARTS_LIMIT);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    starts[start_count].run = answer == PENDIO_DONE ? result.run : pendio_context_run(context);
    starts[start_count++].answer = answer;
    return answer;
}

static int compare_runs(const void *left, const void *right)
{
    pendio_run a = *(const pendio_run *)left;
    pendio_run b = *(const pendio_run *)right;

    return a < b ? -1 : a > b;
}

/* The runs that were delivered, in order and each once; posted messages are none. */
static size_t delivered_runs(pendio_run *ret_runs)
{
    size_t count = 0;

    for (uint32_t i = 0; i < fixture.seen_count; i++)
        if (fixture.seen[i].context != NULL)
            ret_runs[count++] = fixture.seen[i].run;
    qsort(ret_runs, count, sizeof *ret_runs, compare_runs);
    for (size_t i = 1; i < count; i++)
        ck_assert_msg(ret_runs[i - 1] != ret_runs[i], "a run was delivered twice");
    return count;
}

static void check_ledger(void)
{
    static pendio_run runs[STARTS_LIMIT];
    size_t count = delivered_runs(runs);

    for (uint32_t i = 0; i < start_count; i++) {
        bool delivered = bsearch(&starts[i].run, runs, count, sizeof *runs, compare_runs) != NULL;

        ck_assert_msg(delivered == (starts[i].answer == PENDIO_PENDING),
                      "start %u answered %d and was%s delivered", i, starts[i].answer,
                      delivered ? "" : " not");
    }
}

void behaviour_end(void)
{
    if (!fixture.destroyed)
        fixture_quiet(&fixture);
    check_ledger();
    fixture_fini(&fixture);
}

/* ---- deliveries ----------------------------------------------------------------------------- */

/* Where the first unread delivery of the context is; seen_count: not there yet. */
static uint32_t find_unread(const struct pendio_context *context)
{
    uint32_t index = fixture.read_count;

    while (index < fixture.seen_count && fixture.seen[index].context != context)
        index++;
    return index;
}

const struct pendio_completion *behaviour_delivery_of(const struct pendio_context *context)
{
    struct pendio_completion found;
    uint32_t index;

    while ((index = find_unread(context)) == fixture.seen_count)
        fixture_wait(&fixture, fixture.seen_count - fixture.read_count + 1);
    found = fixture.seen[index];
    memmove(&fixture.seen[fixture.read_count + 1], &fixture.seen[fixture.read_count],
            (index - fixture.read_count) * sizeof found);
    fixture.seen[fixture.read_count] = found;
    ck_assert_uint_ne(pendio_context_run(context), found.run);
    return &fixture.seen[fixture.read_count++];
}

const struct pendio_completion *behaviour_outcome(const struct pendio_context *context, int answer)
{
    if (answer == PENDIO_PENDING)
        return behaviour_delivery_of(context);
    ck_assert_int_eq(answer, PENDIO_DONE);
    ck_assert_int_eq(pendio_context_result(context, &outcome), 0);
    return &outcome;
}

struct pendio_completion behaviour_result(const struct pendio_context *context)
{
    struct pendio_completion result;

    expect_ok(pendio_context_result(context, &result));
    return result;
}

/* ---- contexts ------------------------------------------------------------------------------- */

struct behaviour_state behaviour_state_of(const struct pendio_context *context)
{
    struct behaviour_state state;

    memset(&state, 0, sizeof state);
    expect_ok(pendio_context_result(context, &state.result));
    expect_ok(pendio_context_sender(context, &state.sender));
    state.request.size = sizeof state.request;
    expect_ok(pendio_context_request(context, &state.request));
    state.run = pendio_context_run(context);
    return state;
}

bool behaviour_is_unchanged(const struct pendio_context *context,
                            const struct behaviour_state *before)
{
    const struct behaviour_state now = behaviour_state_of(context);

    return memcmp(&now, before, sizeof now) == 0;
}

struct pendio_context *behaviour_get(uint32_t policy)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_ok(pendio_context_set_policy(context, policy));
    return context;
}

struct pendio_context *behaviour_over(uint32_t policy, void *memory, size_t byte_count)
{
    struct pendio_context *context = behaviour_get(policy);

    expect_ok(pendio_context_set_memory(context, memory, byte_count));
    return context;
}

void behaviour_aim(struct pendio_context *context, const struct pendio_endpoint *endpoint)
{
    expect_ok(pendio_context_set_endpoint(context, endpoint->address, endpoint->byte_count));
}

/* What is only sent is not written to. */
void behaviour_show(struct pendio_context *context, const void *memory, size_t byte_count)
{
    expect_ok(pendio_context_set_memory(context, (void *)(uintptr_t)memory, byte_count));
}

/* ---- handles -------------------------------------------------------------------------------- */

pendio_handle behaviour_socket(const struct pendio_endpoint *address, int type)
{
    pendio_handle handle = 0;
    sa_family_t family;

    memcpy(&family, address->address, sizeof family);
    expect_ok(pendio_handle_socket(fixture.loop, family, type, 0, &handle));
    return handle;
}

struct pendio_endpoint behaviour_local(pendio_handle handle)
{
    struct pendio_endpoint endpoint = {.byte_count = 0};

    expect_ok(pendio_handle_local(fixture.loop, handle, &endpoint));
    return endpoint;
}

struct pendio_endpoint behaviour_peer(pendio_handle handle)
{
    struct pendio_endpoint endpoint = {.byte_count = 0};

    expect_ok(pendio_handle_peer(fixture.loop, handle, &endpoint));
    return endpoint;
}

struct pendio_endpoint behaviour_loopback(enum fixture_family family, uint16_t port)
{
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool is_v4 = family == FIXTURE_TCP4 || family == FIXTURE_UDP4;
    struct pendio_endpoint endpoint = {.byte_count = is_v4 ? sizeof v4 : sizeof v6};

    memcpy(endpoint.address, is_v4 ? (const void *)&v4 : (const void *)&v6, endpoint.byte_count);
    return endpoint;
}

void behaviour_close(pendio_handle handle)
{
    expect_ok(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL));
}

/* ---- talk ----------------------------------------------------------------------------------- */

static void put_back(struct pendio_context *context)
{
    expect_ok(pendio_pool_put(context));
}

void behaviour_await_data(pendio_handle handle)
{
    struct pendio_context *context = behaviour_over(PENDIO_AUTO, NULL, 0);
    int answer = behaviour_note(context, pendio_receive(context, handle));

    ck_assert_int_eq(behaviour_outcome(context, answer)->error, 0);
    put_back(context);
}

void behaviour_send_now(pendio_handle handle, const void *bytes, size_t byte_count)
{
    struct pendio_context *context = behaviour_get(PENDIO_TRY);

    behaviour_show(context, bytes, byte_count);
    expect_done_with(context, pendio_send(context, handle), 0, byte_count, 0);
    put_back(context);
}

void behaviour_receive_now(pendio_handle handle, const void *expected, size_t byte_count)
{
    char memory[4096];
    struct pendio_context *context = behaviour_over(PENDIO_TRY, memory, sizeof memory);

    ck_assert_uint_le(byte_count, sizeof memory);
    expect_done_with(context, pendio_receive(context, handle), 0, byte_count, 0);
    ck_assert_mem_eq(memory, expected, byte_count);
    put_back(context);
}

void behaviour_talk(pendio_handle near, int far)
{
    char seen[4];

    behaviour_send_now(near, "near", 4);
    fixture_take(far, seen, sizeof seen);
    ck_assert_mem_eq(seen, "near", 4);
    fixture_put(far, "far", 3);
    behaviour_await_data(near);
    behaviour_receive_now(near, "far", 3);
}
