/*
 * race_kinds.c - what may race with what, and how the books are kept of it.
 *
 * Happy path:  start -> event and ask, in any order -> ended -> settle: what the operation did not
 *              take must still be there, and nothing else.
 * Failures:    live_check() names the race.
 */
#include "race_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_BYTES = 24 * 1024, PERIOD = 251, EVENT_BYTES = 8, ROOM_BYTES = 4096 };

/* What streams carry repeats itself, so that a send may begin anywhere in it. */
static unsigned char carried[OUT_BYTES + PERIOD];

#define race_check(race, condition, what)                                                          \
    live_check(condition, "context %" PRIu64 ", kind %d: " what, (race)->index, (int)(race)->kind)

/* ---- books ---------------------------------------------------------------------------------- */

static void check_carried(const struct race *race, const struct race_stream *stream,
                          const unsigned char *bytes, uint64_t byte_count)
{
    for (uint64_t i = 0; i < byte_count; i++)
        race_check(race, bytes[i] == carried[(stream->taken_bytes + i) % PERIOD],
                   "a byte is not as sent");
}

static void put_far(struct race *race, struct race_stream *stream, uint64_t byte_count)
{
    ssize_t count =
        send(stream->far, &carried[stream->put_bytes % PERIOD], byte_count, MSG_NOSIGNAL);
    bool is_late = stream == &race->doomed && count < 0 && errno == EPIPE;

    race_check(race, count == (ssize_t)byte_count || is_late, "the far end cannot send");
    stream->put_bytes += is_late ? 0 : byte_count;
}

/* At most `most` bytes, as far as there are any. */
static void take_far(struct race *race, struct race_stream *stream, uint64_t most)
{
    unsigned char bytes[OUT_BYTES];
    ssize_t count = 1;

    while (most != 0 && count > 0) {
        count = recv(stream->far, bytes, most < OUT_BYTES ? most : OUT_BYTES, MSG_DONTWAIT);
        race_check(race, count > 0 || (count < 0 && errno == EAGAIN), "the far end failed");
        if (count > 0) {
            check_carried(race, stream, bytes, (uint64_t)count);
            stream->taken_bytes += (uint64_t)count;
            most -= (uint64_t)count;
        }
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

static void make_carried(void)
{
    for (int i = 0; i < OUT_BYTES + PERIOD; i++)
        carried[i] = live_byte(0, (uint64_t)(i % PERIOD));
}

static void connect_far(struct race *race, int descriptor)
{
    race_check(race,
               connect(descriptor, (struct sockaddr *)race->address.address,
                       race->address.byte_count) == 0,
               "a client cannot connect");
}

static int family_of(const struct race *race)
{
    return race->index % 2 == 0 ? AF_INET : AF_UNIX;
}

static void open_listener(struct race *race)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const sa_family_t unnamed = AF_UNIX;
    struct pendio_loop *loop = race->bench->loop;
    int status;

    race_check(race,
               pendio_handle_socket(loop, family_of(race), SOCK_STREAM, 0, &race->listener) == 0,
               "socket");
    status = family_of(race) == AF_INET
                 ? pendio_handle_bind(loop, race->listener, &any, sizeof any)
                 : pendio_handle_bind(loop, race->listener, &unnamed, sizeof unnamed);
    race_check(race, status == 0, "bind");
    race_check(race, pendio_handle_listen(loop, race->listener, 8) == 0, "listen");
    race_check(race, pendio_handle_local(loop, race->listener, &race->address) == 0, "local");
}

static void open_unix(struct race *race, struct race_stream *stream)
{
    int ends[2];
    const int room = ROOM_BYTES;

    race_check(race, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    race_check(race, setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0, "room");
    *stream = (struct race_stream){.far = ends[1]};
    race_check(race, pendio_handle_adopt(race->bench->loop, ends[0], &stream->near) == 0, "adopt");
}

/* The next delivery, which must be this context's: nothing else is under way. */
static void complete(struct race *race, int answer, struct pendio_completion *ret_result)
{
    race_check(race, answer >= 0, "a start was refused");
    if (answer == PENDIO_DONE) {
        race_check(race, pendio_context_result(race->context, ret_result) == 0, "result");
        return;
    }
    race_check(race, pendio_cancel(race->bench->loop, race->run) == -ENOENT,
               "a cancel of an earlier run found something");
    race_check(race, live_turn(race->bench, ret_result, 1) == 1, "nothing was delivered");
    race_check(race, ret_result->context == race->context, "somebody else was delivered");
}

static void open_incoming(struct race *race)
{
    struct pendio_completion result;

    race->incoming.far = socket(family_of(race), SOCK_STREAM | SOCK_CLOEXEC, 0);
    race_check(race, race->incoming.far >= 0, "socket");
    connect_far(race, race->incoming.far);
    complete(race, pendio_accept(race->context, race->listener, 0), &result);
    race_check(race, result.error == 0, "an accept failed");
    race->incoming.near = result.value;
}

void race_init(struct race *race, struct live_bench *bench, uint64_t index)
{
    if (index == 0)
        make_carried();
    *race = (struct race){.bench = bench,
                          .index = index,
                          .random = index * 2 + 1,
                          .event_random = index * 2 + 77,
                          .client = -1};
    race_check(race, pendio_pool_get(bench->pool, &race->context) == 0, "pool");
    race_check(race, pendio_context_set_user_data(race->context, index) == 0, "user data");
    open_listener(race);
    open_incoming(race);
    open_unix(race, &race->outgoing);
}

static void close_handle(struct race *race, pendio_handle handle)
{
    race_check(race, pendio_handle_close(race->bench->loop, handle, PENDIO_ABORTIVE) == 0,
               "a handle cannot be closed");
}

void race_fini(struct race *race)
{
    close_handle(race, race->listener);
    close_handle(race, race->incoming.near);
    close_handle(race, race->outgoing.near);
    close(race->incoming.far);
    close(race->outgoing.far);
    race_check(race, pendio_pool_put(race->context) == 0, "put");
}

/* ---- start ---------------------------------------------------------------------------------- */

static int start_receive(struct race *race, struct race_stream *stream, uint64_t deadline_ns)
{
    struct pendio_context *context = race->context;

    race_check(race, pendio_context_set_memory(context, race->in, sizeof race->in) == 0, "memory");
    race_check(race, pendio_context_set_deadline(context, deadline_ns) == 0, "deadline");
    return pendio_receive(context, stream->near);
}

static int start_send(struct race *race)
{
    race_check(race,
               pendio_context_set_memory(race->context, &carried[race->outgoing.put_bytes % PERIOD],
                                         OUT_BYTES) == 0,
               "memory");
    return pendio_send(race->context, race->outgoing.near);
}

static int start(struct race *race)
{
    uint64_t some_ns = live_random(&race->random) % 200000;

    switch (race->kind) {
    case RACE_RECEIVE:
        return start_receive(race, &race->incoming, 0);
    case RACE_ACCEPT:
        return pendio_accept(race->context, race->listener, 0);
    case RACE_TIMER:
        return pendio_timer(race->context, some_ns);
    case RACE_DEADLINE:
        return start_receive(race, &race->incoming, some_ns + 1);
    case RACE_SEND:
        return start_send(race);
    default:
        open_unix(race, &race->doomed);
        return start_receive(race, &race->doomed, 0);
    }
}

void race_start(struct race *race)
{
    int answer;

    race->closing = false;
    race->accepted_count = 0;
    race_check(race, pendio_context_set_deadline(race->context, 0) == 0, "deadline");
    race_check(
        race,
        pendio_context_set_policy(race->context, (uint32_t)(live_random(&race->random) % 3)) == 0,
        "policy");
    answer = start(race);
    race_check(race, answer >= 0, "a start was refused");
    race->under_way = answer == PENDIO_PENDING;
    if (race->under_way)
        race->run = pendio_context_run(race->context);
}

/* ---- event and end, on two threads ---------------------------------------------------------- */

void race_event(struct race *race)
{
    uint64_t dice = live_random(&race->event_random);

    switch (race->kind) {
    case RACE_RECEIVE:
    case RACE_DEADLINE:
        put_far(race, &race->incoming, 1 + dice % EVENT_BYTES);
        break;
    case RACE_ACCEPT:
        race->client = socket(family_of(race), SOCK_STREAM | SOCK_CLOEXEC, 0);
        race_check(race, race->client >= 0, "socket");
        connect_far(race, race->client);
        break;
    case RACE_SEND:
        take_far(race, &race->outgoing, dice % 3 * OUT_BYTES);
        break;
    case RACE_CLOSE:
        put_far(race, &race->doomed, 1 + dice % EVENT_BYTES);
        break;
    default:
        break;
    }
}

void race_ask(struct race *race)
{
    int status;

    if (race->kind != RACE_CLOSE) {
        status = pendio_cancel(race->bench->loop, race->run);
        race_check(race, status == 0 || status == -ENOENT, "cancel answers something else");
    } else if (!race->closing) {
        race->closing = true;
        status = pendio_handle_close(race->bench->loop, race->doomed.near,
                                     (uint32_t)(live_random(&race->random) % 2));
        race_check(race, status == 0, "a handle cannot be closed");
    }
}

/* ---- result --------------------------------------------------------------------------------- */

static enum race_end end_of(const struct race *race, const struct pendio_completion *result)
{
    static const struct {
        int32_t error;
        uint16_t flags;
    } ends[] = {
        [RACE_HAPPENED] = {0, 0},
        [RACE_CANCELLED] = {-ECANCELED, PENDIO_BY_CANCEL},
        [RACE_TIMED_OUT] = {-ETIMEDOUT, PENDIO_BY_DEADLINE},
        [RACE_CLOSED] = {-ECANCELED, PENDIO_BY_CLOSE},
    };

    for (int i = 0; i < RACE_END_COUNT; i++)
        if (result->error == ends[i].error && result->flags == ends[i].flags)
            return (enum race_end)i;
    live_fail(__FILE__, __LINE__, "context %" PRIu64 ", kind %d: error %d, flags %u", race->index,
              (int)race->kind, result->error, result->flags);
}

static void book_received(struct race *race, struct race_stream *stream,
                          const struct pendio_completion *result)
{
    race_check(race, (result->bytes != 0) == (result->error == 0), "bytes and error disagree");
    if (result->bytes == 0)
        return;
    check_carried(race, stream, (const unsigned char *)(uintptr_t)result->memory, result->bytes);
    stream->taken_bytes += result->bytes;
}

enum race_end race_ended(struct race *race, const struct pendio_completion *result)
{
    enum race_end end = end_of(race, result);

    switch (race->kind) {
    case RACE_RECEIVE:
    case RACE_DEADLINE:
        book_received(race, &race->incoming, result);
        break;
    case RACE_CLOSE:
        book_received(race, &race->doomed, result);
        break;
    case RACE_SEND:
        race_check(race, end != RACE_HAPPENED || result->bytes == OUT_BYTES, "a send fell short");
        race->outgoing.put_bytes += result->bytes;
        break;
    case RACE_ACCEPT:
        race_check(race, (result->value != 0) == (end == RACE_HAPPENED), "a wrong product");
        if (result->value != 0)
            close_handle(race, result->value);
        race->accepted_count += result->value != 0;
        break;
    default:
        race_check(race, result->bytes == 0 && result->value == 0, "a timer brought something");
    }
    return end;
}

/* ---- what is left --------------------------------------------------------------------------- */

static void settle_incoming(struct race *race)
{
    struct pendio_completion result;

    while (race->incoming.taken_bytes < race->incoming.put_bytes) {
        complete(race, start_receive(race, &race->incoming, 0), &result);
        race_check(race, result.error == 0 && result.flags == 0, "what was left cannot be had");
        book_received(race, &race->incoming, &result);
    }
    race_check(race, race->incoming.taken_bytes == race->incoming.put_bytes, "too many bytes came");
}

/* What was told as sent is there to the last byte, and not one more. */
static void settle_outgoing(struct race *race)
{
    unsigned char byte;

    take_far(race, &race->outgoing, race->outgoing.put_bytes - race->outgoing.taken_bytes);
    race_check(race, race->outgoing.taken_bytes == race->outgoing.put_bytes,
               "a send told more than it sent");
    race_check(race, recv(race->outgoing.far, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN,
               "a send told less than it sent");
}

static void settle_accept(struct race *race)
{
    struct pendio_completion result;

    if (race->accepted_count == 0) {
        complete(race, pendio_accept(race->context, race->listener, 0), &result);
        race_check(race, race_ended(race, &result) == RACE_HAPPENED, "a client was lost");
    }
    race_check(race, race->accepted_count == 1, "more clients than there were");
    close(race->client);
    race->client = -1;
}

static void settle_doomed(struct race *race)
{
    if (!race->closing)
        race_ask(race);
    close(race->doomed.far);
}

void race_settle(struct race *race)
{
    race_check(race, pendio_cancel(race->bench->loop, race->run) == -ENOENT,
               "a run that is over can be cancelled");
    race_check(race, pendio_context_run(race->context) == 0, "a context is still in use");
    switch (race->kind) {
    case RACE_RECEIVE:
    case RACE_DEADLINE:
        settle_incoming(race);
        break;
    case RACE_ACCEPT:
        settle_accept(race);
        break;
    case RACE_SEND:
        settle_outgoing(race);
        break;
    case RACE_CLOSE:
        settle_doomed(race);
        break;
    default:
        break;
    }
}

void race_report(const uint64_t kinds[RACE_KIND_COUNT], const uint64_t ends[RACE_END_COUNT])
{
    printf("receive %" PRIu64 ", accept %" PRIu64 ", timer %" PRIu64 ", deadline %" PRIu64
           ", send %" PRIu64 ", close %" PRIu64 "\n",
           kinds[RACE_RECEIVE], kinds[RACE_ACCEPT], kinds[RACE_TIMER], kinds[RACE_DEADLINE],
           kinds[RACE_SEND], kinds[RACE_CLOSE]);
    printf("happened %" PRIu64 ", cancelled %" PRIu64 ", timed out %" PRIu64 ", closed %" PRIu64
           "\n",
           ends[RACE_HAPPENED], ends[RACE_CANCELLED], ends[RACE_TIMED_OUT], ends[RACE_CLOSED]);
}
