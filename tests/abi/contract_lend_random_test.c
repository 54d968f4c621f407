/*
 * contract_lend_random_test.c - whatever is asked of whichever handle in whatever order: every byte
 * comes once and in order, nobody waits for ever, and every buffer comes back.
 *
 * Each byte says where it stands in its stream. A test is a few hundred steps chosen by its seed,
 * over few and small buffers; then the rest is read, and nothing may be left.
 */
#include "lending.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STREAM_COUNT = 4,
    CONTEXT_COUNT = 16,
    STEP_COUNT = 600,
    PART_BYTES = 48, /* at most, of one push */
    LONG_NS = 2000000000,
};

enum kind { IDLE, LENDING, OWN, PEEKING, EMPTY, POLLING, SENDING };

static struct fixture fixture;

static struct {
    struct fixture_pair pair;
    uint64_t sent_bytes;
    uint64_t received_bytes;
    bool ended;
} streams[STREAM_COUNT];

static struct {
    struct pendio_context *context;
    unsigned char memory[PART_BYTES];
    enum kind kind;
    int stream;
    uint64_t sent_bytes; /* of the stream when it was started */
} runs[CONTEXT_COUNT];

static uint64_t random_state;

static uint32_t draw(uint32_t count)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % count;
}

static unsigned char byte_at(uint64_t at)
{
    return (unsigned char)(at % 251);
}

static bool is_of_messages(int stream)
{
    return stream == STREAM_COUNT - 1;
}

static void push(int stream)
{
    uint64_t at = streams[stream].sent_bytes;
    unsigned char bytes[PART_BYTES];
    uint32_t byte_count = 1 + draw(PART_BYTES);
    ssize_t sent;

    for (uint32_t i = 0; i < byte_count; i++)
        bytes[i] = byte_at(at + i);
    sent = send(streams[stream].pair.far, bytes, byte_count, MSG_DONTWAIT);
    streams[stream].sent_bytes += sent > 0 ? (uint64_t)sent : 0;
}

/* ---- what came ------------------------------------------------------------------------------ */

static int run_of(const struct pendio_context *context)
{
    int i = 0;

    while (runs[i].context != context)
        i++;
    return i;
}

static void check_bytes(int stream, const struct pendio_completion *completion)
{
    const unsigned char *bytes = (const unsigned char *)(uintptr_t)completion->memory;

    for (uint64_t i = 0; i < completion->bytes; i++)
        ck_assert_uint_eq(bytes[i], byte_at(streams[stream].received_bytes + i));
}

static void note(const struct pendio_completion *completion)
{
    int i = run_of((const struct pendio_context *)completion->context);
    int stream = runs[i].stream;
    enum kind kind = runs[i].kind;

    runs[i].kind = IDLE;
    if (completion->error != 0) {
        ck_assert(completion->error == -ECANCELED || completion->error == -ETIMEDOUT);
        ck_assert_uint_ne(completion->flags & (PENDIO_BY_CANCEL | PENDIO_BY_DEADLINE), 0);
    }
    if (kind == SENDING || kind == EMPTY || kind == POLLING)
        return;
    check_bytes(stream, completion);
    if (completion->flags & PENDIO_END_OF_STREAM) {
        ck_assert_uint_eq(streams[stream].received_bytes, streams[stream].sent_bytes);
        streams[stream].ended = true;
    } else if (completion->error == 0) {
        ck_assert_uint_gt(completion->bytes, 0);
    }
    if (kind != PEEKING)
        streams[stream].received_bytes += completion->bytes;
}

static void note_all(void)
{
    while (fixture.read_count != fixture.seen_count)
        note(&fixture.seen[fixture.read_count++]);
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void prepare(int i, enum kind kind)
{
    struct pendio_context *context = runs[i].context;
    bool lends = kind == LENDING || (kind == PEEKING && draw(2) == 0);
    uint32_t byte_count = is_of_messages(runs[i].stream) ? PART_BYTES : 1 + draw(PART_BYTES);
    const struct pendio_bytes pieces[] = {
        {runs[i].memory, byte_count / 2},
        {runs[i].memory + byte_count / 2, byte_count - byte_count / 2}};
    int status;

    if (lends)
        status = pendio_context_set_lending(context);
    else if (kind == EMPTY)
        status = pendio_context_set_memory(context, runs[i].memory, 0);
    else if (draw(3) == 0 && byte_count > 1 && kind == OWN)
        status = pendio_context_set_pieces(context, pieces, 2);
    else
        status = pendio_context_set_memory(context, runs[i].memory, byte_count);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(pendio_context_set_flags(context, kind == PEEKING ? PENDIO_PEEK : 0), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, draw(3)), 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, draw(8) == 0 ? 1 + draw(200000) : 0), 0);
}

static void started(int i, enum kind kind, int answer)
{
    struct pendio_completion completion;

    ck_assert_int_ge(answer, 0);
    runs[i].kind = kind;
    if (answer == PENDIO_PENDING)
        return;
    ck_assert_int_eq(pendio_context_result(runs[i].context, &completion), 0);
    note(&completion);
}

static int receive(struct pendio_context *context, pendio_handle handle)
{
    switch (draw(3)) {
    case 0:
        return pendio_receive_from(context, handle);
    case 1:
        return pendio_receive_message(context, handle);
    default:
        return pendio_receive(context, handle);
    }
}

/* What it was lent, if anything, on to the peer of some stream, who drops it. */
static void send_on(int i)
{
    char dropped[4096];
    int stream = (int)draw(STREAM_COUNT);

    (void)!recv(streams[stream].pair.far, dropped, sizeof dropped, MSG_DONTWAIT);
    ck_assert_int_eq(pendio_context_set_flags(runs[i].context, 0), 0);
    ck_assert_int_eq(pendio_context_set_deadline(runs[i].context, 0), 0);
    started(i, SENDING, pendio_send(runs[i].context, streams[stream].pair.near));
}

static void renew(int i)
{
    ck_assert_int_eq(pendio_pool_put(runs[i].context), 0);
    ck_assert_int_eq(pendio_pool_get(fixture.pool, &runs[i].context), 0);
}

/* Another strategy of receiving, whatever is under way. */
static void pin(void)
{
    int stream = (int)draw(STREAM_COUNT);
    int status = pendio_handle_set_receive(fixture.loop, streams[stream].pair.near, draw(3));

    ck_assert_int_eq(status, is_of_messages(stream) ? -EINVAL : 0);
}

static void start(int i)
{
    static const enum kind kinds[] = {LENDING, LENDING, LENDING, LENDING, OWN,
                                      OWN,     PEEKING, EMPTY,   POLLING};
    enum kind kind = kinds[draw(sizeof kinds / sizeof kinds[0])];
    int stream = (int)draw(STREAM_COUNT);
    pendio_handle near = streams[stream].pair.near;

    if (kind == EMPTY && is_of_messages(stream))
        kind = LENDING; /* it would take one */
    runs[i].stream = stream;
    prepare(i, kind);
    started(i, kind,
            kind == POLLING ? pendio_poll(runs[i].context, near, POLLIN)
                            : receive(runs[i].context, near));
}

static void step(void)
{
    int i = (int)draw(CONTEXT_COUNT);
    uint32_t choice = draw(16);

    if (choice < 5)
        push((int)draw(STREAM_COUNT));
    else if (choice < 8)
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    else if (runs[i].kind != IDLE)
        (void)(choice == 8 && pendio_cancel(fixture.loop, pendio_context_run(runs[i].context)));
    else if (choice < 10)
        renew(i);
    else if (choice == 10 && draw(4) == 0)
        pin();
    else if (choice < 11)
        send_on(i);
    else
        start(i);
    note_all();
}

/* ---- the end -------------------------------------------------------------------------------- */

static bool is_under_way(void)
{
    for (int i = 0; i < CONTEXT_COUNT; i++)
        if (runs[i].kind != IDLE)
            return true;
    return false;
}

static bool is_read(int stream)
{
    return is_of_messages(stream) ? streams[stream].received_bytes == streams[stream].sent_bytes
                                  : streams[stream].ended;
}

/* Whoever waits for what is there is told in one turn, if all are asked for theirs. */
static void read_rest(void)
{
    bool waits, all_wait;

    do {
        waits = false;
        all_wait = true;
        for (int i = 0; i < STREAM_COUNT; i++) {
            if (runs[i].kind == IDLE)
                renew(i);
            if (runs[i].kind == IDLE && !is_read(i)) {
                runs[i].stream = i;
                ck_assert_int_eq(pendio_context_set_lending(runs[i].context), 0);
                started(i, LENDING, pendio_receive(runs[i].context, streams[i].pair.near));
                all_wait = all_wait && runs[i].kind != IDLE;
            }
            waits = waits || !is_read(i);
        }
        if (waits)
            ck_assert_int_ge(fixture_turn(&fixture, all_wait ? LONG_NS : 0), all_wait ? 1 : 0);
        note_all();
    } while (waits);
}

static void finish(void)
{
    for (int i = 0; i < CONTEXT_COUNT; i++)
        if (runs[i].kind != IDLE)
            (void)pendio_cancel(fixture.loop, pendio_context_run(runs[i].context));
    while (is_under_way()) {
        note(fixture_next(&fixture));
        note_all();
    }
    for (int i = 0; i < CONTEXT_COUNT; i++)
        renew(i);
    for (int i = 0; i < STREAM_COUNT; i++)
        if (!is_of_messages(i))
            ck_assert_int_eq(shutdown(streams[i].pair.far, SHUT_WR), 0);
    read_rest();
    for (int i = 0; i < STREAM_COUNT; i++)
        ck_assert_uint_eq(streams[i].received_bytes, streams[i].sent_bytes);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
}

static void begin(int seed)
{
    static const enum fixture_family families[STREAM_COUNT] = {
        FIXTURE_TCP4, FIXTURE_TCP6, FIXTURE_UNIX_STREAM, FIXTURE_UNIX_DATAGRAM};
    struct pendio_loop_options options = {.size = sizeof options};

    random_state = (uint64_t)seed * 7919 + 17;
    options.buffer_count = 2u << draw(4);
    options.buffer_bytes = (uint32_t)PART_BYTES << draw(3);
    options.collect_bytes = draw(2) == 0 ? 1 + draw(200) : 1 + draw(2000);
    fixture_init_with(&fixture, &options, CONTEXT_COUNT, 0);
    for (int i = 0; i < STREAM_COUNT; i++) {
        streams[i].pair = fixture_pair(&fixture, families[i]);
        streams[i].sent_bytes = streams[i].received_bytes = 0;
        streams[i].ended = false;
    }
    for (int i = 0; i < CONTEXT_COUNT; i++) {
        runs[i].kind = IDLE;
        runs[i].context = fixture_get(&fixture);
    }
}

START_TEST(every_byte_comes_once_and_in_order_and_every_buffer_back)
{
    begin(_i);
    for (int i = 0; i < STEP_COUNT; i++)
        step();
    finish();
    for (int i = 0; i < STREAM_COUNT; i++)
        close(streams[i].pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {every_byte_comes_once_and_in_order_and_every_buffer_back, 40},
    };

    return fixture_run("contract: lending, at random", cases, sizeof cases / sizeof cases[0]);
}
