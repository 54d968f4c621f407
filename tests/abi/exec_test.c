/*
 * exec_test.c - no descriptor of the library's survives exec.
 *
 * Happy path:  everything that has a descriptor exists -> none of them lacks close-on-exec -> a
 *              child executes this program, which counts what it was left with.
 */
#include "message.h"
#include "name_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS_MOST = 1024 };

static struct fixture fixture;

/* Descriptors that would survive exec. */
static int count_inherited(void)
{
    int count = 0;

    for (int descriptor = 0; descriptor < DESCRIPTORS_MOST; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);

        count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return count;
}

/* What a program has that is executed now. */
static int count_after_exec(void)
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execl("/proc/self/exe", "exec_test", "count", NULL);
        _exit(255);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void open_connection(void)
{
    struct pendio_endpoint address;
    struct pendio_context *acceptor = fixture_get(&fixture);
    struct pendio_context *connector = fixture_get(&fixture);
    pendio_handle listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    pendio_handle client;

    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &client), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(connector, address.address, address.byte_count),
                     0);
    expect_pending(pendio_accept(acceptor, listener, 0));
    expect_pending(pendio_connect(connector, client));
    fixture_wait(&fixture, 2);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
}

static void open_file(void)
{
    struct pendio_context *opener = fixture_get(&fixture);

    expect_pending(pendio_open(opener, "/dev/null", O_RDONLY, 0));
    expect_next(&fixture, opener, 0, 0, 0);
}

/* The received one is the caller's to close; the loop keeps the pipe a file went through. */
static int receive_descriptor(void)
{
    union message_control control;
    struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    const struct pendio_packet packet = {.path = "/proc/self/exe", .byte_count = 1000};
    struct pendio_context *context;
    char memory[1000];
    int sent = message_open_null();
    int received;

    context = message_over(&fixture, memory, sizeof memory, &control);
    message_put_rights(pair.far, sent, 1);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    received = message_descriptor(&control, message_of(context).control_bytes);
    expect_pending(pendio_send_packets(context, pair.near, &packet, 1, 0));
    expect_next(&fixture, context, 0, sizeof memory, 0);
    close(sent);
    close(pair.far);
    return received;
}

/* A socket that asks a name server is there for as long as that is silent. */
static void look_up_name(void)
{
    expect_pending(pendio_connect_name(fixture_get(&fixture), 0, "silent.test", 1));
}

static void wait_for_signal(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    expect_pending(pendio_signal(fixture_get(&fixture), SIGUSR1));
}

static pid_t wait_for_child(void)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0)
        for (;;)
            pause();
    expect_pending(pendio_child(fixture_get(&fixture), child));
    return child;
}

START_TEST(no_descriptor_survives_exec)
{
    struct pendio_loop_options options = {.size = sizeof options};
    int inherited_count = count_inherited();
    int open_count = fixture_count_descriptors();
    int left_count = count_after_exec();
    struct name_server server;
    pid_t child;
    int received;

    name_server_start(&server);
    options.name_servers = server.list;
    fixture_init_with(&fixture, &options, 16, 0);
    ck_assert_int_ge(pendio_loop_descriptor(fixture.loop), 0);
    open_connection();
    open_file();
    received = receive_descriptor();
    look_up_name();
    wait_for_signal();
    child = wait_for_child();
    fixture_quiet(&fixture);
    /* ring, wake-up, descriptor of the loop, listener, client, connection, file, end of a pair,
       received one, pipe of two, name server's two ends, signal, child */
    ck_assert_int_ge(fixture_count_descriptors(), open_count + 15);
    ck_assert_int_eq(count_inherited(), inherited_count);
    ck_assert_int_eq(count_after_exec(), left_count);
    close(received);
    fixture_discard(&fixture);
    name_server_stop(&server);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

int main(int argument_count, char **arguments)
{
    const struct fixture_case cases[] = {{no_descriptor_survives_exec, 0}};

    if (argument_count == 2 && strcmp(arguments[1], "count") == 0)
        return count_inherited();
    return fixture_run("abi: exec", cases, sizeof cases / sizeof cases[0]);
}
