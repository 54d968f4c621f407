/*
 * fixture_host.c - a plain epoll loop that hosts a fixture's loop.
 *
 * Happy path:  turn until nothing comes -> sleep in epoll_wait() -> turn again.
 * Failures:    a sleep that nothing ends although a delivery is waited for fails the test.
 */
#include "fixture_host.h"

#include <sys/epoll.h>
#include <unistd.h>

void host_watch(struct host *host, struct fixture *fixture)
{
    struct epoll_event event = {.events = EPOLLIN};

    *host = (struct host){.fixture = fixture, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    ck_assert_int_eq(
        epoll_ctl(host->epoll, EPOLL_CTL_ADD, pendio_loop_descriptor(fixture->loop), &event), 0);
}

void host_init(struct host *host, struct fixture *fixture)
{
    fixture_init(fixture);
    host_watch(host, fixture);
}

void host_fini(struct host *host)
{
    close(host->epoll);
    fixture_fini(host->fixture);
}

bool host_is_readable(const struct host *host, int timeout_ms)
{
    struct epoll_event event;
    int count;

    do
        count = epoll_wait(host->epoll, &event, 1, timeout_ms);
    while (count < 0 && errno == EINTR);
    return count == 1;
}

void host_turn(const struct host *host)
{
    while (fixture_turn(host->fixture, 0) > 0)
        ;
}

void host_run(const struct host *host, uint32_t count)
{
    host_turn(host);
    while (host->fixture->seen_count - host->fixture->read_count < count) {
        ck_assert_msg(host_is_readable(host, HOST_PATIENCE_MS),
                      "slept while something was to be delivered");
        host_turn(host);
    }
}

void host_expect_sleep(const struct host *host)
{
    for (int i = 0; i < 4 && host_is_readable(host, 0); i++)
        host_turn(host);
    ck_assert(!host_is_readable(host, 0));
    ck_assert_uint_eq(host->fixture->read_count, host->fixture->seen_count);
}
