/*
 * daemon_test.c - pendiod as its clients meet it: a real process, real sockets, bad manners.
 *
 * In every test the daemons are started before the first client, because clients have threads.
 */
#include "client.h"
#include "daemon_fixture.h"
#include "real_daemon.h"
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20 };

START_TEST(hello_names_the_process_and_where_events_are)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);

    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");

    ck_assert_uint_eq(reply->hello->process, (uint32_t)daemon.process);
    ck_assert_str_eq(reply->hello->events_url, daemon_events_url);
    ck_assert_uint_eq(reply->hello->run_limit, 1);
    pnd_message_free(&reply->base);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(sockets_are_for_their_user_alone_and_go_with_the_daemon)
{
    (void)umask(0);
    struct real_daemon daemon = real_daemon_start_at(daemon_url);

    ck_assert_uint_eq(daemon_mode_of("socket"), S_IRUSR | S_IWUSR);
    ck_assert_uint_eq(daemon_mode_of("socket.events"), S_IRUSR | S_IWUSR);
    ck_assert_uint_eq(daemon_mode_of("socket.lock"), S_IRUSR | S_IWUSR);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(default_place_is_a_private_directory)
{
    const char *const arguments[] = {NULL};
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);

    ck_assert_ptr_nonnull(strstr(daemon.line, "/pendio/pendiod.sock"));
    ck_assert_uint_eq(daemon_mode_of("pendio"), S_IRWXU);
    ck_assert_uint_eq(daemon_mode_of("pendio/pendiod.sock"), S_IRUSR | S_IWUSR);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(other_signals_that_mean_the_end_end_it_too)
{
    static const int signals[] = {SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct real_daemon daemon = real_daemon_start_at(daemon_url);
        ck_assert_int_eq(kill(daemon.process, signals[i]), 0);
        ck_assert_int_eq(real_daemon_wait(&daemon), 0);
    }
}
END_TEST

START_TEST(second_daemon_is_refused_and_the_first_serves_on)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    const char *const arguments[] = {"--listen", daemon_url, NULL};
    char expected[256];
    (void)snprintf(expected, sizeof expected,
                   "pendiod: another pendiod already listens on %s; stop it or choose another "
                   "--listen",
                   daemon_url);

    daemon_assert_refuses(arguments, 3, expected);

    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(of_several_that_start_at_once_one_wins)
{
    enum { DAEMON_COUNT = 5 };
    struct real_daemon daemons[DAEMON_COUNT];
    const char *const arguments[] = {"--listen", daemon_url, NULL};
    for (int i = 0; i < DAEMON_COUNT; i++)
        daemons[i] = real_daemon_start(arguments, 0);

    int winner_count = 0;
    for (int i = 0; i < DAEMON_COUNT; i++) {
        real_daemon_read_line(&daemons[i]);
        winner_count += strstr(daemons[i].line, "listens on") != NULL &&
                        strstr(daemons[i].line, "already") == NULL;
    }
    ck_assert_int_eq(winner_count, 1);
    for (int i = 0; i < DAEMON_COUNT; i++) {
        bool won = strstr(daemons[i].line, "already") == NULL;
        ck_assert_int_eq(won ? real_daemon_stop(&daemons[i]) : real_daemon_wait(&daemons[i]),
                         won ? 0 : 3);
    }
}
END_TEST

START_TEST(sockets_of_a_killed_daemon_are_replaced)
{
    struct real_daemon first = real_daemon_start_at(daemon_url);
    ck_assert_int_eq(kill(first.process, SIGKILL), 0);
    ck_assert_int_eq(real_daemon_wait(&first), 128 + SIGKILL);
    ck_assert_uint_eq(daemon_mode_of("socket"), S_IRUSR | S_IWUSR);

    struct real_daemon second = real_daemon_start_at(daemon_url);

    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&second), 0);
}
END_TEST

START_TEST(live_socket_without_a_lock_is_not_taken)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", daemon_base);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    const char *const arguments[] = {"--listen", daemon_url, NULL};

    daemon_assert_refuses(arguments, 3, "already listens on");

    ck_assert_int_eq(unlink("socket"), 0);
    ck_assert_int_eq(close(listener), 0);
}
END_TEST

START_TEST(bytes_that_are_no_request_are_answered_and_the_next_request_served)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);

    Pendio__Reply *reply = client_ask_bytes(client, "hello, world", 12);
    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(reply->message, "request of 12 bytes refused: "));
    pnd_message_free(&reply->base);
    reply = client_ask_bytes(client, "", 0);
    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    pnd_message_free(&reply->base);

    client_free(client);
    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(request_over_the_cap_is_told_the_cap)
{
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    struct client *client = client_open(daemon_url);
    void *bytes = calloc(5, MEGABYTE);
    ck_assert_ptr_nonnull(bytes);

    Pendio__Reply *reply = client_ask_bytes(client, bytes, (size_t)5 * MEGABYTE);

    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(reply->message, "at most 4194304 bytes"));
    pnd_message_free(&reply->base);
    free(bytes);
    client_free(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* A requester by nng's protocol on a bare socket, both greetings said. */
static int begin_bare(void)
{
    static const uint8_t greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0}; /* of a requester */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint8_t answer[8];
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", daemon_base);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(write(peer, greeting, sizeof greeting), (ssize_t)sizeof greeting);
    ck_assert_int_eq(recv(peer, answer, sizeof answer, MSG_WAITALL), (ssize_t)sizeof answer);
    return peer;
}

/*
 * Sent anew as often as a requester of nng's would. On a bare socket, as nng_close() of 1.5.2 may
 * wait for ever for a message whose connections keep ending under it.
 */
START_TEST(request_far_over_the_cap_costs_only_its_sender)
{
    enum { ATTEMPTS = 20 };
    static const uint8_t head[9] = {1, 0, 0, 0, 0, 0, 0x90, 0, 0}; /* 9 MiB are to follow */
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    void *bytes = calloc(9, MEGABYTE);
    ck_assert_ptr_nonnull(bytes);

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int peer = begin_bare();
        char ignored;
        ck_assert_int_eq(send(peer, head, sizeof head, MSG_NOSIGNAL), (ssize_t)sizeof head);
        (void)!send(peer, bytes, (size_t)9 * MEGABYTE, MSG_NOSIGNAL); /* it may end before */
        ck_assert_int_le(recv(peer, &ignored, 1, 0), 0);
        ck_assert_int_eq(close(peer), 0);
    }

    daemon_assert_greets(daemon_url);
    free(bytes);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(message_cut_short_costs_only_its_sender)
{
    static const uint8_t message[12] = {1, 0, 0, 0, 0, 0, 0, 3, 0xE8, 0x80, 0, 0};
    struct real_daemon daemon = real_daemon_start_at(daemon_url);

    for (size_t length = 0; length <= sizeof message; length++) {
        int peer = begin_bare();
        ck_assert_int_eq(write(peer, message, length), (ssize_t)length);
        ck_assert_int_eq(close(peer), 0);
    }
    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* Each client is a process that ends in the middle, as one that is killed does. */
START_TEST(clients_that_vanish_without_their_answer_are_nobody_elses_trouble)
{
    enum { CLIENT_COUNT = 20 };
    pid_t clients[CLIENT_COUNT];
    ck_assert_int_eq(setenv("LSAN_OPTIONS", "suppressions=" NNG_LEAKS, 1), 0);
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    for (int i = 0; i < CLIENT_COUNT; i++) {
        clients[i] = fork();
        ck_assert_int_ge(clients[i], 0);
        if (clients[i] == 0) {
            client_send_bytes(client_open(daemon_url), "x", 1);
            _exit(0);
        }
    }
    for (int i = 0; i < CLIENT_COUNT; i++)
        ck_assert_int_eq(waitpid(clients[i], NULL, 0), clients[i]);

    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello_names_the_process_and_where_events_are,
        sockets_are_for_their_user_alone_and_go_with_the_daemon,
        default_place_is_a_private_directory,
        other_signals_that_mean_the_end_end_it_too,
        second_daemon_is_refused_and_the_first_serves_on,
        of_several_that_start_at_once_one_wins,
        sockets_of_a_killed_daemon_are_replaced,
        live_socket_without_a_lock_is_not_taken,
        bytes_that_are_no_request_are_answered_and_the_next_request_served,
        request_over_the_cap_is_told_the_cap,
        request_far_over_the_cap_costs_only_its_sender,
        message_cut_short_costs_only_its_sender,
        clients_that_vanish_without_their_answer_are_nobody_elses_trouble,
    };
    return suite_run("daemon", daemon_fixture_begin, daemon_fixture_end, tests,
                     sizeof tests / sizeof tests[0]);
}
