/*
 * contract_allowed_test.c - loops that may do one operation only.
 *
 * - It works with nothing else in the set, in every way it can be asked for.
 */
#include "fixture.h"

#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;
static struct fixture_file file;
static struct fixture_pair pair;

static void begin(uint64_t operations)
{
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .allowed_operations = operations};

    fixture_file(&file);
    fixture_init_with(&fixture, &options, 64, 4096);
}

static void end(void)
{
    fixture_remove(&file);
    fixture_fini(&fixture);
}

/* It ends well, and with so many bytes; done or not. */
static void expect_works(struct pendio_context *context, int answer, uint64_t byte_count)
{
    struct pendio_completion result;

    ck_assert_int_ge(answer, 0);
    if (answer == PENDIO_PENDING)
        ck_assert_ptr_eq(fixture_next(&fixture)->context, context);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_eq(result.bytes, byte_count);
}

/* Its slice, the caller's memory, pieces: the ways to move four bytes. */
enum { MEMORY_COUNT = 3 };
static struct pendio_context *mover(int way)
{
    static char memory[2][4];
    struct pendio_bytes pieces[2] = {{memory[0], 1}, {memory[1], 3}};
    struct pendio_context *context =
        way == 0 ? fixture_get(&fixture) : fixture_over(&fixture, memory[0], 4);

    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    if (way == 2)
        ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 2), 0);
    else
        ck_assert_int_eq(pendio_context_set_window(context, 0, 4), 0);
    return context;
}

static pendio_handle open_file(void)
{
    const int descriptor = open(file.path, O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(descriptor, 0);
    fixture_put(descriptor, "abcd", 4);
    ck_assert_int_eq(lseek(descriptor, 0, SEEK_SET), 0);
    return fixture_adopt(&fixture, descriptor);
}

static void do_nop(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_nop(context, fixture.loop), 0);
}

static void do_timer(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_timer(context, 1000), 0);
}

static void do_accept(void)
{
    struct pendio_context *context = fixture_get(&fixture);
    struct pendio_endpoint address;
    pendio_handle listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);

    for (uint32_t policy = PENDIO_AUTO; policy <= PENDIO_QUEUE; policy++) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(connect(client, (struct sockaddr *)address.address, address.byte_count),
                         0);
        ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
        expect_works(context, pendio_accept(context, listener, 0), 0);
        close(client);
    }
}

static void do_connect(void)
{
    struct pendio_endpoint address;
    uint16_t port;

    (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    memcpy(&port, address.address + 2, sizeof port);
    for (int way = 0; way < MEMORY_COUNT; way++) {
        struct pendio_context *context = mover(way);
        pendio_handle client;

        ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &client), 0);
        ck_assert_int_eq(pendio_context_set_endpoint(context, address.address, address.byte_count),
                         0);
        ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_FIRST_DATA), 0);
        expect_works(context, pendio_connect(context, client), 4);
        expect_works(context, pendio_connect_name(context, 0, "127.0.0.1", be16toh(port)), 4);
    }
}

/* Of every family, in every way: what comes, and what is waited for. */
static void do_receives(int start(struct pendio_context *context, pendio_handle handle))
{
    for (int i = 0; i < FIXTURE_FAMILY_COUNT * MEMORY_COUNT; i++) {
        struct pendio_context *context = mover(i % MEMORY_COUNT);
        int answer;

        pair = fixture_pair(&fixture, (enum fixture_family)(i / MEMORY_COUNT));
        answer = start(context, pair.near);
        fixture_put(pair.far, "abcd", 4);
        expect_works(context, answer, 4);
        fixture_put(pair.far, "abcd", 4);
        ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_PEEK), 0);
        expect_works(context, start(context, pair.near), 4);
        close(pair.far);
    }
}

static void do_receive(void)
{
    struct pendio_context *context = fixture_over(&fixture, NULL, 0);

    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    fixture_put(pair.far, "a", 1);
    expect_works(context, pendio_receive(context, pair.near), 0);
    close(pair.far);
    do_receives(pendio_receive);
}

static void do_receive_from(void)
{
    do_receives(pendio_receive_from);
}

static void do_receive_message(void)
{
    do_receives(pendio_receive_message);
}

static void do_sends(int start(struct pendio_context *context, pendio_handle handle), bool aimed)
{
    for (int i = 0; i < FIXTURE_FAMILY_COUNT * MEMORY_COUNT; i++) {
        const enum fixture_family family = (enum fixture_family)(i / MEMORY_COUNT);
        struct pendio_context *context = mover(i % MEMORY_COUNT);
        struct pendio_endpoint name;

        if (aimed && (family < FIXTURE_STREAM_COUNT || family == FIXTURE_SEQPACKET))
            continue;
        pair = fixture_pair(&fixture, family);
        ck_assert_int_eq(pendio_handle_peer(fixture.loop, pair.near, &name), 0);
        if (aimed)
            ck_assert_int_eq(pendio_context_set_endpoint(context, name.address, name.byte_count),
                             0);
        expect_works(context, start(context, pair.near), 4);
        ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY), 0);
        expect_works(context, start(context, pair.near), 4);
        close(pair.far);
    }
}

static void do_send(void)
{
    do_sends(pendio_send, false);
}

static void do_send_to(void)
{
    do_sends(pendio_send_to, true);
}

static void do_send_message(void)
{
    do_sends(pendio_send_message, false);
}

static void do_open(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_open(context, file.path, O_RDONLY, 0), 0);
}

static void do_read(void)
{
    pendio_handle handle = open_file();

    for (int way = 0; way < MEMORY_COUNT; way++) {
        struct pendio_context *context = mover(way);

        expect_works(context, pendio_read(context, handle, 0), 4);
        for (int family = 0; family < FIXTURE_FAMILY_COUNT; family++) {
            pair = fixture_pair(&fixture, (enum fixture_family)family);
            fixture_put(pair.far, "abcd", 4);
            expect_works(context, pendio_read(context, pair.near, PENDIO_STREAMING), 4);
            close(pair.far);
        }
    }
}

static void do_write(void)
{
    pendio_handle handle = open_file();
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pair = (struct fixture_pair){fixture_adopt(&fixture, ends[1]), ends[0]};
    for (int way = 0; way < MEMORY_COUNT; way++) {
        struct pendio_context *context = mover(way);

        expect_works(context, pendio_write(context, handle, 0), 4);
        expect_works(context, pendio_write(context, pair.near, PENDIO_STREAMING), 4);
    }
    close(pair.far);
    for (int i = 0; i < FIXTURE_FAMILY_COUNT * MEMORY_COUNT; i++) {
        struct pendio_context *context = mover(i % MEMORY_COUNT);

        pair = fixture_pair(&fixture, (enum fixture_family)(i / MEMORY_COUNT));
        expect_works(context, pendio_write(context, pair.near, PENDIO_STREAMING), 4);
        close(pair.far);
    }
}

static void do_close(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_close(context, open_file(), PENDIO_GRACEFUL), 0);
}

static void do_fsync(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_fsync(context, open_file(), 0), 0);
}

static void do_truncate(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_truncate(context, open_file(), 2), 0);
}

static void do_stat(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_stat(context, 0, file.path), 256);
    expect_works(context, pendio_stat(context, open_file(), NULL), 256);
}

static void do_rename(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_rename(context, file.path, file.path), 0);
}

static void do_unlink(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    expect_works(context, pendio_unlink(context, file.path, 0), 0);
    close(open(file.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void do_mkdir(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    ck_assert_int_eq(unlink(file.path), 0);
    expect_works(context, pendio_mkdir(context, file.path, 0700), 0);
    ck_assert_int_eq(rmdir(file.path), 0);
    close(open(file.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void do_poll(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_works(context, pendio_poll(context, pair.near, POLLOUT), 0);
    close(pair.far);
}

static void do_disconnect(void)
{
    struct pendio_context *context = fixture_get(&fixture);

    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_works(context, pendio_disconnect(context, pair.near, PENDIO_REUSE), 0);
    close(pair.far);
}

static void do_send_packets(void)
{
    const struct pendio_packet packets[] = {{.path = file.path},
                                            {.memory = file.path, .byte_count = 5},
                                            {.file = open_file(), .byte_count = 3}};
    struct pendio_context *context = fixture_get(&fixture);

    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_works(context, pendio_send_packets(context, pair.near, packets, 3, 0), 4 + 5 + 3);
    close(pair.far);
}

static void do_splice(void)
{
    struct pendio_context *context = fixture_get(&fixture);
    pendio_handle handles[2];
    int ends[2];

    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < 2; i++)
        handles[i] = fixture_adopt(&fixture, ends[i]);
    expect_works(context, pendio_splice(context, open_file(), 0, handles[1], PENDIO_STREAMING, 4),
                 4);
    expect_works(
        context,
        pendio_splice(context, handles[0], PENDIO_STREAMING, pair.near, PENDIO_STREAMING, 4), 4);
    close(pair.far);
}

static void do_child(void)
{
    struct pendio_context *context = fixture_get(&fixture);
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(0);
    expect_works(context, pendio_child(context, child), 0);
}

static void do_signal(void)
{
    struct pendio_context *context = fixture_over(&fixture, NULL, 0);
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    expect_works(context, pendio_signal(context, SIGUSR1), 0);
}

static void do_move(void)
{
    struct pendio_context *context = fixture_get(&fixture);
    struct pendio_loop *target;

    ck_assert_int_eq(pendio_loop_create(NULL, &target), 0);
    expect_pending(pendio_move(context, open_file(), target));
    ck_assert_int_eq(pendio_loop_turn(target, 0, NULL, 0), 0);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_loop_destroy(target, -1, NULL), 0);
}

static const struct {
    uint32_t operation;
    void (*work)(void);
} works[] = {
    {PENDIO_OPERATION_NOP, do_nop},
    {PENDIO_OPERATION_TIMER, do_timer},
    {PENDIO_OPERATION_ACCEPT, do_accept},
    {PENDIO_OPERATION_CONNECT, do_connect},
    {PENDIO_OPERATION_RECEIVE, do_receive},
    {PENDIO_OPERATION_SEND, do_send},
    {PENDIO_OPERATION_RECEIVE_FROM, do_receive_from},
    {PENDIO_OPERATION_SEND_TO, do_send_to},
    {PENDIO_OPERATION_OPEN, do_open},
    {PENDIO_OPERATION_READ, do_read},
    {PENDIO_OPERATION_WRITE, do_write},
    {PENDIO_OPERATION_CLOSE, do_close},
    {PENDIO_OPERATION_FSYNC, do_fsync},
    {PENDIO_OPERATION_TRUNCATE, do_truncate},
    {PENDIO_OPERATION_STAT, do_stat},
    {PENDIO_OPERATION_RENAME, do_rename},
    {PENDIO_OPERATION_UNLINK, do_unlink},
    {PENDIO_OPERATION_MKDIR, do_mkdir},
    {PENDIO_OPERATION_POLL, do_poll},
    {PENDIO_OPERATION_DISCONNECT, do_disconnect},
    {PENDIO_OPERATION_RECEIVE_MESSAGE, do_receive_message},
    {PENDIO_OPERATION_SEND_MESSAGE, do_send_message},
    {PENDIO_OPERATION_SEND_PACKETS, do_send_packets},
    {PENDIO_OPERATION_SPLICE, do_splice},
    {PENDIO_OPERATION_CHILD, do_child},
    {PENDIO_OPERATION_SIGNAL, do_signal},
    {PENDIO_OPERATION_MOVE, do_move},
};
enum { WORK_COUNT = sizeof works / sizeof works[0] };

START_TEST(every_operation_works_with_nothing_else_allowed)
{
    begin(UINT64_C(1) << works[_i].operation);
    works[_i].work();
    end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {every_operation_works_with_nothing_else_allowed, WORK_COUNT},
    };
    return fixture_run("contract: allowed", cases, sizeof cases / sizeof cases[0]);
}
