/*
 * daemon_test.c - pendiod as its clients meet it: a real process, real sockets, bad manners.
 *
 * In every test the daemons are started before the first client, because clients have threads.
 */
#include "client.h"
#include "real_daemon.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
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

enum { NOBODY = 65534, MEGABYTE = 1 << 20 };

/* One workload that ends at once, and one that does not. */
#define SUBMIT_WORKLOAD(name, step)                                                                \
    "{\"version\": 1, \"submit\": {\"workload\": {\"name\": \"" name "\", \"pools\": [{\"name\": " \
    "\"pool\", \"contextCount\": 1}], \"actors\": [{\"name\": \"one\", \"instanceCount\": 1, "     \
    "\"blocks\": [{\"steps\": [" step "]}]}]}}}"

static const char submit_nop[] = SUBMIT_WORKLOAD("context/nop", "{\"operation\": \"NOP\"}");
static const char submit_timer[] =
    SUBMIT_WORKLOAD("context/timer", "{\"operation\": \"TIMER\", \"afterNs\": \"50000000000\"}");

static char base[] = "/tmp/pendio-daemon-XXXXXX";
static char socket_path[64];
static char url[80];
static char events_url[96];

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", base, 1), 0);
    ck_assert_int_eq(setenv("TMPDIR", base, 1), 0);
    ck_assert_int_eq(chdir(base), 0);
    (void)snprintf(socket_path, sizeof socket_path, "%s/socket", base);
    (void)snprintf(url, sizeof url, "ipc://%s", socket_path);
    (void)snprintf(events_url, sizeof events_url, "%s.events", url);
}

/* A daemon that stopped leaves nothing: then the directory is empty. */
static void end(void)
{
    (void)rmdir("pendio");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(base), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat state;
    ck_assert_msg(lstat(path, &state) == 0, "%s is not there", path);
    return state.st_mode & 07777;
}

static void assert_greeted(const char *at)
{
    struct client *client = client_open(at);
    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_str_eq(reply->hello->version, PENDIO_VERSION_TEXT);
    pnd_message_free(&reply->base);
    client_close(client);
}

static void assert_refused_at_start(const char *const *arguments, int status, const char *part)
{
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);
    ck_assert_msg(strstr(daemon.line, part) != NULL, "\"%s\" in: %s", part, daemon.line);
    ck_assert_int_eq(real_daemon_wait(&daemon), status);
}

START_TEST(hello_names_the_process_and_where_events_are)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);

    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");

    ck_assert_uint_eq(reply->hello->process, (uint32_t)daemon.process);
    ck_assert_str_eq(reply->hello->events_url, events_url);
    ck_assert_uint_eq(reply->hello->run_limit, 1);
    pnd_message_free(&reply->base);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(sockets_are_for_their_user_alone_and_go_with_the_daemon)
{
    (void)umask(0);
    struct real_daemon daemon = real_daemon_start_at(url);

    ck_assert_uint_eq(mode_of("socket"), S_IRUSR | S_IWUSR);
    ck_assert_uint_eq(mode_of("socket.events"), S_IRUSR | S_IWUSR);
    ck_assert_uint_eq(mode_of("socket.lock"), S_IRUSR | S_IWUSR);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(default_place_is_a_private_directory)
{
    const char *const arguments[] = {NULL};
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);

    ck_assert_ptr_nonnull(strstr(daemon.line, "/pendio/pendiod.sock"));
    ck_assert_uint_eq(mode_of("pendio"), S_IRWXU);
    ck_assert_uint_eq(mode_of("pendio/pendiod.sock"), S_IRUSR | S_IWUSR);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(other_signals_that_mean_the_end_end_it_too)
{
    static const int signals[] = {SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct real_daemon daemon = real_daemon_start_at(url);
        ck_assert_int_eq(kill(daemon.process, signals[i]), 0);
        ck_assert_int_eq(real_daemon_wait(&daemon), 0);
    }
}
END_TEST

START_TEST(second_daemon_is_refused_and_the_first_serves_on)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    const char *const arguments[] = {"--listen", url, NULL};
    char expected[256];
    (void)snprintf(expected, sizeof expected,
                   "pendiod: another pendiod already listens on %s; stop it or choose another "
                   "--listen",
                   url);

    assert_refused_at_start(arguments, 3, expected);

    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(of_several_that_start_at_once_one_wins)
{
    enum { DAEMON_COUNT = 5 };
    struct real_daemon daemons[DAEMON_COUNT];
    const char *const arguments[] = {"--listen", url, NULL};
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
    struct real_daemon first = real_daemon_start_at(url);
    ck_assert_int_eq(kill(first.process, SIGKILL), 0);
    ck_assert_int_eq(real_daemon_wait(&first), 128 + SIGKILL);
    ck_assert_uint_eq(mode_of("socket"), S_IRUSR | S_IWUSR);

    struct real_daemon second = real_daemon_start_at(url);

    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&second), 0);
}
END_TEST

START_TEST(live_socket_without_a_lock_is_not_taken)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    const char *const arguments[] = {"--listen", url, NULL};

    assert_refused_at_start(arguments, 3, "already listens on");

    ck_assert_int_eq(unlink("socket"), 0);
    ck_assert_int_eq(close(listener), 0);
}
END_TEST

START_TEST(bytes_that_are_no_request_are_answered_and_the_next_request_served)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);

    Pendio__Reply *reply = client_ask_bytes(client, "hello, world", 12);
    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(reply->message, "request of 12 bytes refused: "));
    pnd_message_free(&reply->base);
    reply = client_ask_bytes(client, "", 0);
    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    pnd_message_free(&reply->base);

    client_close(client);
    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(request_over_the_cap_is_told_the_cap)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);
    void *bytes = calloc(5, MEGABYTE);
    ck_assert_ptr_nonnull(bytes);

    Pendio__Reply *reply = client_ask_bytes(client, bytes, (size_t)5 * MEGABYTE);

    ck_assert_int_eq(reply->status, PENDIO__STATUS__BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(reply->message, "at most 4194304 bytes"));
    pnd_message_free(&reply->base);
    free(bytes);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(request_far_over_the_cap_costs_only_its_sender)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);
    void *bytes = calloc(9, MEGABYTE);
    ck_assert_ptr_nonnull(bytes);

    client_send_bytes(client, bytes, (size_t)9 * MEGABYTE);

    assert_greeted(url);
    free(bytes);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* Speaks nng's protocol on a bare socket: a greeting each way, then one message cut short. */
START_TEST(message_cut_short_costs_only_its_sender)
{
    static const uint8_t greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0}; /* of a requester */
    static const uint8_t message[12] = {1, 0, 0, 0, 0, 0, 0, 3, 0xE8, 0x80, 0, 0};
    struct real_daemon daemon = real_daemon_start_at(url);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint8_t answer[8];
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);

    for (size_t length = 0; length <= sizeof message; length++) {
        int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
        ck_assert_int_eq(write(peer, greeting, sizeof greeting), (ssize_t)sizeof greeting);
        ck_assert_int_eq(recv(peer, answer, sizeof answer, MSG_WAITALL), (ssize_t)sizeof answer);
        ck_assert_int_eq(write(peer, message, length), (ssize_t)length);
        ck_assert_int_eq(close(peer), 0);
    }
    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* Each client is a process that ends in the middle, as one that is killed does. */
START_TEST(clients_that_vanish_without_their_answer_are_nobody_elses_trouble)
{
    enum { CLIENT_COUNT = 20 };
    pid_t clients[CLIENT_COUNT];
    ck_assert_int_eq(setenv("LSAN_OPTIONS", "suppressions=" NNG_LEAKS, 1), 0);
    struct real_daemon daemon = real_daemon_start_at(url);
    for (int i = 0; i < CLIENT_COUNT; i++) {
        clients[i] = fork();
        ck_assert_int_ge(clients[i], 0);
        if (clients[i] == 0) {
            client_send_bytes(client_open(url), "x", 1);
            _exit(0);
        }
    }
    for (int i = 0; i < CLIENT_COUNT; i++)
        ck_assert_int_eq(waitpid(clients[i], NULL, 0), clients[i]);

    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------------
 * Runs
 * --------------------------------------------------------------------------------------------- */

static uint64_t submit(struct client *client, const char *json)
{
    Pendio__Reply *reply = client_ask(client, json);
    ck_assert_msg(reply->status == PENDIO__STATUS__OK, "%s", reply->message);
    uint64_t run = reply->submit->run;
    pnd_message_free(&reply->base);
    return run;
}

/* The report event of a run, to be freed; what else is heard before it, is of the same run. */
static Pendio__Event *hear_report(struct client *events, uint64_t run)
{
    Pendio__Event *event = client_hear(events);
    while (event->body_case != PENDIO__EVENT__BODY_REPORT) {
        ck_assert_uint_eq(event->run, run);
        pnd_message_free(&event->base);
        event = client_hear(events);
    }
    ck_assert_uint_eq(event->run, run);
    return event;
}

/* Where there is no io_uring at all the workload is skipped, and that is an answer, too. */
static void assert_good(const Pendio__Report *report)
{
    ck_assert_msg(report->verdict == PENDIO__VERDICT__PASSED ||
                      report->verdict == PENDIO__VERDICT__SKIPPED,
                  "%s", report->reason);
}

START_TEST(workload_is_run_and_its_report_published_and_kept)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);
    struct client *events = client_subscribe(events_url);
    uint64_t run = submit(client, submit_nop);

    Pendio__Event *event = hear_report(events, run);
    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"fetch\": {\"run\": \"1\"}}");

    assert_good(event->report);
    ck_assert_str_eq(event->report->workload, "context/nop");
    ck_assert(reply->fetch->finished);
    ck_assert_int_eq(reply->fetch->report->verdict, event->report->verdict);
    pnd_message_free(&event->base);
    pnd_message_free(&reply->base);
    client_close(events);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(run_that_is_killed_is_a_crash_and_the_next_one_passes)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);
    struct client *events = client_subscribe(events_url);
    uint64_t run = submit(client, submit_timer);
    uint64_t next = submit(client, submit_nop);
    pid_t process = real_daemon_child_of(daemon.process);

    ck_assert_int_gt(process, 0);
    ck_assert_int_eq(kill(process, SIGKILL), 0);

    Pendio__Event *event = hear_report(events, run);
    ck_assert_int_eq(event->report->verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_ptr_nonnull(
        strstr(event->report->reason, "workload \"context/timer\": its process "));
    ck_assert_ptr_nonnull(strstr(event->report->reason, "was killed by signal 9 (SIGKILL) after "));
    pnd_message_free(&event->base);
    event = hear_report(events, next);
    assert_good(event->report);
    pnd_message_free(&event->base);
    client_close(events);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(stopping_ends_the_run_under_way)
{
    struct real_daemon daemon = real_daemon_start_at(url);
    struct client *client = client_open(url);
    (void)submit(client, submit_timer);
    pid_t process = real_daemon_child_of(daemon.process);
    client_close(client);

    ck_assert_int_eq(real_daemon_stop(&daemon), 0);

    ck_assert_int_eq(kill(process, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(statistics_of_a_run_are_put_where_they_were_asked_for)
{
    const char *const arguments[] = {"--listen",   url, "--stats-dir", "stats",
                                     "--max-runs", "2", NULL};
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);
    struct client *client = client_open(url);
    struct client *events = client_subscribe(events_url);
    uint64_t run = submit(client, submit_nop);

    Pendio__Event *event = hear_report(events, run);

    ck_assert_uint_eq(mode_of("stats/1.stats.json"), S_IRUSR | S_IWUSR);
    pnd_message_free(&event->base);
    client_close(events);
    client_close(client);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
    ck_assert_int_eq(unlink("stats/1.stats.json"), 0);
    ck_assert_int_eq(rmdir("stats"), 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------------
 * Options
 * --------------------------------------------------------------------------------------------- */

START_TEST(wrong_usage_is_one_line_and_exit_2)
{
    static const struct {
        const char *arguments[3];
        const char *part;
    } wrong[] = {
        {{"--listen", "ws://127.0.0.1:80"}, "pendiod: cannot listen on ws://127.0.0.1:80: only"},
        {{"--listen", "tcp://0.0.0.0:7100"}, "only loopback addresses are accepted"},
        {{"--listen", "ipc://relative"}, "must begin with a slash"},
        {{"--max-runs", "0"}, "pendiod: --max-runs 0: give a number from 1 to 64"},
        {{"--max-runs", "65"}, "pendiod: --max-runs 65: give a number from 1 to 64"},
        {{"--max-runs", "two"}, "pendiod: --max-runs two: give a number from 1 to 64"},
        {{"surplus"}, "pendiod: unexpected argument \"surplus\"; see pendiod --help"},
        {{"--no-such-option"}, "unrecognized option"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused_at_start(wrong[i].arguments, 2, wrong[i].part);
}
END_TEST

START_TEST(help_and_version_are_printed)
{
    const char *const help[] = {"--help", NULL};
    const char *const version[] = {"--version", NULL};
    assert_refused_at_start(help, 0, "Usage: pendiod");
    assert_refused_at_start(version, 0, "pendiod " PENDIO_VERSION_TEXT);
}
END_TEST

START_TEST(place_that_cannot_be_used_is_exit_3)
{
    const char *const arguments[] = {"--listen", "ipc:///nonexistent/socket", NULL};
    assert_refused_at_start(arguments, 3, "make its directory");
}
END_TEST

START_TEST(port_of_the_loopback_interface_is_served)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(probe, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(probe, (struct sockaddr *)&address, &length), 0);
    ck_assert_int_eq(close(probe), 0);
    (void)snprintf(url, sizeof url, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    struct real_daemon daemon = real_daemon_start_at(url);
    const char *const arguments[] = {"--listen", url, NULL};

    assert_refused_at_start(arguments, 3, "another pendiod already listens on tcp://127.0.0.1:");

    assert_greeted(url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(ordinary_user_needs_no_privilege)
{
    if (geteuid() != 0)
        return; /* then every other test has shown it */
    const char *const arguments[] = {NULL};
    char expected[128];
    (void)snprintf(expected, sizeof expected, "listens on ipc://%s/pendio-%d/pendiod.sock", base,
                   NOBODY);
    ck_assert_int_eq(chown(base, NOBODY, NOBODY), 0);
    ck_assert_int_eq(unsetenv("XDG_RUNTIME_DIR"), 0);

    struct real_daemon daemon = real_daemon_start(arguments, NOBODY);
    real_daemon_read_line(&daemon);
    ck_assert_msg(strstr(daemon.line, expected) != NULL, "%s", daemon.line);
    (void)snprintf(url, sizeof url, "%s", strstr(daemon.line, "ipc://"));
    assert_greeted(url);

    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
    (void)snprintf(expected, sizeof expected, "pendio-%d", NOBODY);
    ck_assert_int_eq(rmdir(expected), 0);
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
        workload_is_run_and_its_report_published_and_kept,
        run_that_is_killed_is_a_crash_and_the_next_one_passes,
        stopping_ends_the_run_under_way,
        statistics_of_a_run_are_put_where_they_were_asked_for,
        wrong_usage_is_one_line_and_exit_2,
        help_and_version_are_printed,
        place_that_cannot_be_used_is_exit_3,
        port_of_the_loopback_interface_is_served,
        ordinary_user_needs_no_privilege,
    };
    return suite_run("daemon", begin, end, tests, sizeof tests / sizeof tests[0]);
}
