/*
 * group_test.c - behaviour 268: the listeners of a group's loops beside the first one's.
 *
 * - .NET's engines are a group's loops here; its switch is how connections are spread (contract 7
 *   moves a handle to another loop, where .NET has one socket accept for all).
 * - The system is asked who listens.
 */
#include "behaviour.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS_LIMIT = 4, CLIENTS_LIMIT = 2000 };

static struct pendio_group *group;
static struct pendio_loop *loops[LOOPS_LIMIT];
static _Atomic uint32_t accepted_counts[LOOPS_LIMIT];

static void accepted(struct pendio_loop *loop, pendio_handle handle, void *state)
{
    (void)state;
    for (int i = 0; i < LOOPS_LIMIT; i++)
        if (loops[i] == loop)
            atomic_fetch_add(&accepted_counts[i], 1);
    (void)pendio_handle_close(loop, handle, PENDIO_GRACEFUL);
}

static void begin(uint32_t loop_count, uint32_t spread)
{
    const struct pendio_group_options options = {
        .size = sizeof options, .loop_count = loop_count, .spread = spread};

    behaviour_begin();
    expect_ok(pendio_group_create(&options, &group));
    for (uint32_t i = 0; i < loop_count; i++)
        expect_ok(pendio_group_loop(group, i, &loops[i]));
}

static void end(void)
{
    expect_ok(pendio_group_destroy(group, -1, NULL));
    behaviour_end();
}

static struct sockaddr_in listen_at_any_port(void)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_TCP4, 0);
    struct pendio_endpoint endpoint;
    struct sockaddr_in address;

    expect_ok(
        pendio_group_listen(group, any.address, any.byte_count, 64, accepted, NULL, &endpoint));
    memcpy(&address, endpoint.address, sizeof address);
    return address;
}

/* Sockets that listen there, as the system's table shows them. */
static uint32_t count_listeners(const struct sockaddr_in *address)
{
    FILE *table = fopen("/proc/net/tcp", "re");
    uint32_t count = 0;
    char listening[64];
    char line[256];

    ck_assert_ptr_nonnull(table);
    snprintf(listening, sizeof listening, " %08X:%04X 00000000:0000 0A ", address->sin_addr.s_addr,
             ntohs(address->sin_port));
    while (fgets(line, sizeof line, table) != NULL)
        count += strstr(line, listening) != NULL;
    fclose(table);
    return count;
}

/* Its connection is accepted, once, and ends. */
static void visit(const struct sockaddr_in *address)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;

    ck_assert_int_ge(client, 0);
    expect_ok(connect(client, (const struct sockaddr *)address, sizeof *address));
    ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
    close(client);
}

static uint32_t count_accepted(uint32_t *ret_loop_count)
{
    uint32_t sum = 0;

    *ret_loop_count = 0;
    for (int i = 0; i < LOOPS_LIMIT; i++) {
        uint32_t count = atomic_load(&accepted_counts[i]);

        sum += count;
        *ret_loop_count += count != 0;
    }
    return sum;
}

START_TEST(b268_each_loop_listens_where_ports_are_shared_and_only_one_elsewhere)
{
    static const struct {
        uint32_t loop_count;
        uint32_t spread;
        uint32_t listener_count;
    } cases[] = {
        {4, PENDIO_SPREAD_REUSE_PORT, 4},
        {1, PENDIO_SPREAD_REUSE_PORT, 1},
        {4, PENDIO_SPREAD_MOVE, 1},
        {1, PENDIO_SPREAD_MOVE, 1},
    };
    uint32_t visitor_count = 0;
    uint32_t loop_count = 0;
    struct sockaddr_in address;

    begin(cases[_i].loop_count, cases[_i].spread);
    address = listen_at_any_port();
    ck_assert_uint_eq(count_listeners(&address), cases[_i].listener_count);
    while (loop_count < cases[_i].loop_count && visitor_count < CLIENTS_LIMIT) {
        visit(&address);
        ck_assert_uint_eq(count_accepted(&loop_count), ++visitor_count);
    }
    ck_assert_uint_eq(loop_count, cases[_i].loop_count);
    end();
    ck_assert_uint_eq(count_listeners(&address), 0);
}
END_TEST

START_TEST(b268_shutdown_ends_every_listener)
{
    struct sockaddr_in addresses[2];

    begin(4, _i == 0 ? PENDIO_SPREAD_REUSE_PORT : PENDIO_SPREAD_MOVE);
    addresses[0] = listen_at_any_port();
    addresses[1] = listen_at_any_port();
    visit(&addresses[0]);
    visit(&addresses[1]);
    expect_ok(pendio_group_shutdown(group));
    while (count_listeners(&addresses[0]) + count_listeners(&addresses[1]) != 0)
        (void)sched_yield(); /* each on its loop's thread */
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b268_each_loop_listens_where_ports_are_shared_and_only_one_elsewhere, 4},
        {b268_shutdown_ends_every_listener, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
