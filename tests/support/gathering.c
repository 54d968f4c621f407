/* gathering.c - a stream, sends with memory of their own, and a peer that takes nothing. */
#include "gathering.h"

#include <sys/socket.h>
#include <unistd.h>

struct gathering gathering;

void gathering_begin(enum fixture_family family)
{
    int descriptors[2];

    gathering = (struct gathering){.clogged_bytes = 0};
    fixture_init(&gathering.fixture);
    fixture_connect(family, descriptors);
    gathering.near_descriptor = dup(descriptors[0]);
    ck_assert_int_ge(gathering.near_descriptor, 0);
    gathering.pair.near = fixture_adopt(&gathering.fixture, descriptors[0]);
    gathering.pair.far = descriptors[1];
    for (int i = 0; i < GATHERING_COUNT; i++) {
        fixture_fill(gathering.memory[i], GATHERING_BYTES, (uint64_t)i);
        gathering.contexts[i] =
            fixture_over(&gathering.fixture, gathering.memory[i], GATHERING_BYTES);
    }
}

void gathering_end(void)
{
    close(gathering.near_descriptor);
    close(gathering.pair.far);
    fixture_fini(&gathering.fixture);
}

void gathering_set_room(int byte_count)
{
    ck_assert_int_eq(setsockopt(gathering.near_descriptor, SOL_SOCKET, SO_SNDBUF, &byte_count,
                                sizeof byte_count),
                     0);
}

/* What it holds is far more than it may hold then: whatever trickles away makes no room. */
void gathering_clog(void)
{
    static const unsigned char nothing[4096];
    ssize_t count;

    gathering_set_room(GATHERING_ROOM);
    while ((count = send(gathering.near_descriptor, nothing, sizeof nothing, MSG_DONTWAIT)) > 0)
        gathering.clogged_bytes += (size_t)count;
    ck_assert_int_eq(errno, EAGAIN);
    gathering_set_room(1);
}

void gathering_unclog(void)
{
    gathering_set_room(GATHERING_ROOM);
    fixture_drain(&gathering.fixture, gathering.pair.far, gathering.clogged_bytes);
    gathering.clogged_bytes = 0;
}

void gathering_send(int first, int count)
{
    for (int i = first; i < first + count; i++)
        expect_pending(pendio_send(gathering.contexts[i], gathering.pair.near));
}

void gathering_hand_over(void)
{
    fixture_quiet(&gathering.fixture);
}

void gathering_cancel(int index)
{
    pendio_run run = pendio_context_run(gathering.contexts[index]);

    ck_assert_int_eq(pendio_cancel(gathering.fixture.loop, run), 0);
}

void gathering_expect_whole(int index)
{
    expect_next(&gathering.fixture, gathering.contexts[index], 0, GATHERING_BYTES, 0);
}

void gathering_expect_bytes(int index, size_t byte_count)
{
    unsigned char bytes[GATHERING_BYTES];

    fixture_take(gathering.pair.far, bytes, byte_count);
    ck_assert(fixture_is_filled(bytes, byte_count, (uint64_t)index));
}
