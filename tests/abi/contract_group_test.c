/*
 * contract_group_test.c - loops on threads of the library's, and connections spread over them.
 *
 * - Every loop begins, turns and ends on a thread of its own; what cannot begin leaves nothing.
 * - A connection is told of once, on the thread of the loop that has it, and served there.
 */
#include "fixture.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LOOPS = 4, CLIENTS = 60, POSTS = 500 };

/* What the group's threads tell; each index is written by its own thread. */
static struct seat {
    struct pendio_loop *loop;
    pthread_t thread;
    struct pendio_pool *pool;
    bool began;
    bool ended;
    uint64_t post_sum;
    uint32_t accepted_count;
} seats[LOOPS];
static _Atomic uint32_t post_count;
static _Atomic uint32_t fault_count; /* what was not as it has to be */
static uint32_t failing_index;

static struct pendio_group *group;
static int descriptor_count;

static void expect(bool is_so)
{
    if (!is_so)
        atomic_fetch_add(&fault_count, 1);
}

static struct seat *seat_of(const struct pendio_loop *loop)
{
    for (int i = 0; i < LOOPS; i++)
        if (seats[i].loop == loop)
            return &seats[i];
    return NULL;
}

static int begin(struct pendio_loop *loop, uint32_t index, void *state)
{
    sigset_t blocked;

    expect(state == seats);
    if (index == failing_index)
        return -ENOTCONN;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    expect(sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGSEGV) == 0);
    expect(pendio_loop_turn(loop, 0, NULL, 0) == -EBUSY);
    expect(pendio_loop_destroy(loop, 0, NULL) == -EBUSY);
    expect(pendio_pool_create(loop, NULL, &seats[index].pool) == 0);
    seats[index].loop = loop;
    seats[index].thread = pthread_self();
    seats[index].began = true;
    return 0;
}

static void end(struct pendio_loop *loop, uint32_t index, void *state)
{
    (void)state;
    expect(seats[index].loop == loop && !seats[index].ended);
    expect(pthread_equal(seats[index].thread, pthread_self()) != 0);
    seats[index].ended = true;
}

static void completed(struct pendio_loop *loop, const struct pendio_completion *completion,
                      void *state)
{
    struct seat *seat = seat_of(loop);

    (void)state;
    if (completion->operation != PENDIO_OPERATION_POST)
        return;
    expect(pthread_equal(seat->thread, pthread_self()) != 0);
    expect(pendio_loop_turn(loop, 0, NULL, 0) == -EBUSY);
    seat->post_sum += completion->value;
    atomic_fetch_add(&post_count, 1);
}

static const struct pendio_group_options usual = {.size = sizeof usual,
                                                  .loop_count = LOOPS,
                                                  .begin = begin,
                                                  .end = end,
                                                  .completed = completed,
                                                  .state = seats};

static void begin_group(uint32_t spread)
{
    struct pendio_group_options options = usual;

    options.spread = spread;
    failing_index = UINT32_MAX;
    descriptor_count = fixture_count_descriptors();
    ck_assert_int_eq(pendio_group_create(&options, &group), 0);
}

static void end_group(void)
{
    uint64_t leaked_count = 1;

    ck_assert_int_eq(pendio_group_destroy(group, INT64_C(20) * 1000000000, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    for (int i = 0; i < LOOPS; i++)
        ck_assert(seats[i].began && seats[i].ended);
    ck_assert_uint_eq(atomic_load(&fault_count), 0);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

START_TEST(loops_begin_turn_and_end_on_threads_of_their_own)
{
    struct pendio_loop *loop;

    begin_group(PENDIO_SPREAD_REUSE_PORT);
    for (uint32_t i = 0; i < LOOPS; i++) {
        ck_assert_int_eq(pendio_group_loop(group, i, &loop), 0);
        ck_assert_ptr_eq(loop, seats[i].loop);
        ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), -EPERM);
        for (uint32_t k = 0; k < i; k++)
            ck_assert(pthread_equal(seats[i].thread, seats[k].thread) == 0);
    }
    ck_assert_int_eq(pendio_group_loop(group, LOOPS, &loop), -EINVAL);
    for (uint64_t i = 0; i < POSTS; i++)
        while (pendio_loop_post(seats[i % LOOPS].loop, 0, i + 1) == -EAGAIN)
            ;
    ck_assert_int_eq(pendio_loop_wake(seats[0].loop), 0);
    ck_assert_int_eq(pendio_group_shutdown(group), 0);
    ck_assert_int_eq(pendio_group_shutdown(group), 0);
    end_group();
    ck_assert_uint_eq(atomic_load(&post_count), POSTS);
    ck_assert_uint_eq(seats[0].post_sum + seats[1].post_sum + seats[2].post_sum + seats[3].post_sum,
                      POSTS * (POSTS + 1) / 2);
}
END_TEST

START_TEST(group_that_cannot_begin_leaves_nothing)
{
    const struct pendio_loop_options too_many = {.size = sizeof too_many,
                                                 .operation_count = UINT32_MAX};
    struct pendio_group_options options = usual;

    descriptor_count = fixture_count_descriptors();
    failing_index = 2;
    ck_assert_int_eq(pendio_group_create(&options, &group), -ENOTCONN);
    for (int i = 0; i < LOOPS; i++)
        ck_assert(seats[i].began == seats[i].ended);
    options.loop = &too_many;
    ck_assert_int_eq(pendio_group_create(&options, &group), -EINVAL);
    options = usual;
    options.spread = PENDIO_SPREAD_MOVE + 1;
    ck_assert_int_eq(pendio_group_create(&options, &group), -EINVAL);
    ck_assert_int_eq(pendio_group_create(NULL, NULL), -EINVAL);
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    ck_assert_uint_eq(atomic_load(&fault_count), 0);
}
END_TEST

/* A user without privileges and other processes, whom the limit of threads binds. */
static bool become_ordinary(void)
{
    if (geteuid() == 0 && setuid((uid_t)(40000 + getpid() % 20000)) < 0)
        return false;
    return prctl(PR_SET_DUMPABLE, 1) == 0; /* to see its own descriptors */
}

/* Threads of the process, and two. */
static nlink_t count_threads(void)
{
    struct stat tasks;

    ck_assert_int_eq(stat("/proc/self/task", &tasks), 0);
    return tasks.st_nlink;
}

START_TEST(group_whose_threads_are_not_to_be_had_leaves_nothing)
{
    struct rlimit before;
    struct rlimit few;
    nlink_t thread_count;

    if (!become_ordinary())
        return;
    failing_index = UINT32_MAX;
    descriptor_count = fixture_count_descriptors();
    thread_count = count_threads();
    ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &before), 0);
    for (rlim_t count = 1; count <= LOOPS; count++) {
        few = (struct rlimit){.rlim_cur = count, .rlim_max = before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &few), 0);
        ck_assert_int_eq(pendio_group_create(&usual, &group), -EAGAIN);
        ck_assert_ptr_null(group);
        ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
        while (count_threads() != thread_count)
            (void)sched_yield(); /* who was joined may still be on the way out */
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &before), 0);
    for (int i = 0; i < LOOPS; i++)
        ck_assert(!seats[i].began && !seats[i].ended);
}
END_TEST

/* ---- connections ---------------------------------------------------------------------------- */

/* A group that ends meanwhile refuses. */
static void expect_started(int answer)
{
    expect(answer == PENDIO_PENDING || answer == -ESHUTDOWN);
}

static void echo_again(const struct pendio_completion *completion, void *state)
{
    struct pendio_context *context = completion->context;

    if (completion->bytes == 0) {
        (void)pendio_handle_close(seat_of((struct pendio_loop *)state)->loop, completion->handle,
                                  PENDIO_GRACEFUL);
        expect(pendio_pool_put(context) == 0);
    } else if (completion->operation == PENDIO_OPERATION_RECEIVE) {
        expect(pendio_context_set_window(context, 0, completion->bytes) == 0);
        expect_started(pendio_send(context, completion->handle));
    } else {
        expect_started(pendio_receive(context, completion->handle));
    }
}

static void accepted(struct pendio_loop *loop, pendio_handle handle, void *state)
{
    static char memory[LOOPS * 64][64]; /* each context its own; a pool has 64 */
    static _Atomic uint32_t next;
    struct seat *seat = seat_of(loop);
    struct pendio_context *context = NULL;

    expect(state == &group && pthread_equal(seat->thread, pthread_self()) != 0);
    expect(pendio_loop_destroy(loop, 0, NULL) == -EBUSY);
    seat->accepted_count++;
    expect(pendio_pool_get(seat->pool, &context) == 0);
    expect(pendio_context_set_memory(context, memory[atomic_fetch_add(&next, 1)], 64) == 0);
    expect(pendio_context_set_policy(context, PENDIO_QUEUE) == 0);
    expect(pendio_context_set_callback(context, echo_again, loop) == 0);
    expect_started(pendio_receive(context, handle));
}

static struct pendio_endpoint address_of(bool is_unix)
{
    const struct sockaddr_in any_port = {.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_endpoint endpoint = {.byte_count =
                                           is_unix ? sizeof(sa_family_t) : sizeof any_port};
    const sa_family_t any_name = AF_UNIX;

    if (is_unix)
        memcpy(endpoint.address, &any_name, sizeof any_name);
    else
        memcpy(endpoint.address, &any_port, sizeof any_port);
    return endpoint;
}

static int connect_and_echo(const struct pendio_endpoint *server)
{
    sa_family_t family;
    char bytes[5] = "";
    int client;

    memcpy(&family, server->address, sizeof family);
    client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(client, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)server->address, server->byte_count),
                     0);
    fixture_put(client, "echo", 4);
    fixture_take(client, bytes, 4);
    ck_assert_str_eq(bytes, "echo");
    return client;
}

START_TEST(connections_are_spread_and_served_where_they_are)
{
    bool is_unix = _i / 2 == 1;
    uint32_t spread = _i % 2 == 0 ? PENDIO_SPREAD_REUSE_PORT : PENDIO_SPREAD_MOVE;
    struct pendio_endpoint address = address_of(is_unix);
    struct pendio_endpoint server;
    int clients[CLIENTS];
    uint32_t count = 0;

    begin_group(spread);
    ck_assert_int_eq(pendio_group_listen(group, address.address, address.byte_count, 256, accepted,
                                         &group, &server),
                     0);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_and_echo(&server);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    end_group();
    for (int i = 0; i < LOOPS; i++) {
        count += seats[i].accepted_count;
        if (spread == PENDIO_SPREAD_MOVE)
            ck_assert_uint_eq(seats[i].accepted_count, CLIENTS / LOOPS);
    }
    ck_assert_uint_eq(count, CLIENTS);
}
END_TEST

START_TEST(what_cannot_be_listened_at_is_refused_and_leaves_nothing)
{
    struct pendio_endpoint address = address_of(false);
    struct pendio_endpoint server;
    int before;
    int taken;

    begin_group(PENDIO_SPREAD_REUSE_PORT);
    before = fixture_count_descriptors();
    taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(taken, (struct sockaddr *)address.address, address.byte_count), 0);
    ck_assert_int_eq(listen(taken, 1), 0);
    server.byte_count = sizeof server.address;
    ck_assert_int_eq(getsockname(taken, (struct sockaddr *)server.address, &server.byte_count), 0);
    ck_assert_int_eq(
        pendio_group_listen(group, server.address, server.byte_count, 1, accepted, &group, NULL),
        -EADDRINUSE);
    close(taken);
    ck_assert_int_eq(fixture_count_descriptors(), before);
    ck_assert_int_eq(pendio_group_listen(group, NULL, 16, 1, accepted, &group, NULL), -EINVAL);
    ck_assert_int_eq(pendio_group_listen(group, server.address, 16, 1, NULL, &group, NULL),
                     -EINVAL);
    ck_assert_int_eq(pendio_group_shutdown(group), 0);
    ck_assert_int_eq(
        pendio_group_listen(group, server.address, server.byte_count, 1, accepted, &group, NULL),
        -ESHUTDOWN);
    end_group();
}
END_TEST

/* Connections and operations under way; whatever the time given, the group ends. */
START_TEST(group_ends_with_connections_under_way)
{
    struct pendio_endpoint address = address_of(false);
    struct pendio_endpoint server;
    uint64_t leaked_count = 1;
    int clients[LOOPS];

    begin_group(_i % 2 == 0 ? PENDIO_SPREAD_REUSE_PORT : PENDIO_SPREAD_MOVE);
    ck_assert_int_eq(pendio_group_listen(group, address.address, address.byte_count, 256, accepted,
                                         &group, &server),
                     0);
    for (int i = 0; i < LOOPS; i++)
        clients[i] = connect_and_echo(&server);
    ck_assert_int_eq(pendio_group_destroy(group, _i / 2 == 0 ? -1 : 0, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    for (int i = 0; i < LOOPS; i++)
        close(clients[i]);
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    ck_assert_uint_eq(atomic_load(&fault_count), 0);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {loops_begin_turn_and_end_on_threads_of_their_own, 0},
        {group_that_cannot_begin_leaves_nothing, 0},
        {group_whose_threads_are_not_to_be_had_leaves_nothing, 0},
        {connections_are_spread_and_served_where_they_are, 4},
        {what_cannot_be_listened_at_is_refused_and_leaves_nothing, 0},
        {group_ends_with_connections_under_way, 4},
    };
    return fixture_run("contract: group", cases, sizeof cases / sizeof cases[0]);
}
