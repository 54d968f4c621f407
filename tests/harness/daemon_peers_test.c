/*
 * daemon_peers_test.c - pendiod and those who speak nng's protocol on bare sockets: strangers, and
 * clients that do not read what they asked for.
 */
#include "client.h"
#include "daemon_fixture.h"
#include "real_daemon.h"
#include "suite.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534, SLOW_COUNT = 4, GREETING_BYTES = 8, REQUEST = 0x30, SUBSCRIBE = 0x21 };

/* Of the transport: a kind, then how long the message is. */
enum { HEADER_BYTES = 9 };

/* The number of the request, then a HelloRequest in version 1. */
static const uint8_t hello[] = {1, 0, 0, 0, 0, 0, 0, 0, 8, 0x80, 0, 0, 1, 0x08, 1, 0x12, 0};

/* Says only so much of the greeting. Returns -1 when it is not let in. */
static int call_with(const char *name, uint8_t protocol, size_t greeting_bytes)
{
    const uint8_t greeting[GREETING_BYTES] = {0, 'S', 'P', 0, 0, protocol, 0, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", daemon_base, name);
    if (connect(peer, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(peer, greeting, greeting_bytes, MSG_NOSIGNAL) == (ssize_t)greeting_bytes)
        return peer;
    (void)close(peer);
    return -1;
}

static int call(const char *name, uint8_t protocol)
{
    return call_with(name, protocol, GREETING_BYTES);
}

/* How many bytes come until the other end has closed. */
static size_t count_until_closed(int peer)
{
    uint8_t bytes[256];
    size_t total = 0;
    ssize_t count = 0;
    while ((count = recv(peer, bytes, sizeof bytes, 0)) > 0)
        total += (size_t)count;
    return total;
}

/* Asks and asks, until the socket takes no more. False once it was closed at the other end. */
static bool ask_without_reading(int peer, int flags)
{
    ssize_t count = 1;
    while (count > 0)
        count = send(peer, hello, sizeof hello, flags | MSG_NOSIGNAL);
    return errno == EAGAIN;
}

START_TEST(clients_that_never_read_hold_up_nobody_and_are_let_go)
{
    int slow[SLOW_COUNT];
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    for (size_t i = 0; i < SLOW_COUNT; i++) {
        slow[i] = call("socket", REQUEST);
        ck_assert_int_ge(slow[i], 0);
        (void)ask_without_reading(slow[i], MSG_DONTWAIT);

        Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");
        ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
        pnd_message_free(&reply->base);
    }
    for (size_t i = 0; i < SLOW_COUNT; i++) {
        ck_assert(!ask_without_reading(slow[i], 0));
        ck_assert_int_eq(close(slow[i]), 0);
    }
    client_free(client);
    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

static void be_a_stranger(void)
{
    static const char *const sockets[] = {"socket", "socket.events"};
    if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
        _exit(9);
    for (size_t i = 0; i < 2; i++) {
        int peer = call(sockets[i], i == 0 ? REQUEST : SUBSCRIBE);
        if (peer < 0)
            _exit(8);
        (void)send(peer, hello, sizeof hello, MSG_NOSIGNAL);
        if (count_until_closed(peer) > GREETING_BYTES)
            _exit(1);
    }
    _exit(0);
}

/* The mode of the socket would have kept them out; somebody has changed it. */
START_TEST(stranger_is_told_nothing_though_the_socket_lets_everybody_in)
{
    int status = 0;
    if (geteuid() != 0)
        return; /* nobody else can be a stranger */
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    ck_assert_int_eq(chmod(daemon_base, 0711), 0);
    ck_assert_int_eq(chmod("socket", 0666), 0);
    ck_assert_int_eq(chmod("socket.events", 0666), 0);

    pid_t stranger = fork();
    ck_assert_int_ge(stranger, 0);
    if (stranger == 0)
        be_a_stranger();
    ck_assert_int_eq(waitpid(stranger, &status, 0), stranger);
    ck_assert_int_eq(WEXITSTATUS(status), 0);

    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(message_that_is_announced_too_long_is_not_waited_for)
{
    static const uint8_t announced[HEADER_BYTES] = {1, 0, 0, 0, 1, 0, 0, 0, 0};
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    int peers[] = {call("socket", REQUEST), call("socket.events", SUBSCRIBE)};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_ge(peers[i], 0);
        ck_assert_int_eq(send(peers[i], announced, sizeof announced, MSG_NOSIGNAL),
                         (ssize_t)sizeof announced);
        ck_assert_uint_le(count_until_closed(peers[i]), GREETING_BYTES);
        ck_assert_int_eq(close(peers[i]), 0);
    }
    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* A greeting that comes back is no answer yet: what stands for it is the daemon's hello. */
static bool is_answered(void)
{
    const struct timeval patience = {.tv_sec = 1};
    uint8_t bytes[64];
    size_t total = 0;
    ssize_t count = 1;
    int peer = call("socket", REQUEST);
    if (peer < 0)
        return false;
    ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    (void)send(peer, hello, sizeof hello, MSG_NOSIGNAL);
    while (count > 0 && total <= GREETING_BYTES) {
        count = recv(peer, bytes, sizeof bytes, 0);
        total += count > 0 ? (size_t)count : 0;
    }
    ck_assert_int_eq(close(peer), 0);
    return total > GREETING_BYTES;
}

/* One that comes right behind them may have to come again; that there is no end is a failure. */
START_TEST(clients_that_leave_before_they_say_what_they_are_cost_nobody_anything)
{
    static const char *const names[] = {"socket", "socket.events"};
    ck_assert_int_eq(setenv("LSAN_OPTIONS", "suppressions=" NNG_LEAKS, 1), 0);
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    for (size_t length = 0; length <= GREETING_BYTES; length++) {
        for (size_t i = 0; i < 2; i++)
            ck_assert_int_eq(close(call_with(names[i], REQUEST, length)), 0);
        Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");
        ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
        pnd_message_free(&reply->base);
        while (!is_answered()) {
        }
    }
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
    ck_assert_int_eq(access("socket", F_OK), -1);
    ck_assert_int_eq(access("socket.events", F_OK), -1);
}
END_TEST

/* False where nng cannot be made so. */
static bool make_deaf(void)
{
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(close(call_with("socket", REQUEST, 0)), 0);
        if (!is_answered())
            return true;
    }
    return false;
}

/* While the name of the next one is taken, nobody takes the place of who is deaf. */
START_TEST(listener_that_cannot_be_replaced_at_once_is_replaced_later)
{
    ck_assert_int_eq(setenv("LSAN_OPTIONS", "suppressions=" NNG_LEAKS, 1), 0);
    ck_assert_int_eq(mkdir("socket~", 0700), 0);
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    if (make_deaf())
        ck_assert(!is_answered());
    ck_assert_int_eq(rmdir("socket~"), 0);
    while (!is_answered()) {
    }
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

static ino_t socket_number(void)
{
    struct stat state;
    ck_assert_int_eq(stat("socket", &state), 0);
    return state.st_ino;
}

/* The moment of a replacement is one in which somebody else may be cut off. */
START_TEST(clients_that_leave_in_good_order_are_no_reason_to_replace_the_socket)
{
    static const struct timespec moment = {.tv_nsec = 70 * 1000 * 1000};
    ck_assert_int_eq(setenv("LSAN_OPTIONS", "suppressions=" NNG_LEAKS, 1), 0);
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    ino_t number = socket_number();
    for (int i = 0; i < 5; i++) {
        daemon_assert_greets(daemon_url);
        (void)nanosleep(&moment, NULL);
        ck_assert(socket_number() == number);
    }
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        clients_that_never_read_hold_up_nobody_and_are_let_go,
        stranger_is_told_nothing_though_the_socket_lets_everybody_in,
        message_that_is_announced_too_long_is_not_waited_for,
        clients_that_leave_before_they_say_what_they_are_cost_nobody_anything,
        listener_that_cannot_be_replaced_at_once_is_replaced_later,
        clients_that_leave_in_good_order_are_no_reason_to_replace_the_socket,
    };
    return suite_run("daemon_peers", daemon_fixture_begin, daemon_fixture_end, tests,
                     sizeof tests / sizeof tests[0]);
}
