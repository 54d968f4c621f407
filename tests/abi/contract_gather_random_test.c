/*
 * contract_gather_random_test.c - whatever is sent on whichever stream in whatever order, and ended
 * early: the peer gets of each send as many bytes as were told of it, in start order.
 *
 * A test is a few hundred steps chosen by its seed, over streams with little room: bursts of sends
 * of every kind, turns, cancels, and a peer that reads now and then. Then the streams come to an
 * end: all is read, or they are closed, gracefully or not, or the peer resets them.
 */
#include "fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STREAM_COUNT = 4,
    CONTEXT_COUNT = 48,
    STEP_COUNT = 300,
    SEED_COUNT = 40,
    MOST_BYTES = 12000, /* of one send */
    RUN_LIMIT = 4096,   /* of one stream */
    RECEIVED_LIMIT = 1 << 24,
};

enum ending { READ_ALL, CLOSE_GRACEFULLY, CLOSE_ABORTIVELY, RESET, ENDING_COUNT };

/* A send that was started, on its stream's list. */
struct run {
    uint64_t seed;
    uint64_t byte_count;
    uint64_t gone_bytes;
    bool is_over;
    bool may_overtake; /* zero-copy is told when its memory is free */
};

static struct fixture fixture;

static struct {
    struct fixture_pair pair;
    struct run *runs;
    uint32_t run_count;
    uint32_t told_count; /* of the runs: the last one that was told a success, and 1 */
    unsigned char *received;
    size_t received_bytes;
    bool failed;
} streams[STREAM_COUNT];

static struct {
    struct pendio_context *context;
    unsigned char memory[MOST_BYTES];
    struct run *run; /* NULL: idle */
    int stream;
} senders[CONTEXT_COUNT];

static uint64_t random_state;

static uint32_t draw(uint32_t count)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % count;
}

/* ---- what came ------------------------------------------------------------------------------ */

static bool may_end_so(int stream, const struct pendio_completion *completion)
{
    if (completion->error == -ECANCELED)
        return (completion->flags & (PENDIO_BY_CANCEL | PENDIO_BY_CLOSE)) != 0;
    if (completion->error == -ETIMEDOUT)
        return (completion->flags & PENDIO_BY_DEADLINE) != 0 || streams[stream].failed;
    return streams[stream].failed;
}

static void note(const struct pendio_completion *completion)
{
    struct run *run;
    uint32_t index;
    int i = 0;
    int stream;

    while (senders[i].context != completion->context)
        i++;
    run = senders[i].run;
    stream = senders[i].stream;
    index = (uint32_t)(run - streams[stream].runs);
    ck_assert_ptr_nonnull(run);
    ck_assert_uint_le(completion->bytes, run->byte_count);
    run->gone_bytes = completion->bytes;
    run->is_over = true;
    senders[i].run = NULL;
    if (completion->error != 0) {
        ck_assert(may_end_so(stream, completion));
        return;
    }
    ck_assert_uint_eq(completion->bytes, run->byte_count);
    if (run->may_overtake)
        return;
    ck_assert_uint_ge(index, streams[stream].told_count);
    streams[stream].told_count = index;
}

static void note_all(void)
{
    while (fixture.read_count != fixture.seen_count)
        note(&fixture.seen[fixture.read_count++]);
}

static void turn(int64_t timeout_ns)
{
    ck_assert_int_ge(fixture_turn(&fixture, timeout_ns), 0);
    note_all();
}

/* The peer takes what is there, at most so much; false: nothing is there. */
static bool take(int stream, size_t most_bytes)
{
    size_t room = RECEIVED_LIMIT - streams[stream].received_bytes;
    ssize_t count =
        recv(streams[stream].pair.far, streams[stream].received + streams[stream].received_bytes,
             most_bytes < room ? most_bytes : room, MSG_DONTWAIT);

    if (count > 0)
        streams[stream].received_bytes += (size_t)count;
    return count > 0;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static uint64_t draw_bytes(void)
{
    switch (draw(4)) {
    case 0:
        return draw(64);
    case 1:
        return 1 + draw(1500);
    case 2:
        return 1 + draw(MOST_BYTES);
    default:
        return 64;
    }
}

static void set_memory(int i, uint64_t byte_count)
{
    unsigned char *memory = senders[i].memory;
    uint64_t middle = byte_count == 0 ? 0 : draw((uint32_t)byte_count);
    const struct pendio_bytes pieces[] = {
        {memory, middle}, {NULL, 0}, {memory + middle, byte_count - middle}};

    ck_assert_int_eq(draw(4) == 0
                         ? pendio_context_set_pieces(senders[i].context, pieces, 3)
                         : pendio_context_set_memory(senders[i].context, memory, byte_count),
                     0);
}

static int send_somehow(int i, uint32_t kind)
{
    struct pendio_context *context = senders[i].context;
    pendio_handle near = streams[senders[i].stream].pair.near;
    const struct pendio_packet packet = {.memory = senders[i].memory,
                                         .byte_count = senders[i].run->byte_count};

    if (kind == 1)
        return pendio_send_packets(context, near, &packet, 1, 0);
    if (kind == 2)
        return pendio_send_message(context, near);
    return pendio_send(context, near);
}

static void start(int i, int stream)
{
    struct pendio_context *context = senders[i].context;
    struct run *run = &streams[stream].runs[streams[stream].run_count];
    uint32_t kind = draw(24);
    struct pendio_completion completion;
    int answer;

    ck_assert_uint_lt(streams[stream].run_count++, RUN_LIMIT);
    *run = (struct run){
        .seed = (uint64_t)random_state, .byte_count = draw_bytes(), .may_overtake = kind == 0};
    senders[i].run = run;
    senders[i].stream = stream;
    fixture_fill(senders[i].memory, run->byte_count, run->seed);
    set_memory(i, run->byte_count);
    ck_assert_int_eq(pendio_context_set_flags(context, kind == 0 ? PENDIO_ZERO_COPY : 0), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, draw(8) == 0 ? PENDIO_TRY : draw(2) * 2),
                     0);
    ck_assert_int_eq(pendio_context_set_deadline(context, draw(12) == 0 ? 1 + draw(3000000) : 0),
                     0);
    answer = send_somehow(i, kind);
    ck_assert_int_ge(answer, 0);
    if (answer == PENDIO_PENDING)
        return;
    ck_assert_int_eq(pendio_context_result(context, &completion), 0);
    note(&completion);
}

static void burst(void)
{
    int stream = (int)draw(STREAM_COUNT);
    uint32_t count = 1 + draw(12);

    for (int i = 0; i < CONTEXT_COUNT && count != 0; i++)
        if (senders[i].run == NULL) {
            start(i, stream);
            count--;
        }
}

static void cancel(void)
{
    int i = (int)draw(CONTEXT_COUNT);

    if (senders[i].run != NULL)
        (void)pendio_cancel(fixture.loop, pendio_context_run(senders[i].context));
}

static void step(void)
{
    uint32_t choice = draw(16);

    if (choice < 5)
        burst();
    else if (choice < 9)
        turn(0);
    else if (choice < 13)
        cancel();
    else
        (void)take((int)draw(STREAM_COUNT), 1 + draw(30000));
    note_all();
}

/* ---- the end -------------------------------------------------------------------------------- */

static bool is_under_way(void)
{
    for (int i = 0; i < CONTEXT_COUNT; i++)
        if (senders[i].run != NULL)
            return true;
    return false;
}

static void end_stream(int stream, enum ending ending)
{
    pendio_handle near = streams[stream].pair.near;

    if (ending == CLOSE_GRACEFULLY) {
        ck_assert_int_eq(pendio_handle_close(fixture.loop, near, PENDIO_GRACEFUL), 0);
    } else if (ending == CLOSE_ABORTIVELY) {
        streams[stream].failed = true;
        ck_assert_int_eq(pendio_handle_close(fixture.loop, near, PENDIO_ABORTIVE), 0);
    } else if (ending == RESET) {
        streams[stream].failed = true;
        fixture_reset(streams[stream].pair.far);
        streams[stream].pair.far = -1;
    }
}

/* Of what was told to have gone, in start order; what has failed may have lost the last of it. */
static void check_received(int stream)
{
    const unsigned char *at = streams[stream].received;
    const unsigned char *end = at + streams[stream].received_bytes;

    for (uint32_t i = 0; i < streams[stream].run_count; i++) {
        const struct run *run = &streams[stream].runs[i];
        size_t left = (size_t)(end - at);

        ck_assert(run->is_over);
        if (!streams[stream].failed)
            ck_assert_uint_ge(left, run->gone_bytes);
        left = left < run->gone_bytes ? left : run->gone_bytes;
        ck_assert(fixture_is_filled(at, left, run->seed));
        at += left;
    }
    ck_assert_ptr_eq(at, end);
}

/* All that is to come: a stream that failed has an end. */
static bool has_come(int stream)
{
    struct pollfd far = {.fd = streams[stream].pair.far, .events = POLLIN};
    uint64_t gone_bytes = 0;
    char byte;

    for (uint32_t i = 0; i < streams[stream].run_count; i++)
        gone_bytes += streams[stream].runs[i].gone_bytes;
    if (gone_bytes == streams[stream].received_bytes)
        return true;
    ck_assert_int_eq(poll(&far, 1, 20000), 1);
    return streams[stream].failed && recv(far.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void finish(void)
{
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        end_stream(stream, (enum ending)draw(ENDING_COUNT));
    while (is_under_way())
        for (int stream = 0; stream < STREAM_COUNT; stream++) {
            while (streams[stream].pair.far >= 0 && take(stream, RECEIVED_LIMIT))
                turn(0);
            turn(is_under_way() ? 1000000 : 0);
        }
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        while (streams[stream].pair.far >= 0 && !has_come(stream))
            (void)take(stream, RECEIVED_LIMIT);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        check_received(stream);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static void begin_stream(int stream, enum fixture_family family)
{
    const int room = 2048 << draw(6);
    int descriptors[2];

    fixture_connect(family, descriptors);
    ck_assert_int_eq(setsockopt(descriptors[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    if (draw(3) == 0)
        ck_assert_int_eq(fcntl(descriptors[0], F_SETFL, O_NONBLOCK), 0);
    streams[stream].pair =
        (struct fixture_pair){fixture_adopt(&fixture, descriptors[0]), descriptors[1]};
    streams[stream].runs = calloc(RUN_LIMIT, sizeof(struct run));
    streams[stream].received = malloc(RECEIVED_LIMIT);
    ck_assert_ptr_nonnull(streams[stream].runs);
    ck_assert_ptr_nonnull(streams[stream].received);
}

START_TEST(the_peer_gets_what_was_told_in_start_order)
{
    static const enum fixture_family families[STREAM_COUNT] = {FIXTURE_TCP4, FIXTURE_UNIX_STREAM,
                                                               FIXTURE_TCP6, FIXTURE_UNIX_STREAM};

    memset(streams, 0, sizeof streams);
    memset(senders, 0, sizeof senders);
    random_state = (uint64_t)_i * 7919 + 17;
    fixture_init_with(&fixture, NULL, CONTEXT_COUNT, 0);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        begin_stream(stream, families[stream]);
    for (int i = 0; i < CONTEXT_COUNT; i++)
        senders[i].context = fixture_get(&fixture);
    for (int i = 0; i < STEP_COUNT; i++)
        step();
    finish();
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        if (streams[stream].pair.far >= 0)
            close(streams[stream].pair.far);
        free(streams[stream].runs);
        free(streams[stream].received);
    }
    fixture_fini(&fixture);
}
END_TEST

/* With a number: so many seeds, by hand. */
int main(int argument_count, char **arguments)
{
    long seed_count = argument_count > 1 ? strtol(arguments[1], NULL, 10) : SEED_COUNT;
    const struct fixture_case cases[] = {
        {the_peer_gets_what_was_told_in_start_order, (int)seed_count},
    };

    return fixture_run("contract: gather, at random", cases, sizeof cases / sizeof cases[0]);
}
